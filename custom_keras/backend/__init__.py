"""What Keras has no call for: compiling, gradients, and changed gradients. One module per Keras backend.

Each module has the same functions: `compiled`, `gradient`, `gradients_of_seeds`, `relu_with_gradient`.
"""
import importlib

import keras

_module = importlib.import_module(f"custom_keras.backend.{keras.backend.backend()}")

compiled = _module.compiled
