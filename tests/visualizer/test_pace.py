"""How much of a training is done, from what Keras prints; worked out by hand."""
import pytest

from visualizer.live import in_words
from visualizer.operations.pace import read_epochs


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"", None),
        (b"no training here 3/4", None),
        (b"Epoch 1/10\n", (0, 0.0, 10)),
        (b"Epoch 1/10\n\r\x1b[1m 30/120\x1b[0m \x1b[32m---\x1b[0m 5s 80ms/step", (0, 0.25, 10)),
        (b"Epoch 1/10\n120/120 - 9s\nEpoch 2/10\n60/120 \x08\x08\r90/120 loss: 0.5", (0, 1.75, 10)),
        (b"Epoch 5/10\n10/10\nEpoch 6/10\n", (4, 5.0, 10)),  # it went on from the fifth
        (b"Epoch 1/2\n5/5\nEpoch 2/2\n5/5\nEpoch 1/8\n1/4", (0, 0.25, 8)),  # a second training
    ],
)
def test_epochs_done(output, expected):
    assert read_epochs(output, output) == expected


def test_the_first_epoch_is_looked_for_at_the_beginning():
    assert read_epochs(b"Epoch 3/10", b"Epoch 7/10\n1/2") == (2, 6.5, 10)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (7500, "2 h 5 min"), (90000, "1 d 1 h"), (86400, "1 d")],
)
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words
