"""Attribute sets, the groups in them, and which attributes they hold."""

from typing import Any

from importer.sandbox.api import attributes
from importer.sandbox.configurables import attribute_of
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.eav import PRODUCT_ENTITY
from importer.sandbox.errors import Crash, Refusal, invalid_value, no_entity
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import ATTRIBUTE, ATTRIBUTE_GROUP, ATTRIBUTE_SET

DEFAULT_SET = 4


def shown(row: Row) -> Row:
    return {word: value for word, value in row.items() if word != "attributes"}


def _found(job: Job, number: Any) -> Row:
    row = job.entities.eav.sets.get(number)
    if row is None:
        raise no_entity("id", number)
    return row


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Crash
    return value


def _list(job: Job, args: Arguments) -> Row:
    return search((shown(row) for row in job.entities.eav.sets), criteria(args["searchCriteria"]))


def _get(job: Job, args: Arguments) -> Row:
    return shown(_found(job, args["attributeSetId"]))


def _create(job: Job, args: Arguments) -> Row:
    """A new set begins as a copy of its skeleton, groups included."""
    sent, skeleton_id = _object(args["attributeSet"]), args["skeletonId"]
    if sent.get("attribute_set_id") is not None:
        raise invalid_value("id", sent["attribute_set_id"])
    if skeleton_id == 0:
        raise invalid_value("skeletonId", skeleton_id)
    skeleton = _found(job, skeleton_id)
    name = _checked_name(job, sent, None)
    eav = job.entities.eav
    number = eav.sets.next_id()
    groups = [group for group in list(eav.groups) if group["attribute_set_id"] == skeleton_id]
    copies = {
        int(one["attribute_group_id"]): eav.add_group(number, one["attribute_group_name"]) for one in groups
    }
    members = {code: copies.get(group, group) for code, group in skeleton["attributes"].items()}
    row = eav.put_set({
        "attribute_set_id": number, "attribute_set_name": name, "sort_order": sent.get("sort_order") or 0,
        "entity_type_id": PRODUCT_ENTITY, "attributes": members,
    })  # fmt: skip
    job.wrote("attribute_set", number, "created")
    return shown(row)


def _checked_name(job: Job, sent: Row, number: Any) -> str:
    name = str(sent.get("attribute_set_name") or "").strip()
    if not name:
        raise Refusal(400, "The attribute set name is empty. Enter the name and try again.")
    for row in job.entities.eav.sets:
        if row["attribute_set_name"].lower() == name.lower() and row["attribute_set_id"] != number:
            text = 'A "%1" attribute set name already exists. Create a new name and try again.'
            raise Refusal(400, text, [name])
    return name


def _save(job: Job, args: Arguments) -> Row:
    sent = _object(args["attributeSet"])
    row = _found(job, sent.get("attribute_set_id"))
    name = _checked_name(job, {**row, **sent}, row["attribute_set_id"])
    job.wrote("attribute_set", row["attribute_set_id"], "updated")
    return shown(job.entities.eav.put_set({**row, "attribute_set_name": name}))


def _delete(job: Job, args: Arguments) -> bool:
    """The products of a set go with it; the default one stays."""
    row = _found(job, args["attributeSetId"])
    if row["attribute_set_id"] == DEFAULT_SET:
        raise Refusal(400, "The default attribute set can't be deleted.")
    for product in list(job.entities.products):
        if product["attribute_set_id"] == row["attribute_set_id"]:
            job.entities.products.delete(product["sku"])
    job.entities.eav.drop_set(row["attribute_set_id"])
    job.wrote("attribute_set", row["attribute_set_id"], "deleted")
    return True


def _members(job: Job, args: Arguments) -> list[Row]:
    known = job.entities.eav.attributes
    return [attributes.shown(known[code]) for code in _found(job, args["attributeSetId"])["attributes"]]


def _assign(job: Job, args: Arguments) -> str:
    number, group_id = args["attributeSetId"], args["attributeGroupId"]
    eav = job.entities.eav
    row = eav.sets.get(number)
    if row is None:
        raise Refusal(
            404,
            'The AttributeSet with a "%1" ID doesn\'t exist. Verify the attributeSet and try again.',
            [number],
        )
    group = eav.groups.get(group_id)
    if group is None:
        raise no_entity("id", group_id)
    if group["attribute_set_id"] != number:
        raise Refusal(400, "The attribute group doesn't belong to the attribute set.")
    found = attribute_of(eav, args["attributeCode"])
    eav.put_set({**row, "attributes": {**row["attributes"], found.code: group_id}})
    job.wrote("attribute_set", number, "updated")
    return str(found.id)


