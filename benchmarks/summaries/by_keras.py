"""Keras: the summary of its own network of that name, layers with what leaves them and their parameters."""

import sys

import keras

with keras.device("meta"):
    network = getattr(keras.applications, sys.argv[1])(weights=None)
network.summary()
