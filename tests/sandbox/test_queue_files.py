"""The four files of the message queue: what they may say, how they are merged, and how they are refused."""

import re
from itertools import product as choices
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from importer.sandbox.queue_config import MASS_CONSUMER
from importer.sandbox.queue_files import QueueFileError, read_queue_files
from importer.sandbox.wildcards import matches

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(['<?xml version="1.0"?>', f"<config {XSI}>", *lines, "</config>"]))
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(QueueFileError) as caught:
        read_queue_files((folder,))
    return str(caught.value).replace(str(folder), "DIR")


def test_the_shops_own_files_bind_every_asynchronous_call_to_one_queue() -> None:
    config = read_queue_files()

    assert list(config.consumers) == ["async.operations.all"]
    assert config.queues("async.magento.catalog.api.x.save.post", "amqp", "magento") == [
        "async.operations.all"
    ]
    assert config.queues("other.topic", "amqp", "magento") == []
    assert config.publisher("async.anything") == ("amqp", "magento")


def test_a_module_adds_its_own_queue_and_consumer(tmp_path: Path) -> None:
    write(
        tmp_path, "queue_topology.xml",
        '<exchange name="magento" type="topic" connection="amqp">',
        '  <binding id="own" topic="async.magento.catalog.#" destination="own.catalog">',
        '    <arguments><argument name="x-message-ttl" xsi:type="string">5000</argument></arguments>',
        "  </binding>",
        "</exchange>",
    )  # fmt: skip
    write(
        tmp_path, "queue_consumer.xml",
        f'<consumer name="own" queue="own.catalog" connection="amqp" consumerInstance="{MASS_CONSUMER}"',
        ' maxMessages="7" sleep="2" maxIdleTime="30" onlySpawnWhenMessageAvailable="false"/>',
    )  # fmt: skip
    config = read_queue_files((tmp_path,))
    own = config.consumers["own"]

    assert config.queues("async.magento.catalog.x.save.post", "amqp", "magento") == [
        "async.operations.all",
        "own.catalog",
    ]
    assert (own.max_messages, own.sleep_seconds, own.max_idle_seconds) == (7, 2.0, 30.0)
    assert own.only_spawn is True  # boolval of the text, as in Magento
    assert config.bindings["magento", "amqp", "own"].arguments == {"x-message-ttl": 5000}
    assert str(config.bindings["magento", "amqp", "own"].place).endswith("queue_topology.xml, line 4")


def test_a_module_can_disable_a_binding_and_rename_a_publisher(tmp_path: Path) -> None:
    write(
        tmp_path, "queue_topology.xml",
        '<exchange name="magento" type="topic">',
        '<binding id="async.operations.all" topic="async.#" destination="async.operations.all" disabled="true"/>',
        "</exchange>",
    )  # fmt: skip
    write(
        tmp_path, "queue_publisher.xml",
        '<publisher topic="async.a"><connection name="db" exchange="other"/>',
        '<connection name="amqp" disabled="true"/></publisher>',
    )  # fmt: skip
    config = read_queue_files((tmp_path,))

    assert config.queues("async.a", "amqp", "magento") == []
    assert config.publisher("async.a") == ("db", "other")


def test_bindings_are_merged_by_id_on_244_and_by_destination_and_topic_later(tmp_path: Path) -> None:
    write(
        tmp_path, "queue_topology.xml",
        '<exchange name="magento" type="topic">',
        '<binding id="async.operations.all" topic="async.magento.#" destination="async.operations.all"/>',
        "</exchange>",
    )  # fmt: skip

    assert len(read_queue_files((tmp_path,), bindings_by_id=True).bindings) == 1
    assert len(read_queue_files((tmp_path,), bindings_by_id=False).bindings) == 2


@pytest.mark.parametrize(
    ("name", "lines", "sentence"),
    [
        ("queue_consumer.xml", ['<consumer queue="q"/>'], "line 3: <consumer> needs the attribute name."),
        ("queue_consumer.xml", ["", '<consumer nam="q"/>'], "line 4: <consumer> has no attribute nam."),
        ("queue_consumer.xml", ['<consumer name="q"/>'], "this shop only has consumers of the instance"),
        ("queue_consumer.xml", ['<consumer name="q" maxMessages="x"/>'],
         "line 3: maxMessages must be a whole number, not x."),
        ("queue_topology.xml", ['<consumer name="q"/>'], "line 3: <consumer> does not belong into queue_topology.xml."),
        ("queue_topology.xml", ['<exchange name="e"><queue/></exchange>'], "line 3: <queue> does not belong here;"),
        ("queue_topology.xml", ['<exchange name="e" type="fanout"/>'], "line 3: only exchanges of the type topic"),
        ("queue_topology.xml", ['<exchange name="e" durable="yes"/>'], "line 3: durable must be true or false, not yes."),
        ("queue_topology.xml", ['<exchange name="e">', '<binding id="b" destination="q"/></exchange>'],
         "line 4: <binding> needs the attribute topic."),
        ("queue_publisher.xml", ['<publisher topic="t"><connection name="db"/>', '<connection name="amqp"/></publisher>'],
         "line 3: More than 1 enabled connections configured for publisher t."),
        ("communication.xml", ['<topic name="t"/>'], "line 3: the topic t needs either request or schema."),
        ("communication.xml", ['<topic name="t" schema="X"/>'], "line 3: schema must look like Class::method, not X."),
        ("communication.xml", ['<topic name="t"'], "line 4: not well-formed"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_file_and_line(
    tmp_path: Path, name: str, lines: list[str], sentence: str
) -> None:
    told = refused(write(tmp_path / "etc", name, *lines))

    assert told.startswith(f"DIR/{name}, line ")
    assert sentence in told


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE config [<!ENTITY x "y">]>',
        '<!DOCTYPE config SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE config [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>',
        "<!DOCTYPE config>",
    ],
)
def test_dtds_and_entities_are_refused(tmp_path: Path, head: str) -> None:
    (tmp_path / "communication.xml").write_text(f'<?xml version="1.0"?>\n{head}\n<config/>')

    assert (
        refused(tmp_path) == "DIR/communication.xml, line 2: DTDs and entities are refused; leave them out."
    )


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path) -> None:
    assert "holds none of communication.xml, queue_topology.xml" in refused(tmp_path)


def slow_match(pattern: list[str], topic: list[str]) -> bool:
    """The definition, word by word."""
    if not pattern:
        return not topic
    if pattern[0] == "#":
        return any(slow_match(pattern[1:], topic[place:]) for place in range(len(topic) + 1))
    return bool(topic) and pattern[0] in ("*", topic[0]) and slow_match(pattern[1:], topic[1:])


WORDS = st.lists(st.sampled_from(["a", "b", "#", "*"]), min_size=1, max_size=5)


@given(WORDS)
def test_wildcards_match_as_they_are_defined(pattern: list[str]) -> None:
    for length in range(1, 5):
        for topic in choices("ab", repeat=length):
            assert matches(".".join(pattern), ".".join(topic)) == slow_match(pattern, list(topic))


def test_a_dot_of_a_pattern_is_a_dot() -> None:
    assert not matches("a.b", "axb")
    assert re.fullmatch("a.b", "axb")
