"""The shop's clock: the time of the day, and what a test adds to it to meet what takes hours (contract 7.6)."""

from datetime import UTC, datetime, timedelta

FORM = "%Y-%m-%d %H:%M:%S"


class Clock:
    """`advance` moves it for ever; it never goes back."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Raises ValueError for a step back."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta():
            raise ValueError("The clock of the shop goes forward only.")
        self._ahead += step

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def text(self, *, ago: timedelta = timedelta()) -> str:
        """As the database writes it: UTC, to the second."""
        return (self.now() - ago).strftime(FORM)
