"""What all tests that use Keras have in common."""
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    # Keras' own, whenever a variable is read.
    ignored = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(ignored)