def _unassign(job: Job, args: Arguments) -> bool:
    number = args["attributeSetId"]
    row = job.entities.eav.sets.get(number)
    if row is None:
        raise Refusal(404, 'The "%1" attribute set wasn\'t found. Verify and try again.', [number])
    found = attribute_of(job.entities.eav, args["attributeCode"])
    if found.code not in row["attributes"]:
        raise Refusal(
            400,
            'The "%1" attribute wasn\'t found in the "%2" attribute set. Enter the attribute and try again.',
            [found.code, number],
        )
    if not found.own:
        raise Refusal(400, "The system attribute can't be deleted.")
    rest = {code: group for code, group in row["attributes"].items() if code != found.code}
    job.entities.eav.put_set({**row, "attributes": rest})
    job.wrote("attribute_set", number, "updated")
    return True


def _groups(job: Job, args: Arguments) -> Row:
    return search(job.entities.eav.groups, criteria(args["searchCriteria"]))


def _save_group(job: Job, args: Arguments) -> Row:
    sent = _object(args["group"])
    name = sent.get("attribute_group_name")
    if not name:
        raise invalid_value("attributeGroupName", name)
    groups = job.entities.eav.groups
    number = sent.get("attribute_group_id")
    if number:
        before = groups.get(number)
        if before is None:
            raise no_entity("attributeGroupId", number)
        return groups.put(number, {**before, "attribute_group_name": name})
    made = job.entities.eav.add_group(_found(job, sent.get("attribute_set_id"))["attribute_set_id"], name)
    job.wrote("attribute_group", made, "created")
    return groups.rows[str(made)]


def _delete_group(job: Job, args: Arguments) -> bool:
    group = job.entities.eav.groups.get(args["groupId"])
    if group is None:
        raise no_entity("id", args["groupId"])
    members = _found(job, group["attribute_set_id"])["attributes"].items()
    known = job.entities.eav.attributes
    if any(str(place) == group["attribute_group_id"] and not known[code].own for code, place in members):
        raise Refusal(400, "The attribute group can't be deleted because it contains system attributes.")
    job.entities.eav.groups.drop(args["groupId"])
    job.wrote("attribute_group", args["groupId"], "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Catalog\Api\AttributeSetRepositoryInterface",
        r"Magento\Catalog\Model\Product\Attribute\SetRepository",
        getList=({"searchCriteria": "search criteria"}, _list, [ATTRIBUTE_SET]),
        get=({"attributeSetId": "int"}, _get, ATTRIBUTE_SET),
        save=({"attributeSet": ATTRIBUTE_SET}, _save, ATTRIBUTE_SET),
        deleteById=({"attributeSetId": "int"}, _delete, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\AttributeSetManagementInterface",
        r"Magento\Catalog\Model\Product\Attribute\SetManagement",
        create=({"attributeSet": ATTRIBUTE_SET, "skeletonId": "int"}, _create, ATTRIBUTE_SET),
    ),
    *interface(
        r"Magento\Catalog\Api\ProductAttributeManagementInterface",
        r"Magento\Catalog\Model\Product\Attribute\Management",
        getAttributes=({"attributeSetId": "int"}, _members, [ATTRIBUTE]),
        assign=(
            {"attributeSetId": "int", "attributeGroupId": "int", "attributeCode": "string", "sortOrder": "int"},
            _assign, "int",
        ),
        unassign=({"attributeSetId": "int", "attributeCode": "string"}, _unassign, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\ProductAttributeGroupRepositoryInterface",
        r"Magento\Catalog\Model\ProductAttributeGroupRepository",
        getList=({"searchCriteria": "search criteria"}, _groups, [ATTRIBUTE_GROUP]),
        save=({"group": ATTRIBUTE_GROUP}, _save_group, ATTRIBUTE_GROUP),
        deleteById=({"groupId": "int"}, _delete_group, "boolean"),
    ),
)  # fmt: skip
