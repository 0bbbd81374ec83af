"""The shop's clock: the time of the day, and what a test adds to it to meet what takes hours (contract 7.6)."""

import time
from datetime import UTC, datetime, timedelta

NONE = timedelta()
FORM = "%Y-%m-%d %H:%M:%S"


class Clock:
    """`advance` moves it for ever; it never goes back."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._second = (0, timedelta(), "")

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Raises ValueError for a step back."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta():
            raise ValueError("The clock of the shop goes forward only.")
        self._ahead += step

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def text(self, *, ago: timedelta = NONE) -> str:
        """As the database writes it: UTC, to the second."""
        second = int(time.time())
        if ago or self._second[:2] != (second, self._ahead):
            if ago:
                return (self.now() - ago).strftime(FORM)
            self._second = (second, self._ahead, self.now().strftime(FORM))
        return self._second[2]
