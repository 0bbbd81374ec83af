"""What the shop keeps: entities survive a restart, other processes see them, a reset forgets them."""

from pathlib import Path

from importer.sandbox import services
from importer.sandbox.catalog import load_catalog
from importer.sandbox.errors import Refusal
from importer.sandbox.records import Records
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.sandbox.state import State
from tests.sandbox.conftest import product, with_attributes

SAVE = services.of_topic("async.magento.catalog.api.productrepositoryinterface.save.post")
DELETE = services.of_topic("async.magento.catalog.api.productrepositoryinterface.deletebyid.delete")
CREATE = services.of_topic("async.magento.customer.api.accountmanagementinterface.createaccount.post")
OPTION = services.of_topic("async.magento.catalog.api.productattributeoptionmanagementinterface.add.post")


def shop(path: Path | None) -> Shop:
    return Shop(catalog=load_catalog(), token="t", setup=Setup(state=path))


def person(email: str) -> dict[str, object]:
    return {"customer": {"email": email, "firstname": "A", "lastname": "B"}}


def refused(one: Shop, item: object) -> str:
    try:
        one.call(SAVE, item)
    except Refusal as refusal:
        return refusal.message
    return ""


def test_entities_survive_a_restart(tmp_path: Path) -> None:
    first = shop(tmp_path / "state.db")
    saved = first.call(SAVE, product("a"))
    first.call(CREATE, person("a@example.com"))
    number = first.call(OPTION, {"attributeCode": "color", "option": {"label": "Teal"}})
    first.call(SAVE, product("b"))
    first.call(DELETE, {"sku": "b"})
    first.state.close()

    second = shop(tmp_path / "state.db")
    assert second.products.get("a") == saved
    assert [row["sku"] for row in second.products] == ["a"]
    assert [row["email"] for row in second.entities.customers] == ["a@example.com"]
    assert second.entities.eav.attributes["color"].options["Teal"] == number
    assert second.call(SAVE, product("c"))["id"] == 3  # the number of b is not given again
    assert refused(second, product("d", name="Product a")) == "URL key for specified store already exists."


def test_two_processes_see_what_the_other_wrote(tmp_path: Path) -> None:
    server, consumer = shop(tmp_path / "state.db"), shop(tmp_path / "state.db")
    consumer.call(SAVE, product("a"))
    server.call(SAVE, product("b"))
    consumer.call(OPTION, {"attributeCode": "color", "option": {"label": "Teal"}})
    teal = consumer.entities.eav.attributes["color"].options["Teal"]

    assert server.call(SAVE, with_attributes("c", color=teal))["id"] == 3
    assert refused(consumer, product("d", name="Product c")) == "URL key for specified store already exists."
    server.call(DELETE, {"sku": "c"})
    assert refused(consumer, product("d", name="Product c")) == ""
    assert sorted(row["sku"] for row in consumer.products) == ["a", "b", "d"]


def test_a_dump_shows_every_entity_and_a_reset_forgets_them(tmp_path: Path) -> None:
    one = shop(tmp_path / "state.db")
    one.call(SAVE, product("a"))
    dumped = one.records.dump()
    one.entities.reset(one.now())

    assert [row["sku"] for row in dumped["product"]] == ["a"]
    assert {"attribute", "attribute_set", "category", "customer_group", "product", "tax_class"} <= set(dumped)
    assert len(one.products) == 0
    assert len(one.entities.eav.attributes) == len(dumped["attribute"])
    one.state.close()
    assert len(shop(tmp_path / "state.db").products) == 0


def test_without_a_state_file_nothing_is_written(tmp_path: Path) -> None:
    one = shop(None)
    one.call(SAVE, product("a"))

    assert not one.records.kept
    assert list(tmp_path.iterdir()) == []


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    table = Records(State(tmp_path / "state.db")).table("thing")

    assert [table.next_id(5), table.next_id(), table.next_id(20), table.next_id()] == [5, 6, 20, 21]


def test_a_refused_write_leaves_the_file_usable(tmp_path: Path) -> None:
    one = shop(tmp_path / "state.db")

    assert refused(one, product("a", price=-1)) == "Please enter a number 0 or greater in this field."
    assert one.call(SAVE, product("a"))["sku"] == "a"
