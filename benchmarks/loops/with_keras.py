"""Keras on torch: the networks in its own words, and `fit`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers
from torch import Tensor


def loop(name: str, images: Tensor, labels: Tensor, batch: int, lr: float) -> tuple[Callable[[], None], int]:
    """The loop, and how many numbers its network learns. Images are N x C x H x W, float32 and normalised."""
    keras.config.set_image_data_format("channels_first")
    network = NETWORKS[name](tuple(images.shape[1:]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer=keras.optimizers.Adam(learning_rate=lr), loss=loss)
    x, y = images.cpu().numpy(), labels.cpu().numpy()

    def epoch() -> None:
        network.fit(x, y, batch_size=batch, epochs=1, shuffle=True, verbose=0)

    return epoch, sum(int(weight.numpy().size) for weight in network.trainable_weights)


def lenet5(shape: tuple[int, ...]) -> Any:
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(6, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(120, 5, activation="tanh"),
            layers.Flatten(),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10),
        ]
    )


def resnet(shape: tuple[int, ...]) -> Any:
    """`resnet.cnn`, beside this file."""
    entering = keras.Input(shape)
    found = layers.ReLU()(_conv(entering, 16, 3))
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        found = _block(found, width, stride)
    return keras.Model(entering, layers.Dense(10)(layers.GlobalAveragePooling2D()(found)))


def resnet18(shape: tuple[int, ...]) -> Any:
    """`resnet18.cnn`, beside this file."""
    entering = keras.Input(shape)
    found = layers.ReLU()(_conv(entering, 64, 7, 2))
    found = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(found))  # behind a ReLU 0 is the least
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        found = _block(_block(found, width, stride), width, 1)
    return keras.Model(entering, layers.Dense(10)(layers.GlobalAveragePooling2D()(found)))


def _block(entering: Any, width: int, stride: int) -> Any:
    inner = layers.ReLU()(_conv(entering, width, 3, stride))
    inner = _conv(inner, width, 3)
    same = stride == 1 and entering.shape[1] == width
    return layers.ReLU()(layers.Add()([inner, entering if same else _conv(entering, width, 1, stride)]))


def _conv(entering: Any, width: int, kernel: int, stride: int = 1) -> Any:
    """With torch's padding, half of the kernel on each side: Keras' `same` shifts it where the stride is 2."""
    padded = layers.ZeroPadding2D(kernel // 2)(entering) if kernel > 1 else entering
    found = layers.Conv2D(width, kernel, stride, use_bias=False)(padded)
    return layers.BatchNormalization(axis=1)(found)


NETWORKS = {"lenet5": lenet5, "resnet": resnet, "resnet18": resnet18}
