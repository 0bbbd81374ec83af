"""Reading communication.xml, queue_topology.xml, queue_publisher.xml and queue_consumer.xml (contract 8.2 to 8.5).

The shop's own four lie in `etc/`; a module's folder adds to them and overrides by the keys that Magento merges by.
DTDs and entities are refused before anything is read.
"""

import xml.sax
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.handler import ContentHandler

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from importer.sandbox.queue_config import (
    MASS_CONSUMER,
    Binding,
    ConsumerConfig,
    Place,
    Publisher,
    QueueConfig,
    Topic,
)

OWN = Path(__file__).parent / "etc"
TRUE, FALSE = ("true", "1"), ("false", "0")
CLASS = "Magento\\Framework\\MessageQueue\\Consumer"


class QueueFileError(Exception):
    """A file cannot be used; one sentence names the file, the line, and what belongs there."""


@dataclass(kw_only=True)
class Element:
    name: str
    attributes: Mapping[str, str]
    place: Place
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def required(self, name: str) -> str:
        if not self.attributes.get(name):
            raise QueueFileError(f"{self.place}: <{self.name}> needs the attribute {name}.")
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def flag(self, name: str, *, default: bool = False) -> bool:
        word = self.attributes.get(name)
        if word is None:
            return default
        if word not in TRUE + FALSE:
            raise QueueFileError(f"{self.place}: {name} must be true or false, not {word}.")
        return word in TRUE

    def number(self, name: str) -> float | None:
        word = self.attributes.get(name)
        if word is None:
            return None
        if not word.isdecimal():
            raise QueueFileError(f"{self.place}: {name} must be a whole number, not {word}.")
        return float(word)


ALLOWED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "config": ((), ("topic", "exchange", "publisher", "consumer")),
    "topic": (("name", "request", "response", "schema", "is_synchronous"), ("handler",)),
    "handler": (("name", "type", "method", "disabled"), ()),
    "exchange": (("name", "type", "connection", "durable", "autoDelete", "internal"), ("binding", "arguments")),
    "binding": (("id", "topic", "destinationType", "destination", "disabled"), ("arguments",)),
    "arguments": ((), ("argument",)),
    "argument": (("name", "xsi:type"), ()),
    "publisher": (("topic", "disabled"), ("connection",)),
    "connection": (("name", "exchange", "disabled"), ()),
    "consumer": (
        ("name", "queue", "handler", "consumerInstance", "connection", "maxMessages", "maxIdleTime", "sleep",
         "onlySpawnWhenMessageAvailable"), (),
    ),
}  # fmt: skip
"""Element -> the attributes and the children that it may have."""


