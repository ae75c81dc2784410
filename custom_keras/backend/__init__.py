"""What Keras has no call for: compiling, gradients, and changed gradients. One module per Keras backend.

Each module has the same functions:

- `compiled(function, variables)`: from and to numpy arrays, with the variables' current values;
- `gradient(function, inputs)`: inside of a compiled function, the gradient of what another one computes;
- `pull_back(function, inputs, choose, make_seed)`: the same for many gradients of one forward pass;
- `loop(count, step, state)`: inside of a compiled function, a step repeated;
- `with_gradient(forward, backward)`: a function with another gradient than its own;
- `scalar_reader(model, variable)`: reads a variable of a metric, as cheaply as can be, while an epoch runs;
- `learning_rate_reader(model)`: the same for the learning rate.
"""
import importlib

import keras

_module = importlib.import_module(f"custom_keras.backend.{keras.backend.backend()}")

compiled = _module.compiled
gradient = _module.gradient
learning_rate_reader = _module.learning_rate_reader
loop = _module.loop
pull_back = _module.pull_back
scalar_reader = _module.scalar_reader
with_gradient = _module.with_gradient
