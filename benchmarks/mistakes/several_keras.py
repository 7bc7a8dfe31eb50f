"""Three mistakes: a sum of 64 and 32 channels, a misspelt keyword, a misspelt layer."""

import keras
from keras import layers


def conv(x, c, k):
    x = layers.Conv2D(c, k, padding="same")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def block(x, c):
    y = conv(x, c, 1)
    y = layers.Conv2D(c, 3, padding="same")(y)
    y = layers.BatchNormalization()(y)
    return layers.ReLU()(layers.Add()([y, x]))


image = keras.Input((32, 32, 3))
x = conv(image, 32, 5)
x = block(x, 32)
x = block(x, 64)
x = layers.MaxPooling2D(pool_siez=2)(x)
x = layers.Dropuot(0.5)(x)
x = layers.Flatten()(x)
keras.Model(image, layers.Dense(10)(x))
