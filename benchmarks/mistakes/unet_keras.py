"""A U-Net of three levels on pictures of 100x100."""

import keras
from keras import layers


def double(x, c):
    x = layers.Conv2D(c, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(c, 3, padding="same", activation="relu")(x)


def join(skip, x, c):
    x = layers.Conv2DTranspose(c, 2, 2)(x)
    x = layers.Concatenate()([skip, x])
    return double(x, c)


image = keras.Input((100, 100, 3))
a = double(image, 16)
b = double(layers.MaxPooling2D()(a), 32)
c = double(layers.MaxPooling2D()(b), 64)
x = double(layers.MaxPooling2D()(c), 128)
x = join(c, x, 64)
x = join(b, x, 32)
x = join(a, x, 16)
keras.Model(image, layers.Conv2D(2, 1)(x))
