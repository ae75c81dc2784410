"""Starts, polls and stops users' scripts. Knows nothing of the web application; needs only psutil."""
from visualizer.launcher.base import Launcher, Order, Status
from visualizer.launcher.local import LocalLauncher

__all__ = ["Launcher", "LocalLauncher", "Order", "Status"]
