"""The table of applications: one component for each visualization."""
from custom_bokeh.component import Component
from custom_bokeh.deconvolutional_network import DeconvolutionalNetwork
from custom_bokeh.deep_visualization import DeepVisualization
from custom_bokeh.layer_activations import LayerActivations
from custom_bokeh.saliency_maps import SaliencyMaps
from custom_bokeh.training_progress import TrainingProgress

APPS: dict[str, type[Component]] = {
    "training_progress": TrainingProgress,
    "layer_activations": LayerActivations,
    "saliency_maps": SaliencyMaps,
    "deconvolutional_network": DeconvolutionalNetwork,
    "deep_visualization": DeepVisualization,
}
