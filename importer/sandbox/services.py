"""The services behind the writing routes, as data: names, what they take, what they do (contract 3 and 7.3).

A topic is the service's interface and method with the HTTP method, so one table serves the routes and the consumers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from importer.sandbox import inputs
from importer.sandbox.catalog import Catalog
from importer.sandbox.products import Products


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a service works with: the products, the time, and the store of the call."""

    products: Products
    now: str
    store_id: int


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a service did: its answer, and the line of the write log."""

    answer: Any
    sku: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Service:
    """`convert` takes an item of a request apart (Refusal, Crash); `run` does the work (Refusal, Crash)."""

    interface: str
    method: str
    implementation: str
    convert: Callable[[Any, Catalog], Any]
    run: Callable[[Job, Any], Effect]

    def topic(self, http_method: str) -> str:
        interface = self.interface.replace("\\", ".")
        return f"async.{interface}.{self.method}.{http_method}".lower()

    @property
    def success(self) -> str:
        return f"Service execution success {self.implementation}\\Interceptor::{self.method}"


def of_topic(topic: str) -> Service:
    """Raises KeyError for a topic that no service has."""
    for service in SERVICES:
        if topic.rpartition(".")[0] == service.topic("").rpartition(".")[0]:
            return service
    raise KeyError(topic)


def _save_product(job: Job, product: Any) -> Effect:
    known = isinstance(product, dict) and str(product.get("sku") or "") in job.products
    saved = job.products.save(product, now=job.now, store_id=job.store_id)
    return Effect(answer=saved, sku=saved["sku"], outcome="updated" if known else "created")


def _delete_product(job: Job, sku: Any) -> Effect:
    return Effect(answer=job.products.delete(sku), sku=sku, outcome="deleted")


SAVE_PRODUCT = Service(
    interface=r"Magento\Catalog\Api\ProductRepositoryInterface",
    method="save",
    implementation=r"Magento\Catalog\Model\ProductRepository",
    convert=inputs.product,
    run=_save_product,
)
DELETE_PRODUCT = Service(
    interface=r"Magento\Catalog\Api\ProductRepositoryInterface",
    method="deleteById",
    implementation=r"Magento\Catalog\Model\ProductRepository",
    convert=inputs.sku,
    run=_delete_product,
)
SERVICES = (SAVE_PRODUCT, DELETE_PRODUCT)
