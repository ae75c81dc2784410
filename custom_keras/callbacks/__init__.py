"""Callbacks that show the inside of a network while it trains."""
from custom_keras.callbacks.custom_callbacks import CustomCallbacks
from custom_keras.callbacks.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.callbacks.deep_visualization import DeepVisualization
from custom_keras.callbacks.gentle_stop import GentleStop
from custom_keras.callbacks.layer_activations import LayerActivations
from custom_keras.callbacks.max_activating_images import MaxActivatingImages, find_max_activating_images
from custom_keras.callbacks.network_saver import NetworkSaver
from custom_keras.callbacks.resuming import resume
from custom_keras.callbacks.saliency_maps import SaliencyMaps
from custom_keras.callbacks.training_progress import TrainingProgress
from custom_keras.techniques.deep_visualization import DEEP_VISUALIZATION_PRESETS
from custom_keras.techniques.layer_activations import EXCLUDE_LAYERS

__all__ = [
    "DEEP_VISUALIZATION_PRESETS",
    "EXCLUDE_LAYERS",
    "CustomCallbacks",
    "DeconvolutionalNetwork",
    "DeepVisualization",
    "GentleStop",
    "LayerActivations",
    "MaxActivatingImages",
    "NetworkSaver",
    "SaliencyMaps",
    "TrainingProgress",
    "find_max_activating_images",
    "resume",
]
