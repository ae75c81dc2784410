"""The visualizations there are. Each has one name, used in every layer of the program."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Visualization:
    """A visualization: its name everywhere, the title people read, its newest file, and what it needs.

    Attributes:
        name: callback module, technique, file, Bokeh application, address, template and test.
        title: what the tab is called.
        file: name of its newest data in the results folder.
        needs_image: whether it draws the input image that was given to the run.
    """

    name: str
    title: str
    file: str
    needs_image: bool


VISUALIZATIONS = {
    visualization.name: visualization
    for visualization in (
        Visualization("training_progress", "Training progress", "training_progress.txt", False),
        Visualization("layer_activations", "Layer activations", "layer_activations.pickle", True),
        Visualization("saliency_maps", "Saliency maps", "saliency_maps.pickle", True),
        Visualization(
            "deconvolutional_network", "Deconvolutional network", "deconvolutional_network.pickle", True
        ),
        Visualization("deep_visualization", "Deep visualization", "deep_visualization.pickle", False),
    )
}
# Everything that writes drawings: also what has no tab of its own and is shown on another one's.
TECHNIQUES = VISUALIZATIONS | {
    # On the page of the deconvolutional network. Its images come from a set of their own, not from the run.
    "max_activating_images": Visualization(
        "max_activating_images", "Max-activating images", "max_activating_images.pickle", False
    ),
}
