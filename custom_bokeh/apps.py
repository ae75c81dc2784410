"""The table of applications: one component for each visualization."""
from custom_bokeh.component import Component
from custom_bokeh.layer_activations import LayerActivations
from custom_bokeh.training_progress import TrainingProgress

APPS: dict[str, type[Component]] = {
    "training_progress": TrainingProgress,
    "layer_activations": LayerActivations,
}
