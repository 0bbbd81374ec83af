"""The only module that knows every concrete class: settings in, running services out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from importer.backends.magento.access import Access, Admin, Bearer, Credentials, Mode, OAuth1
from importer.backends.magento.trial import Trial
from importer.backends.shops import ConfiguredShops, Shop
from importer.notices.opening import Notices, open_notices
from importer.ports import Clock, Files, Ports, SchedulePorts, ShopLimits
from importer.queues.opening import open_queue
from importer.services.alarms import Alarms
from importer.services.closing import Closing
from importer.services.dead import DeadSteps
from importer.services.delivery import Delivery
from importer.services.dispatch import Dispatch
from importer.services.earlier import Earlier
from importer.services.fetching import Fetching
from importer.services.following import Following
from importer.services.intake import Intake
from importer.services.looking import Looking
from importer.services.obstacles import Obstacles
from importer.services.pacing import Pacing
from importer.services.planning import Planning
from importer.services.preparation import Preparation
from importer.services.readiness import Readiness
from importer.services.reporting import Reporting
from importer.services.retention import Retention
from importer.services.retrying import Retrying
from importer.services.scheduling import Scheduling
from importer.services.steering import Steering
from importer.services.tracking import Tracking
from importer.services.uploading import Uploading
from importer.settings import MIB, Settings, ShopSettings
from importer.sources.allowed import Allowed, Login
from importer.sources.kinds import ConfiguredSources
from importer.sources.mappings import MappingFolders
from importer.sources.schedules import ScheduleBook
from importer.store.batches import SqlBatches
from importer.store.buckets import Bucket, BucketFiles
from importer.store.commands import SqlCommands
from importer.store.database import Database, open_database
from importer.store.duties import SqlDuties
from importer.store.figures import SqlSums
from importer.store.files import LocalFiles
from importer.store.imports import SqlImports
from importer.store.paces import SqlPaces
from importer.store.removals import SqlRemovals
from importer.store.rows import SqlRows
from importer.store.schedules import SqlDues, SqlFires, SqlTakenFiles
from importer.store.tokens import SqlTokens
from importer.store.uploads import SqlUploads
from importer.tracing import Tracing, opened


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Importer:
    """The services, joined with everything they need."""

    settings: Settings
    ports: Ports
    tokens: SqlTokens
    intake: Intake
    uploading: Uploading
    fetching: Fetching
    preparation: Preparation
    delivery: Delivery
    tracking: Tracking
    closing: Closing
    dead: DeadSteps
    dispatch: Dispatch
    earlier: Earlier
    pacing: Pacing
    obstacles: Obstacles
    reporting: Reporting
    steering: Steering
    retrying: Retrying
    retention: Retention
    readiness: Readiness
    tracing: Tracing
    nights: SchedulePorts
    scheduling: Scheduling
    planning: Planning
    notices: Notices


@asynccontextmanager
async def open_importer(
    settings: Settings, *, clock: Clock | None = None, at_work: bool = False
) -> AsyncIterator[Importer]:
    """Raises ConfigurationError, StateUnavailable when the state or the kept files cannot be used. `at_work`: the broker
    must answer, too. Another `clock` is for tests."""
    clock = clock or SystemClock()
    shops = configured_shops(settings)
    async with (
        open_database(settings.database_address) as database,
        open_files(settings) as files,
        open_queue(settings, database, clock) as queue,
    ):
        if at_work:
            await queue.ready()
        ports = Ports(
            imports=SqlImports(database, clock),
            rows=SqlRows(database),
            batches=SqlBatches(database, clock),
            paces=SqlPaces(database, clock),
            commands=SqlCommands(database, clock),
            sums=SqlSums(database, clock),
            files=files,
            uploads=SqlUploads(database, clock),
            removals=SqlRemovals(database, clock),
            queue=queue,
            ledger=queue,
            duties=SqlDuties(database, clock),
            mappings=MappingFolders(settings.mapping_folders),
            shops=shops,
            clock=clock,
        )
        nights = schedule_ports(settings, database, clock)
        notices = open_notices(settings, database, clock)
        importer = join_services(settings, ports, nights, SqlTokens(database, clock), notices)
        try:
            yield importer
        finally:
            await importer.readiness.close()
            await importer.tracing.close()
            await shops.close()


@asynccontextmanager
async def open_files(settings: Settings) -> AsyncIterator[Files]:
    """Where kept files lie. Raises ConfigurationError, StateUnavailable when a bucket cannot be used."""
    if settings.files is None:
        yield LocalFiles(settings.data_dir / "files")
        return
    name, folder = settings.files.bucket
    keys = settings.files.access_key, settings.files.secret_key
    access_key, secret_key = (key.get_secret_value() if key else None for key in keys)
    bucket = Bucket(
        name=name,
        prefix=folder,
        endpoint=settings.files.endpoint,
        region=settings.files.region,
        access_key=access_key,
        secret_key=secret_key,
    )
    files = BucketFiles(bucket)
    try:
        await files.check()
        yield files
    finally:
        files.close()


def schedule_ports(settings: Settings, database: Database, clock: Clock) -> SchedulePorts:
    """Raises ConfigurationError with every fault of the schedules."""
    return SchedulePorts(
        schedules=ScheduleBook(settings.schedules, settings.schedule_files),
        dues=SqlDues(database, clock),
        fires=SqlFires(database),
        taken_files=SqlTakenFiles(database),
        sources=ConfiguredSources(_allowed(settings)),
    )


def configured_shops(settings: Settings) -> ConfiguredShops:
    return ConfiguredShops({name: _shop(shop) for name, shop in settings.shops.items()})


@asynccontextmanager
async def open_trial(settings: Settings, name: str) -> AsyncIterator[Trial]:
    """A shop's trial; needs no state. Raises UnknownName, ConfigurationError."""
    shop = configured_shops(settings).shop(name)
    trial = Trial(shop.access, batch_bytes=shop.limits.batch_bytes, pause=asyncio.sleep)
    try:
        yield trial
    finally:
        await trial.close()


