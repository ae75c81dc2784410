"""What Keras has no call for: compiling, gradients, and changed gradients. One module per Keras backend.

Each module has the same functions:

- `compiled(function, variables)`: from and to numpy arrays, with the variables' current values;
- `gradient(function, inputs)`: inside of a compiled function, the gradient of what another one computes;
- `pull_back(function, inputs, choose, make_seed)`: the same for many gradients of one forward pass;
- `loop(count, step, state)`: inside of a compiled function, a step repeated;
- `with_gradient(forward, backward)`: a function with another gradient than its own.
"""
import importlib

import keras

_module = importlib.import_module(f"custom_keras.backend.{keras.backend.backend()}")

compiled = _module.compiled
gradient = _module.gradient
loop = _module.loop
pull_back = _module.pull_back
with_gradient = _module.with_gradient
