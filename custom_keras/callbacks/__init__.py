"""Callbacks that show the inside of a network while it trains."""
from custom_keras.callbacks.custom_callbacks import CustomCallbacks
from custom_keras.callbacks.network_saver import NetworkSaver
from custom_keras.callbacks.training_progress import TrainingProgress

__all__ = ["CustomCallbacks", "NetworkSaver", "TrainingProgress"]
