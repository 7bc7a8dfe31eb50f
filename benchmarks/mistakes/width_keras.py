"""MobileNet's beginning at 0.35 of its width."""

import keras
from keras import layers

WIDTH = 0.35


def conv(x, c, s=1):
    x = layers.Conv2D(c * WIDTH, 3, s, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU(6)(x)


image = keras.Input((96, 96, 3))
x = conv(image, 32, 2)
x = conv(x, 64)
x = layers.GlobalAveragePooling2D()(x)
keras.Model(image, layers.Dense(10)(x))
