"""Settings of the queue as env.php has them (contract 8.1), read from `env.yaml` in a folder of `--config`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from importer.sandbox import documents
from importer.sandbox.amqp import Address
from importer.sandbox.documents import Fault
from importer.sandbox.queue_config import ConsumerConfig

FILE = "env.yaml"


class EnvironmentFileError(Exception):
    """The file cannot be used; one sentence says which, where and why."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`only_consumers` empty: all. `processes`: consumer -> how many. `max_messages` 0: without end, as the shop runs
    its consumers unless it is told otherwise; Magento's cron says 10,000. `overrides`: consumer -> attributes."""

    amqp: Address | None = None
    default_connection: str = ""
    wait_for_messages: bool = True
    only_spawn: bool = False
    cron_run: bool = True
    max_messages: int = 0
    only_consumers: tuple[str, ...] = ()
    processes: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def consumer(self, config: ConsumerConfig) -> ConsumerConfig:
        """With what the environment says of it in place of the file."""
        return replace(config, **self.overrides.get(config.name, {}))

    def limit(self, config: ConsumerConfig) -> int:
        """The smaller of the consumer's own and cron's; 0 for none."""
        return min((one for one in (config.max_messages, self.max_messages) if one), default=0)


def read_environment(folders: tuple[Path, ...]) -> Environment:
    """The last folder that has the file decides. Raises EnvironmentFileError."""
    found = [folder / FILE for folder in folders if (folder / FILE).is_file()]
    if not found:
        return Environment()
    try:
        return _environment(yaml.safe_load(found[-1].read_text(encoding="utf-8")))
    except Fault as fault:
        raise EnvironmentFileError(f"{found[-1]} cannot be used: {fault}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"{found[-1]} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise EnvironmentFileError(f"{found[-1]}{line}: this is no YAML.") from None


def _environment(document: Any) -> Environment:
    words = documents.known(document, "", ("queue", "cron_consumers_runner"))
    queue = documents.known(
        words.get("queue"), "queue",
        ("amqp", "default_connection", "consumers_wait_for_messages", "only_spawn_when_message_available", "consumers"),
    )  # fmt: skip
    cron = documents.known(
        words.get("cron_consumers_runner"), "cron_consumers_runner",
        ("cron_run", "max_messages", "consumers", "multiple_processes"),
    )  # fmt: skip
    place = "cron_consumers_runner"
    return Environment(
        amqp=_address(queue["amqp"]) if queue.get("amqp") else None,
        default_connection=documents.choice(
            queue["default_connection"], "queue.default_connection", ("db", "amqp")
        )
        if "default_connection" in queue
        else "",
        wait_for_messages=queue.get("consumers_wait_for_messages", 1)
        == 1,  # compared strictly (contract 8.1)
        only_spawn=documents.flag(
            queue.get("only_spawn_when_message_available", True), "queue.only_spawn_when_message_available"
        ),
        cron_run=documents.flag(cron.get("cron_run", True), f"{place}.cron_run"),
        max_messages=documents.number(cron.get("max_messages", 10_000), f"{place}.max_messages"),
        only_consumers=tuple(documents.numbered(cron.get("consumers"), f"{place}.consumers")),
        processes={
            name: many or 1
            for name, many in documents.numbered(
                cron.get("multiple_processes"), f"{place}.multiple_processes"
            ).items()
        },
        overrides={
            name: _override(entry, f"queue.consumers.{name}")
            for name, entry in documents.table(queue.get("consumers"), "queue.consumers").items()
        },
    )


OVERRIDES = {"connection": "connection", "queue": "queue", "maxMessages": "max_messages",
             "maxIdleTime": "max_idle_seconds", "sleep": "sleep_seconds"}  # fmt: skip


def _override(entry: Any, place: str) -> dict[str, Any]:
    words = documents.known(entry, place, tuple(OVERRIDES))
    return {OVERRIDES[name]: value for name, value in words.items()}


TEXTS = ("host", "user", "password", "virtualhost", "prefix")


def _address(entry: Any) -> Address:
    words = documents.known(entry, "queue.amqp", [*TEXTS, "port", "ssl", "ssl_options"])
    tls = str(words.pop("ssl", "")).lower() == "true"  # the text true and nothing else (contract 8.1)
    options = documents.table(words.pop("ssl_options", None), "queue.amqp.ssl_options")
    port = documents.number(words.pop("port", 5672), "queue.amqp.port")
    texts = {name: documents.name(value, f"queue.amqp.{name}") for name, value in words.items()}
    return Address(**texts, port=port, tls=tls, ssl_options=options)
