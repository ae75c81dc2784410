"""The few calls that differ between systems: the same names from `posix_calls` or `windows_calls`."""
import os

if os.name == "nt":
    from visualizer.launcher.windows_calls import (
        children_left,
        detached,
        handle_signals,
        interrupt,
        lock,
        open_folder,
        open_output,
        own_group,
        replace_in,
        session,
        sync_folder,
    )
else:
    from visualizer.launcher.posix_calls import (
        children_left,
        detached,
        handle_signals,
        interrupt,
        lock,
        open_folder,
        open_output,
        own_group,
        replace_in,
        session,
        sync_folder,
    )

__all__ = [
    "children_left",
    "detached",
    "handle_signals",
    "interrupt",
    "lock",
    "open_folder",
    "open_output",
    "own_group",
    "replace_in",
    "session",
    "sync_folder",
]
