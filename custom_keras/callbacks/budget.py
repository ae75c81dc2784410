"""Keeps pictures from taking more than a share of the training's time."""
import time


class Budget:
    """How much of the training's time was spent on drawing.

    Args:
        share: the largest share, such as 0.05; None for no limit.

    Raises:
        ValueError: if it is no share.
    """

    def __init__(self, share: float | None):
        if share is not None and not 0 < share <= 1:
            raise ValueError(
                f"The budget for drawing is out of range. Expected a share of the training's time, larger than 0 "
                f"and at most 1, or None. Received: budget={share}"
            )
        self.share = share
        self._spent = 0.0
        self._last = 0.0
        self._before = 0.0
        self._began = time.perf_counter()

    def begin(self) -> None:
        """A call of `fit` begins."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """It ended; time between two of them does not count as training."""
        self._before += time.perf_counter() - self._began

    def allows(self) -> bool:
        """Whether a drawing as expensive as the last one would stay within the share. The first always may."""
        if self.share is None or not self._spent:
            return True
        passed = self._before + time.perf_counter() - self._began
        return self._spent + self._last <= self.share * (passed + self._last)

    def spend(self, seconds: float) -> None:
        """A drawing took so long."""
        self._spent += seconds
        self._last = seconds

    def sentence(self) -> str:
        return f"it would have taken more than {self.share:.0%} of the training's time"
