"""Every service of the shop by interface and method; one table serves the routes and the consumers (contract 3)."""

from functools import lru_cache

from importer.sandbox.api import (
    attributes,
    bulks,
    categories,
    contents,
    customers,
    links,
    media,
    prices,
    products,
    sets,
    stock,
    stores,
    taxes,
    tiers,
    variations,
)
from importer.sandbox.contracts import Service

SUBJECTS = (
    products, media, links, variations, stock, prices, tiers, categories, attributes, sets, customers, taxes, stores,
    contents, bulks,
)  # fmt: skip
SERVICES: dict[tuple[str, str], Service] = {
    service.name: service for subject in SUBJECTS for service in subject.SERVICES
}


@lru_cache(maxsize=1024)
def of_topic(topic: str) -> Service:
    """Raises KeyError for a topic that no service has."""
    name = topic.rpartition(".")[0]
    for service in SERVICES.values():
        if name == service.topic("").rpartition(".")[0]:
            return service
    raise KeyError(topic)
