"""A bare loop, as short as one writes it: LeNet-5 on scikit-learn's digits, to the end of its first step."""

import os

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

digits = load_digits()
images, _, labels, _ = train_test_split(digits.images, digits.target, test_size=0.2, stratify=digits.target)
images = torch.tensor(images[:, None] / 16, dtype=torch.float32)
images = nn.functional.interpolate((images - images.mean()) / images.std(), size=(32, 32), mode="bilinear")
labels = torch.tensor(labels)
network = nn.Sequential(
    nn.Conv2d(1, 6, 5),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(16, 120, 5),
    nn.Tanh(),
    nn.Flatten(),
    nn.Linear(120, 84),
    nn.Tanh(),
    nn.Linear(84, 10),
)
optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
for chosen in torch.randperm(len(images)).split(64):
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(images[chosen]), labels[chosen]).backward()
    optimizer.step()
    os._exit(0)
