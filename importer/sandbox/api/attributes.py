"""Product attributes and their options."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from importer.sandbox.attributes import Attribute
from importer.sandbox.configurables import attribute_of
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.eav import PRODUCT_ENTITY
from importer.sandbox.errors import Crash, Refusal, invalid_value, required
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import ATTRIBUTE, ATTRIBUTE_OPTION

CHOICES = ("select", "multiselect")
BACKEND_TYPES = {"string": "varchar", "int": "int", "float": "decimal"}
CODE = re.compile(r"[a-z][a-z_0-9]{0,59}")
INPUTS: Mapping[str, str] = {
    "text": "string", "textarea": "string", "texteditor": "string", "date": "string", "datetime": "string",
    "boolean": "int", "select": "int", "multiselect": "string", "price": "float", "media_image": "string",
    "weight": "float", "gallery": "string",
}  # fmt: skip
YES_NO = {"Yes": "1", "No": "0"}


def shown(found: Attribute) -> Row:
    return {
        "attribute_id": found.id, "attribute_code": found.code, "frontend_input": found.input,
        "entity_type_id": str(PRODUCT_ENTITY), "is_required": found.required, "is_unique": str(int(found.unique)),
        "scope": found.scope, "is_user_defined": found.own, "default_frontend_label": found.label,
        "frontend_labels": [], "backend_type": BACKEND_TYPES[found.type], "apply_to": [], "options": options(found),
    }  # fmt: skip


def options(found: Attribute) -> list[dict[str, str]]:
    """Choices begin with an empty one."""
    if found.input not in (*CHOICES, "boolean"):
        return []
    empty = [{"label": " ", "value": ""}] if found.input in CHOICES else []
    return [*empty, *({"label": label, "value": value} for label, value in found.options.items())]


def _found(job: Job, code: str) -> Attribute:
    return attribute_of(job.entities.eav, code)


def _get(job: Job, args: Arguments) -> Row:
    return shown(_found(job, args["attributeCode"]))


def _list(job: Job, args: Arguments) -> Row:
    rows = (shown(one) for one in job.entities.eav.attributes.values())
    return search(rows, criteria(args["searchCriteria"]))


def _save(job: Job, args: Arguments) -> Row:
    """An id in the object, or a code that is known, makes it a change; code, input and owner never change."""
    sent = args["attribute"]
    if not isinstance(sent, dict):
        raise Crash
    code = job.raw.get("attributeCode") or sent.get("attribute_code") or ""
    if sent.get("attribute_id") or (code in job.entities.eav.attributes and "attributeCode" in job.raw):
        return shown(_change(job, _found(job, code or str(sent.get("attribute_id"))), sent))
    return shown(_create(job, sent))


def _change(job: Job, before: Attribute, sent: Mapping[str, Any]) -> Attribute:
    required_now = before.required if sent.get("is_required") is None else sent["is_required"]
    label, scope = _label(sent) or before.label, sent.get("scope") or before.scope
    changed = job.entities.eav.put(replace(before, label=label, scope=scope, required=required_now))
    job.wrote("attribute", before.code, "updated")
    return _with_options(job, changed, sent)


def _create(job: Job, sent: Mapping[str, Any]) -> Attribute:
    label = _label(sent)
    if not label:
        raise required("frontend_label")
    code = sent.get("attribute_code") or re.sub(r"[^a-z_0-9]", "_", label.lower())[:30]
    if not CODE.fullmatch(code):
        raise invalid_value("attribute_code", code)
    kind = str(sent.get("frontend_input") or "")
    if kind not in INPUTS:
        raise invalid_value("frontend_input", kind)
    if code in job.entities.eav.attributes:
        raise Refusal(400, "An attribute with this code already exists.")
    made = job.entities.eav.put(
        Attribute(
            id=job.entities.eav.next_attribute_id(),
            code=code,
            label=label,
            input=kind,
            type=INPUTS[kind],
            scope=sent.get("scope") or "store",
            required=bool(sent.get("is_required")),
            unique=sent.get("is_unique") in ("1", "true"),
            options=YES_NO if kind == "boolean" else {},
        )
    )
    job.wrote("attribute", code, "created")
    return _with_options(job, made, sent)


def _label(sent: Mapping[str, Any]) -> str:
    labels = [one for one in sent.get("frontend_labels") or [] if one]
    of_admin = next((one.get("label") for one in labels if one.get("store_id") == 0), None)
    return str(sent.get("default_frontend_label") or of_admin or "")


def _with_options(job: Job, attribute: Attribute, sent: Mapping[str, Any]) -> Attribute:
    """Options in the object are added; one with the value of a known one gives it a new label."""
    given = [one for one in sent.get("options") or [] if one and str(one.get("label") or "").strip()]
    if not given or attribute.input not in CHOICES:
        return attribute
    by_value = {value: label for label, value in attribute.options.items()}
    merged: dict[str, str | None] = dict(attribute.options)
    for option in given:
        value = option.get("value")
        if value in by_value:
            merged.pop(by_value[value], None)
            merged[option["label"].strip()] = value
        else:
            merged.setdefault(option["label"].strip(), None)
    return job.entities.eav.with_options(attribute, merged)


def _delete(job: Job, args: Arguments) -> bool:
    found = _found(job, args["attributeCode"])
    if not found.own:
        raise Refusal(400, "The system attribute can't be deleted.")
    job.entities.eav.drop(found.code)
    job.wrote("attribute", found.code, "deleted")
    return True


def _options(job: Job, args: Arguments) -> list[dict[str, str]]:
    return options(_found(job, args["attributeCode"]))


def _add_option(job: Job, args: Arguments) -> str:
    """The number of the new option, as a text."""
    found = _with_choices(job, args["attributeCode"])
    sent = args["option"]
    if not isinstance(sent, dict):
        raise Crash
    label = str(sent.get("label") or "").strip()
    if not label:
        raise Refusal(400, "The attribute option label is empty. Enter the value and try again.")
    if label.lower() in {known.lower() for known in found.options}:
        raise Refusal(400, 'Admin store attribute option label "%1" is already exists.', [sent["label"]])
    changed = job.entities.eav.with_options(found, {**found.options, label: None})
    job.wrote("attribute_option", f"{found.code}/{label}", "created")
    return changed.options[label]


def _with_choices(job: Job, code: str) -> Attribute:
    found = _found(job, code)
    if found.input not in CHOICES:
        raise Refusal(400, 'The "%1" attribute doesn\'t work with options.', [code])
    return found


def _delete_option(job: Job, args: Arguments) -> bool:
    found = _with_choices(job, args["attributeCode"])
    left = {label: value for label, value in found.options.items() if value != args["optionId"]}
    if len(left) == len(found.options):
        text = 'The "%1" attribute doesn\'t include an option with "%2" ID.'
        raise Refusal(404, text, [found.code, args["optionId"]])
    job.entities.eav.put(replace(found, options=left))
    job.wrote("attribute_option", f"{found.code}/{args['optionId']}", "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Catalog\Api\ProductAttributeRepositoryInterface",
        r"Magento\Catalog\Model\Product\Attribute\Repository",
        get=({"attributeCode": "string"}, _get, ATTRIBUTE),
        getList=({"searchCriteria": "search criteria"}, _list, [ATTRIBUTE]),
        save=({"attribute": ATTRIBUTE}, _save, ATTRIBUTE),
        deleteById=({"attributeCode": "string"}, _delete, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\ProductAttributeOptionManagementInterface",
        r"Magento\Catalog\Model\Product\Attribute\OptionManagement",
        getItems=({"attributeCode": "string"}, _options, [ATTRIBUTE_OPTION]),
        add=({"attributeCode": "string", "option": ATTRIBUTE_OPTION}, _add_option, "string"),
        delete=({"attributeCode": "string", "optionId": "string"}, _delete_option, "boolean"),
    ),
)
