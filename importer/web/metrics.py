"""The figures of a service in Prometheus' words.

Most come from the state, so that every process of an installation says the same; their labels are shops, statuses,
outcomes and kinds of steps, never imports. What a process counts for itself is said to be so.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from importer.bootstrap import Importer
from importer.domain.errors import StateUnavailable
from importer.domain.fires import Due
from importer.domain.pace import Pace
from importer.domain.steps import StepKind
from importer.ports.figures import Figures, Queued


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The state, the shops' paces and the schedules at one moment, and the errors of the shops that this process met.

    The first three are missing while the database is away.
    """

    figures: Figures | None
    paces: Mapping[str, Pace]
    dues: Sequence[Due]
    errors: Mapping[tuple[str, str], int]


Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Family:
    """`read` gives values of the labels and the figure; a counter only ever grows."""

    text: str
    labels: tuple[str, ...]
    read: Callable[[Seen], Iterable[Sample]]
    counter: bool = False


async def exposition(
    importer: Importer, accept: str, *, shops: Collection[str] | None = None
) -> tuple[bytes, str]:
    """The text and its content type. While the database is away only the process' own figures are there. `shops`: those
    that may be seen; None is all."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    schedules = [one.name for one in importer.nights.schedules.all() if one.shop in (shops or ())]
    registry.register(_Families(_within(await _look(importer), shops, schedules)))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


async def _look(importer: Importer) -> Seen:
    shops = importer.ports.shops.names()
    try:
        figures = await importer.ports.sums.read(shops)
        paces = {shop: await importer.pacing.get(shop) for shop in shops}
        dues = await importer.nights.dues.all()
    except StateUnavailable:
        figures, paces, dues = None, {}, []
    return Seen(figures=figures, paces=paces, dues=dues, errors=importer.pacing.errors)


def _within(seen: Seen, shops: Collection[str] | None, schedules: Collection[str]) -> Seen:
    """What it says of these shops and schedules; the steps and their age are those of the whole service."""
    if shops is None:
        return seen
    figures = seen.figures and replace(
        seen.figures,
        imports={key: number for key, number in seen.figures.imports.items() if key[0] in shops},
        rows={key: number for key, number in seen.figures.rows.items() if key[0] in shops},
        in_flight={shop: taken for shop, taken in seen.figures.in_flight.items() if shop in shops},
    )
    return Seen(
        figures=figures,
        paces={shop: pace for shop, pace in seen.paces.items() if shop in shops},
        dues=[due for due in seen.dues if due.name in schedules],
        errors={key: number for key, number in seen.errors.items() if key[0] in shops},
    )


class _Families(Collector):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        for name, family in FAMILIES.items():
            kind = CounterMetricFamily if family.counter else GaugeMetricFamily
            metric = kind(name, family.text, labels=family.labels)
            for labels, value in family.read(self._seen):
                metric.add_metric(labels, value)
            yield metric


def _state(seen: Seen) -> Iterable[Sample]:
    return [((), float(seen.figures is not None))]


def _imports(seen: Seen) -> Iterable[Sample]:
    found = seen.figures.imports if seen.figures else {}
    return [((shop, status.value), number) for (shop, status), number in found.items()]


def _rows(seen: Seen) -> Iterable[Sample]:
    found = seen.figures.rows if seen.figures else {}
    return [((shop, outcome.value), number) for (shop, outcome), number in found.items()]


def _steps(seen: Seen) -> Iterable[Sample]:
    """Kinds without a step are 0: an alert needs a figure, not a gap."""
    if seen.figures is None:
        return
    for kind in StepKind:
        queued = seen.figures.steps.get(kind, Queued(waiting=0, running=0))
        yield (kind.value, "waiting"), queued.waiting
        yield (kind.value, "running"), queued.running
        yield (kind.value, "dead"), queued.dead


def _queue_age(seen: Seen) -> Iterable[Sample]:
    return [((), seen.figures.oldest_due)] if seen.figures else []


def _batches(seen: Seen) -> Iterable[Sample]:
    found = seen.figures.in_flight if seen.figures else {}
    return [((shop,), taken.batches) for shop, taken in found.items()]


def _operations(seen: Seen) -> Iterable[Sample]:
    found = seen.figures.in_flight if seen.figures else {}
    return [((shop,), taken.operations) for shop, taken in found.items()]


FROM_STATE = "From the state: every process says the same."

FAMILIES: Mapping[str, Family] = {
    "importer_build": Family(
        "Always 1; the version of this process.", ("version",), lambda _seen: [((version("importer"),), 1)]
    ),
    "importer_state_answers": Family("1 while the database answers this process, else 0.", (), _state),
    "importer_imports": Family(
        f"Imports that are kept, by status. {FROM_STATE}", ("shop", "status"), _imports
    ),
    "importer_rows": Family(
        f"Rows of all imports that are kept, dry runs left out, by outcome. {FROM_STATE}",
        ("shop", "outcome"),
        _rows,
    ),
    "importer_steps": Family(
        f"Steps in the queue: waiting, running or dead. {FROM_STATE}", ("kind", "state"), _steps
    ),
    "importer_queue_age_seconds": Family(
        f"How long the step that is due for longest has waited; 0 when none is due. {FROM_STATE}",
        (),
        _queue_age,
    ),
    "importer_batches_in_flight": Family(
        f"Batches that have a place in the shop. {FROM_STATE}", ("shop",), _batches
    ),
    "importer_operations_open": Family(
        f"Operations of batches that the shop has not confirmed as a whole. {FROM_STATE}",
        ("shop",),
        _operations,
    ),
    "importer_pace_places": Family(
        f"Batches that the shop may have in flight now. {FROM_STATE}",
        ("shop",),
        lambda seen: [((shop,), pace.most) for shop, pace in seen.paces.items()],
    ),
    "importer_pace_batch_size": Family(
        f"Operations that a batch may have now. {FROM_STATE}",
        ("shop",),
        lambda seen: [((shop,), pace.size) for shop, pace in seen.paces.items()],
    ),
    "importer_shop_closed": Family(
        f"1 while nobody calls the shop because it is away or lets us not in. {FROM_STATE}",
        ("shop",),
        lambda seen: [((shop,), float(pace.is_closed)) for shop, pace in seen.paces.items()],
    ),
    "importer_schedule_last_success_seconds": Family(
        f"When an import of the schedule completed last, in seconds since 1970; none before the first. {FROM_STATE}",
        ("schedule",),
        lambda seen: [((due.name,), due.succeeded_at.timestamp()) for due in seen.dues if due.succeeded_at],
    ),
    "importer_schedule_alarm": Family(
        f"1 while the schedule has an alarm: its file is missing or late, its last import did not complete or is held, its gate did not hold. {FROM_STATE}",
        ("schedule",),
        lambda seen: [((due.name,), float(due.alarm is not None)) for due in seen.dues],
    ),
    "importer_shop_errors": Family(
        "Requests that the shop refused, did not answer or answered with an error, since this process began.",
        ("shop", "code"),
        lambda seen: [(labels, number) for labels, number in seen.errors.items()],
        counter=True,
    ),
}
"""Name -> family; a counter is shown with `_total` behind its name. docs/howto/operate.md lists them, a test compares."""