def join_services(
    settings: Settings, ports: Ports, nights: SchedulePorts, tokens: SqlTokens, notices: Notices
) -> Importer:
    """Every service over the same ports."""
    pacing = Pacing(ports)
    dispatch = Dispatch(ports, pacing)
    closing = Closing(ports, dispatch)
    intake = Intake(ports, upload_limit=settings.upload_mib * MIB)
    steering = Steering(ports, dispatch)
    return Importer(
        settings=settings,
        ports=ports,
        tokens=tokens,
        intake=intake,
        uploading=Uploading(
            ports, upload_limit=settings.upload_mib * MIB, keep_hours=settings.keep_uploads_hours
        ),
        fetching=Fetching(nights.sources, ConfiguredSources(Allowed())),
        preparation=Preparation(ports, dispatch, closing),
        delivery=Delivery(ports, dispatch, pacing, prompt_seconds=settings.lease_seconds / 2),
        tracking=Tracking(ports, dispatch, pacing),
        closing=closing,
        dead=DeadSteps(ports, closing),
        dispatch=dispatch,
        earlier=Earlier(ports),
        pacing=pacing,
        obstacles=Obstacles(ports, closing, pacing),
        reporting=Reporting(ports),
        steering=steering,
        retrying=Retrying(ports, dispatch),
        readiness=Readiness(
            {"database": ports.sums.check, "files": ports.files.check},
            {"broker": ports.queue.ready} if settings.broker else {},
        ),
        tracing=opened(ports.imports.traceparent, on=settings.traces),
        retention=Retention(ports, keep_files_days=settings.keep_files_days),
        nights=nights,
        scheduling=_scheduling(settings, ports, nights, intake, steering),
        planning=Planning(ports, nights),
        notices=notices,
    )


def _scheduling(
    settings: Settings, ports: Ports, nights: SchedulePorts, intake: Intake, steering: Steering
) -> Scheduling:
    alarms = Alarms(ports, nights)
    return Scheduling(
        ports,
        nights,
        Looking(ports, nights, intake, alarms, upload_limit=settings.upload_mib * MIB),
        Following(ports, nights, steering, alarms),
        lease_seconds=settings.lease_seconds,
    )


def _allowed(settings: Settings) -> Allowed:
    """Secrets leave their envelopes here, for the sources alone."""
    logins = [
        Login(
            host=one.host,
            user=one.user,
            password=one.password.get_secret_value(),
            token=one.token.get_secret_value(),
            key_file=one.key_file,
            endpoint=one.endpoint,
            region=one.region,
        )
        for one in settings.logins.values()
    ]
    return Allowed(
        roots=settings.source_roots,
        hosts=settings.source_hosts,
        logins=logins,
        known_hosts=settings.known_hosts,
    )


def _shop(shop: ShopSettings) -> Shop:
    mode = Mode(shop.mode)
    return Shop(
        system=shop.system,
        access=Access(
            base_url=shop.base_url,
            credentials=_credentials(shop),
            mode=mode,
            connect_seconds=shop.connect_seconds,
            read_seconds=shop.read_seconds,
            status_seconds=shop.status_seconds,
            submit_seconds=shop.submit_seconds,
        ),
        limits=ShopLimits(
            batch_size=shop.batch_size if mode is Mode.BULK else 1,
            batch_bytes=shop.batch_bytes,
            batches_in_flight=shop.batches_in_flight,
            settle_seconds=shop.settle_seconds,
            pace=shop.pace,
            slow_accept_seconds=shop.submit_seconds / 4,
            stall_seconds=shop.stall_seconds,
            give_up_seconds=shop.give_up_seconds,
        ),
    )


def _credentials(shop: ShopSettings) -> Credentials:
    """Secrets leave their envelopes here, for the client alone."""
    secrets = {name: value.get_secret_value() for name, value in shop.secrets().items()}
    if shop.auth == "oauth1":
        return OAuth1(**secrets)
    if shop.auth == "admin":
        return Admin(user=shop.user or "", **secrets)
    return Bearer(**secrets)
