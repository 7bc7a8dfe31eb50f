"""The beginning of a ResNet-18 for small pictures, whose shortcuts are all the identity."""

import keras
from keras import layers


def conv(x, c):
    x = layers.Conv2D(c, 3, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def basic(x, c):
    y = layers.ReLU()(conv(x, c))
    y = conv(y, c)
    return layers.ReLU()(layers.Add()([y, x]))


image = keras.Input((32, 32, 3))
x = layers.ReLU()(conv(image, 64))
x = basic(x, 64)
x = basic(x, 64)
x = basic(x, 128)
x = basic(x, 128)
x = layers.GlobalAveragePooling2D()(x)
keras.Model(image, layers.Dense(10)(x))
