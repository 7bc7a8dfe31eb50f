"""Six stages, each of which halves the map, on pictures of 32x32."""

import keras
from keras import layers


def stage(x, c):
    x = layers.Conv2D(c, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.MaxPooling2D(2)(x)


image = keras.Input((32, 32, 3))
x = stage(image, 16)
x = stage(x, 32)
x = stage(x, 64)
x = stage(x, 128)
x = stage(x, 256)
x = stage(x, 512)
x = layers.GlobalAveragePooling2D()(x)
keras.Model(image, layers.Dense(10)(x))
