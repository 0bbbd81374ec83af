"""When to come again. Pure: numbers in, seconds out."""


def backoff(attempt: int, *, first: float = 1.0, most: float = 60.0) -> float:
    """Seconds before try `attempt` + 1: doubles from `first` up to `most`; attempt 1 waits `first`."""
    return float(min(most, first * 2 ** min(max(0, attempt - 1), 30)))


def poll_interval(age: float, *, first: float = 0.25, most: float = 10.0) -> float:
    """Seconds until a bulk of `age` seconds is asked for again: a tenth of its age, within bounds.

    A status call costs the shop 55 to 90 ms whatever the bulk's size (recording 23), so a young bulk is asked often
    and an old one seldom.
    """
    return min(most, max(first, age / 10))
