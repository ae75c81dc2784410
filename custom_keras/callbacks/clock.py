"""Counts how far a training has come, over all calls of `fit` with the same callbacks."""
import math


class TrainingClock:
    """Batches and epochs that were trained.

    Progress never goes back and each epoch ends at a whole number. While the length of an epoch is not known
    yet, which only happens in the first epoch of a data set of unknown length, its progress grows towards the
    next whole number without reaching it; later epochs take the length of the one before.

    Attributes:
        batches: batches trained, over the whole training.
        in_epoch: batches trained in the epoch that runs.
        length_known: whether Keras said how many batches an epoch has.
    """

    # In an epoch of unknown length, this many batches are taken for half of it.
    HALF_OF_UNKNOWN = 100

    def __init__(self):
        self.batches = 0
        self.in_epoch = 0
        self.length_known = False
        self._length: int | None = None
        self._epoch = 0
        self._offset: int | None = None
        self._batches_before = 0
        self._ended = False

    @property
    def progress(self) -> float:
        """The progress in epochs: 0.1 when a tenth of the first is trained."""
        return self._epoch if self._ended else self._epoch + self.fraction(self.in_epoch)

    @property
    def epoch(self) -> int:
        """Whole epochs before the one that runs, counted over all calls of `fit`."""
        return self._epoch

    def fraction(self, batches: int) -> float:
        """Which part of the epoch a number of its batches is."""
        if self._length is None:
            return batches / (batches + self.HALF_OF_UNKNOWN)
        return min(1.0, batches / self._length)

    def begin_fit(self, steps: int | None) -> None:
        """A call of `fit` begins, whose epochs have so many batches, None where nobody knows."""
        self.length_known = steps is not None
        if steps:
            self._length = steps
        elif self.batches == 0:
            self._length = None
        self._offset = None

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, with the number that Keras gives it."""
        if self._offset is None:
            # A second `fit` counts from 0 again, or goes on counting where it is given `initial_epoch`.
            self._offset = max(0, math.ceil(self.progress) - epoch)
        self._epoch = epoch + self._offset
        self._batches_before = self.batches
        self.in_epoch = 0
        self._ended = False

    def advance(self, in_epoch: int) -> None:
        """So many batches of the epoch are trained."""
        # With several steps per execution, Keras counts past the end of the epoch.
        self.in_epoch = min(in_epoch, self._length) if self.length_known and self._length else in_epoch
        self.batches = self._batches_before + self.in_epoch

    def end_epoch(self) -> None:
        """The epoch has ended; one of unknown length has taught its length."""
        if not self.length_known and self.in_epoch:
            self._length = self.in_epoch
        self._epoch += 1
        self.in_epoch = 0
        self._batches_before = self.batches
        self._ended = True

    def resume(self, batches: int) -> None:
        """Go on counting batches from an earlier process' training."""
        self.batches = self._batches_before = batches
