"""When to ask for which batch: learned from what was seen, per shop. In memory only: after a restart it learns anew."""

from collections import defaultdict
from dataclasses import dataclass

from importer.domain.batches import Batch
from importer.domain.timing import SHORTEST, Look, first_look, next_look


@dataclass
class UnderWay:
    """A batch that the shop works on or will: when it was sent (seconds since the epoch), what was seen of it last, and
    how many operations stood before its end when it was sent."""

    sent: float
    operations: int
    first_at: float
    in_line: float
    began: float  # its age when it was looked after first: after a restart it is not 0
    look: Look | None = None

    def left(self, now: float, speed: float) -> float:
        """Operations that are probably still to do."""
        seen_at, done = (self.sent + self.look.age, self.look.done) if self.look else (now, 0)
        return max(0.0, self.operations - done - (now - seen_at) * speed * bool(done))


class Watch:
    """Ages are seconds since a batch was sent. A shop is taken to work off first what it was given first (contract
    S22); where that is wrong, questions come a little too early or too late, and nothing else."""

    def __init__(self) -> None:
        self._speed: dict[str, float] = {}  # operations a second
        self._guessed: set[str] = set()  # shops that may be faster: a batch was done before it was asked for
        self._under_way: dict[str, dict[str, UnderWay]] = defaultdict(dict)

    def too_early(self, batch: Batch, age: float) -> float:
        """Seconds to wait before the first question, 0 when it may be asked."""
        seen = self._known(batch, age)
        return 0.0 if seen.look else max(0.0, seen.first_at - age)

    def again(self, batch: Batch, age: float, done: int) -> float:
        """Seconds until the next question. A batch that did not move tells nothing of the shop's speed: perhaps what is
        left of it was lost (contract S9, S10), and the others need not wait for that."""
        seen = self._known(batch, age)
        before, now = seen.look, Look(age, done)
        ahead = self._ahead(batch, age)
        if before and before.done and done > before.done and age > before.age:
            self._speed[batch.shop] = (done - before.done) / (age - before.age)
            self._guessed.discard(batch.shop)
        elif done and not before and not ahead and seen.began < age / 2:  # else it may have been so for long
            self._speed[batch.shop] = max(done / age, self._speed.get(batch.shop, 0.0)) if age else 0.0
        seen.look = now
        speed = self._speed.get(batch.shop)
        turn = (ahead + batch.operations / 2) / speed if speed else None
        return next_look(now, before, batch.operations, turn=turn, speed=speed, watched=age - seen.began)

    def done(self, batch: Batch, age: float) -> None:
        """It may have been done for a while, so what was seen of its speed is the least that it can be."""
        seen = self._under_way[batch.shop].pop(batch.id, None)
        if seen is None or age <= 0:
            return
        least = seen.in_line / max(age - seen.began, SHORTEST)
        if seen.look and seen.look.done and age > seen.look.age:
            least = (batch.operations - seen.look.done) / (age - seen.look.age)
        elif least > self._speed.get(batch.shop, 0.0):
            self._guessed.add(batch.shop)
        self._speed[batch.shop] = max(least, self._speed.get(batch.shop, 0.0))

    def forget(self, shop: str) -> None:
        """The shop was away: what it did in that time says nothing of its speed."""
        self._speed.pop(shop, None)
        self._guessed.discard(shop)
        self._under_way.pop(shop, None)

    def _known(self, batch: Batch, age: float) -> UnderWay:
        under_way = self._under_way[batch.shop]
        if batch.id not in under_way:
            in_line = self._ahead(batch, age) + batch.operations
            speed = self._speed.get(batch.shop)
            expected = in_line / speed if speed else None
            if expected is not None and batch.shop in self._guessed:
                expected /= 2
            under_way[batch.id] = UnderWay(
                sent=_sent(batch),
                operations=batch.operations,
                first_at=first_look(expected),
                in_line=in_line,
                began=age,
            )
        return under_way[batch.id]

    def _ahead(self, batch: Batch, age: float) -> float:
        """Operations of earlier batches that are probably still to do."""
        speed, sent = self._speed.get(batch.shop, 0.0), _sent(batch)
        return sum(
            other.left(sent + age, speed)
            for other in self._under_way[batch.shop].values()
            if other.sent < sent
        )


def _sent(batch: Batch) -> float:
    return batch.sent_at.timestamp() if batch.sent_at else 0.0
