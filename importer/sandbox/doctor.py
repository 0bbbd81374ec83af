"""What is wrong with the way the queue is set up: sentences for people, one for each finding."""

from collections.abc import Iterator

from importer.sandbox.processes import wanted
from importer.sandbox.queue_config import Binding
from importer.sandbox.routes import ROUTES
from importer.sandbox.shop import Shop


def findings(shop: Shop) -> list[str]:
    """Nothing: all is well."""
    return [
        *_executed_twice(shop),
        *_unbound(shop),
        *_without_consumer(shop),
        *_unknown_connections(shop),
        *_bugs(shop),
    ]


def _topics() -> list[str]:
    found = (route.topic for route in ROUTES if route.method != "GET")
    return list(dict.fromkeys(found))


def _reached(shop: Shop, topic: str) -> list[Binding]:
    connection, exchange = shop.queue_config.publisher(topic)
    wildcards = connection != "db" or shop.version.wildcards_in_db
    queues = shop.queue_config.queues(topic, connection, exchange, wildcards=wildcards)
    bound = shop.queue_config.bound(connection, exchange)
    return [next(binding for binding in bound if binding.queue == queue) for queue in queues]


def _executed_twice(shop: Shop) -> Iterator[str]:
    """Every queue has its own copy of a message, and every consumer its own lock (contract 6.5, 7.5)."""
    told = set()
    for topic in _topics():
        consumed = [one for one in _reached(shop, topic) if _consumers(shop, one.queue)]
        names = tuple(one.queue for one in consumed)
        if len(consumed) > 1 and names not in told:
            told.add(names)
            places = " and ".join(f"{one.queue} ({one.place})" for one in consumed)
            yield (
                f"Operations are executed {len(consumed)} times: messages of {topic} and others like it go to {places}, "
                "and each queue has a consumer that runs. Narrow one binding, or stop one consumer with the white list "
                "`cron_consumers_runner/consumers`."
            )


def _unbound(shop: Shop) -> Iterator[str]:
    lost = [topic for topic in _topics() if not _reached(shop, topic)]
    if lost:
        yield (
            f"Messages of {len(lost)} topics vanish, {lost[0]} is one: no binding leads them to a queue. "
            "Their operations stay open; bind `async.#` to a queue with a consumer."
        )


def _without_consumer(shop: Shop) -> Iterator[str]:
    queues = {one.queue: one for topic in _topics() for one in _reached(shop, topic)}
    for queue, binding in queues.items():
        if not _consumers(shop, queue):
            yield (
                f"Messages pile up in {queue} ({binding.place}): no consumer of it runs. Start one with "
                f"`importer sandbox consumers start`, or take it into `cron_consumers_runner/consumers`."
            )


def _unknown_connections(shop: Shop) -> Iterator[str]:
    for consumer in shop.queue_config.consumers.values():
        if consumer.connection not in shop.connections:
            yield (
                f"The consumer {consumer.name} is skipped: its connection {consumer.connection} is not configured "
                f"({consumer.place}); there are {', '.join(shop.connections)}."
            )


def _bugs(shop: Shop) -> Iterator[str]:
    for name, value in shop.bugs.active.items():
        yield f"The bug {name} is switched on ({value:g})."


def _consumers(shop: Shop, queue: str) -> list[str]:
    """Of those that cron runs."""
    consumers = shop.queue_config.consumers
    running = dict.fromkeys(name for name, _ in wanted(shop.environment, consumers.values(), shop.consumers))
    return [name for name in running if consumers[name].queue == queue]
