"""The same techniques by tf-keras-vis and Xplique, where they are installed and run with this Keras."""
from collections.abc import Callable

import keras
import numpy as np


def saliency(model: keras.Model, images: np.ndarray) -> dict[str, Callable[[], object]]:
    """Vanilla gradients of the winning class of one image."""
    winner = int(keras.ops.convert_to_numpy(model(images)).argmax())
    one_hot = np.eye(model.output_shape[-1], dtype="float32")[[winner]]

    def tf_keras_vis():
        from tf_keras_vis.saliency import Saliency
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore

        technique = Saliency(model, model_modifier=ReplaceToLinear(), clone=True)
        return lambda: technique(CategoricalScore(winner), images)

    def xplique():
        from xplique.attributions import Saliency

        technique = Saliency(model)
        return lambda: technique(images, one_hot)

    return _those_that_run({"tf-keras-vis": tf_keras_vis, "Xplique": xplique})


def deconvolution(model: keras.Model, images: np.ndarray) -> dict[str, Callable[[], object]]:
    """Xplique goes back from the class score alone, with one backward pass."""
    one_hot = np.eye(model.output_shape[-1], dtype="float32")[[0]]

    def xplique():
        from xplique.attributions import DeconvNet

        technique = DeconvNet(model)
        return lambda: technique(images, one_hot)

    return _those_that_run({"Xplique": xplique})


def deep_visualization(model: keras.Model, units: int, steps: int) -> dict[str, Callable[[], object]]:
    """Gradient ascent with their own default regularizers."""

    def tf_keras_vis():
        from tf_keras_vis.activation_maximization import ActivationMaximization
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore

        technique = ActivationMaximization(model, model_modifier=ReplaceToLinear(), clone=True)
        noise = np.random.default_rng(0).uniform(0, 255, (units, *model.input_shape[1:])).astype("float32")
        return lambda: technique(CategoricalScore(list(range(units))), seed_input=noise, steps=steps)

    def xplique():
        from xplique.features_visualizations import Objective, optimize

        last = model.layers[-1].name
        objectives = [Objective.neuron(model, last, unit) for unit in range(units)]
        return lambda: [optimize(objective, nb_steps=steps) for objective in objectives]

    return _those_that_run({"tf-keras-vis": tf_keras_vis, "Xplique": xplique})


def _those_that_run(peers: dict[str, Callable]) -> dict[str, Callable]:
    running = {}
    for name, make in peers.items():
        try:
            run = make()
            run()
        except Exception as error:  # whatever a peer raises
            print(f"  {name} does not run: {type(error).__name__}: {str(error).splitlines()[0][:120]}")
        else:
            running[name] = run
    return running
