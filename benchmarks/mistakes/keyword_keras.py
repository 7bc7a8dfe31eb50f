"""A keyword with a slip of the finger."""

import keras
from keras import layers

net = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, kernel_size=5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, kernal_size=5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10),
    ]
)
