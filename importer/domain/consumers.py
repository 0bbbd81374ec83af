"""Consumers: who works on which steps. A binding selects routing keys as a topic exchange does."""

from collections.abc import Collection
from dataclasses import dataclass

from importer.domain.steps import Step

EVERYTHING = "step.#"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A name, and the bindings of which a step must match one. Leases decide where two consumers take the same step."""

    name: str
    bindings: tuple[str, ...] = (EVERYTHING,)

    def takes(self, routing_key: str) -> bool:
        return any(matches(binding, routing_key) for binding in self.bindings)


ALL = Consumer(name="all")


def takes_all(consumers: Collection[Consumer]) -> bool:
    return any(EVERYTHING in consumer.bindings or "#" in consumer.bindings for consumer in consumers)


def taken(step: Step, consumers: Collection[Consumer]) -> bool:
    return any(consumer.takes(step.routing_key) for consumer in consumers)


def only_like(step: Step) -> Consumer:
    """Takes steps of this kind, shop and entity: its message came by a binding that the settings no longer have."""
    return Consumer(name="former", bindings=(step.routing_key,))


def matches(binding: str, routing_key: str) -> bool:
    """`*` stands for one word, `#` for any number of them, none included; words are parted by dots."""
    words = routing_key.split(".")
    reached = {0}
    """How many words of the key may be used up by what of the binding was walked through."""
    for word in binding.split("."):
        if word == "#":
            reached = set(range(min(reached, default=len(words) + 1), len(words) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(words) and word in ("*", words[at])}
    return len(words) in reached


def binding_fault(binding: str) -> str | None:
    """Why it can select nothing, or None. A key has four words, the first of which is `step`."""
    words = binding.split(".")
    if "" in words:
        return "has an empty word"
    if len(words) - words.count("#") > len(KEY):
        return f"has more words than a step's key ({'.'.join(KEY)})"
    if words[0] not in ("step", "*", "#"):
        return "does not begin with step"
    return None


KEY = ("step", "<kind>", "<shop>", "<entity>")