class _Reader(ContentHandler):
    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._stack: list[Element] = []
        self.root: Element | None = None

    def startElement(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:  # noqa: N802 - SAX's name
        line = self._locator.getLineNumber() if self._locator else 0  # type: ignore[attr-defined]
        words = {key: value for key, value in attrs.items() if not key.startswith(("xmlns", "xsi:no"))}
        element = Element(name=name, attributes=words, place=Place(file=self._file, line=line))
        self._check(element)
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self.root = element
        self._stack.append(element)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        self._stack.pop()

    def characters(self, content: str) -> None:
        self._stack[-1].text += content

    def _check(self, element: Element) -> None:
        parents = ALLOWED[self._stack[-1].name][1] if self._stack else ("config",)
        if element.name not in parents:
            allowed = " or ".join(f"<{word}>" for word in parents) or "nothing"
            raise QueueFileError(f"{element.place}: <{element.name}> does not belong here; {allowed} does.")
        for name in element.attributes:
            if name not in ALLOWED[element.name][0]:
                raise QueueFileError(f"{element.place}: <{element.name}> has no attribute {name}.")


def read_queue_files(
    folders: Sequence[Path] = (), *, default_connection: str = "amqp", bindings_by_id: bool = True
) -> QueueConfig:
    """The shop's own files and those of the modules, in this order. `bindings_by_id`: how 2.4.4 merges; later ones
    merge by destination and topic. Raises QueueFileError."""
    config = QueueConfig(default_connection=default_connection, bindings_by_id=bindings_by_id)
    for folder in (OWN, *folders):
        found = [name for name in FILES if (folder / name).is_file()]
        if not found:
            raise QueueFileError(f"{folder} holds none of {', '.join(FILES)}.")
        for name in found:
            for element in _root(folder / name).children:
                if element.name != FILES[name][0]:
                    raise QueueFileError(f"{element.place}: <{element.name}> does not belong into {name}.")
                FILES[name][1](config, element)
    _check_consumers(config)
    return config


def _root(path: Path) -> Element:
    reader = _Reader(str(path))
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(reader)
    try:
        with path.open("rb") as file:
            parser.parse(file)
    except DefusedXmlException:
        raise QueueFileError(
            f"{path}, line {parser.getLineNumber()}: DTDs and entities are refused; leave them out."
        ) from None
    except xml.sax.SAXParseException as error:
        raise QueueFileError(f"{path}, line {error.getLineNumber()}: {error.getMessage()}.") from None
    except OSError as error:
        raise QueueFileError(f"{path} cannot be read: {error.strerror}.") from None
    if reader.root is None:
        raise QueueFileError(f"{path}, line 1: <config> belongs here.")
    return reader.root


def _topic(config: QueueConfig, element: Element) -> None:
    name, request, schema = element.required("name"), element.get("request"), element.get("schema")
    if bool(request) == bool(schema):
        raise QueueFileError(f"{element.place}: the topic {name} needs either request or schema.")
    if schema and "::" not in schema:
        raise QueueFileError(f"{element.place}: schema must look like Class::method, not {schema}.")
    before = config.topics.get(name)
    handlers = dict(before.handlers) if before else {}
    for child in element.children:
        key, target = child.required("name"), f"{child.required('type')}::{child.required('method')}"
        handlers.pop(key, None)
        if not child.flag("disabled"):
            handlers[key] = target
    config.topics[name] = Topic(
        name=name, request=request, response=element.get("response"), schema=schema, handlers=handlers,
        synchronous=element.flag("is_synchronous", default=bool(element.get("response"))), place=element.place,
    )  # fmt: skip


def _exchange(config: QueueConfig, element: Element) -> None:
    name, connection = element.required("name"), element.get("connection") or config.default_connection
    if element.get("type", "topic") != "topic":
        raise QueueFileError(f"{element.place}: only exchanges of the type topic are possible.")
    config.exchanges[name, connection] = {
        "durable": element.flag("durable", default=True),
        "auto_delete": element.flag("autoDelete"),
        "internal": element.flag("internal"),
    }
    for child in element.children:
        if child.name == "binding":
            _binding(config, child, (name, connection))


def _binding(config: QueueConfig, element: Element, exchange: tuple[str, str]) -> None:
    key, topic, queue = element.required("id"), element.required("topic"), element.required("destination")
    if element.get("destinationType", "queue") != "queue":
        raise QueueFileError(f"{element.place}: only the destinationType queue is possible.")
    arguments = {one.required("name"): _argument(one) for block in element.children for one in block.children}
    merged = (*exchange, key) if config.bindings_by_id else (*exchange, queue, topic)
    config.bindings[merged] = Binding(
        id=key, exchange=exchange[0], connection=exchange[1], topic=topic, queue=queue, arguments=arguments,
        disabled=element.flag("disabled"), place=element.place,
    )  # fmt: skip


def _argument(element: Element) -> str | int | bool:
    """Numbers are sent as integers, whatever their type says (contract 8.4)."""
    text = element.text.strip()
    if element.get("xsi:type") == "boolean":
        return text in TRUE
    return int(text) if text.lstrip("-").isdecimal() else text


def _publisher(config: QueueConfig, element: Element) -> None:
    topic = element.required("topic")
    if element.flag("disabled"):
        config.publishers.pop(topic, None)
        return
    enabled = [child for child in element.children if not child.flag("disabled")]
    if len(enabled) > 1:
        raise QueueFileError(
            f"{element.place}: More than 1 enabled connections configured for publisher {topic}."
        )
    config.publishers[topic] = Publisher(
        topic=topic,
        connection=(enabled[0].get("name") if enabled else "") or config.default_connection,
        exchange=enabled[0].get("exchange", "magento") if enabled else "magento",
        place=element.place,
    )


def _consumer(config: QueueConfig, element: Element) -> None:
    name = element.required("name")
    only_spawn = element.attributes.get("onlySpawnWhenMessageAvailable")
    config.consumers[name] = ConsumerConfig(
        name=name,
        queue=element.get("queue") or name,
        connection=element.get("connection") or config.default_connection,
        handler=element.get("handler"),
        instance=element.get("consumerInstance") or CLASS,
        max_messages=int(element.number("maxMessages") or 0),
        max_idle_seconds=element.number("maxIdleTime"),
        sleep_seconds=element.number("sleep") or 1.0,
        only_spawn=None
        if only_spawn is None
        else only_spawn not in ("", "0"),  # "false" counts as true (contract 8.5)
        place=element.place,
    )


def _check_consumers(config: QueueConfig) -> None:
    for consumer in config.consumers.values():
        if consumer.instance.lstrip("\\") != MASS_CONSUMER:
            raise QueueFileError(
                f"{consumer.place}: this shop only has consumers of the instance {MASS_CONSUMER}."
            )


FILES: Mapping[str, tuple[str, Callable[[QueueConfig, Element], None]]] = {
    "communication.xml": ("topic", _topic),
    "queue_topology.xml": ("exchange", _exchange),
    "queue_publisher.xml": ("publisher", _publisher),
    "queue_consumer.xml": ("consumer", _consumer),
}
"""File -> what stands in it, and who reads that."""
