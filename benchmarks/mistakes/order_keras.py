"""VGG's beginning, given the size of a picture with its channels first."""

import keras
from keras import layers

net = keras.Sequential(
    [
        keras.Input((3, 224, 224)),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(128, 3, padding="same", activation="relu"),
        layers.Conv2D(128, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.GlobalAveragePooling2D(),
        layers.Dense(1000),
    ]
)
