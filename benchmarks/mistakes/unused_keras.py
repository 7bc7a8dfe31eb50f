"""A residual block that computes its squeeze-and-excitation gate and forgets to use it; one step of training."""

import keras
import numpy as np
from keras import layers


def gate(x, c, r):
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Dense(c // r, activation="relu")(y)
    y = layers.Dense(c, activation="sigmoid")(y)
    return layers.Multiply()([x, y])


def conv(x, c):
    x = layers.Conv2D(c, 3, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def block(x, c):
    y = layers.ReLU()(conv(x, c))
    y = conv(y, c)
    gated = gate(y, c, 8)
    return layers.ReLU()(layers.Add()([y, x]))


image = keras.Input((32, 32, 3))
x = layers.ReLU()(conv(image, 32))
x = block(x, 32)
x = block(x, 32)
x = layers.GlobalAveragePooling2D()(x)
net = keras.Model(image, layers.Dense(10, activation="softmax")(x))
net.compile("sgd", "sparse_categorical_crossentropy")
net.fit(np.zeros((2, 32, 32, 3)), np.array([0, 1]), verbose=0)
