"""The few calls that differ between systems: the same names from `posix_calls` or `windows_calls`."""
import os

if os.name == "nt":
    from visualizer.launcher.windows_calls import *  # noqa: F403
else:
    from visualizer.launcher.posix_calls import *  # noqa: F403
