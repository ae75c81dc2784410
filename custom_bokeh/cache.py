"""A memory of what was read and prepared, shared by all pages of the process and bounded in bytes."""
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

import numpy as np


class Cache:
    """Keeps the results used last, up to a number of bytes.

    Args:
        limit: bytes of arrays to keep.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self.size = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under `key`, made by `make` where it is not there. What `make` raises is not kept."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0]
        value = make()
        self._put(key, value)
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self.size = 0

    def _put(self, key: Hashable, value: Any) -> None:
        size = _bytes(value)
        with self._lock:
            self.size += size - self._entries.pop(key, (None, 0))[1]
            self._entries[key] = (value, size)
            while self.size > self.limit and len(self._entries) > 1:
                _, (_, freed) = self._entries.popitem(last=False)
                self.size -= freed

    def __len__(self) -> int:
        return len(self._entries)


def _bytes(value: Any) -> int:
    """Roughly how much memory a value takes: its arrays, and a little for everything else."""
    if isinstance(value, np.ndarray):
        return value.nbytes + 100
    if isinstance(value, bytes | str):
        return len(value) + 50
    if isinstance(value, dict):
        return 100 + sum(_bytes(part) for part in value.values())
    if isinstance(value, list | tuple):
        return 100 + sum(_bytes(part) for part in value)
    return 100
