"""Options and children of configurable products, by SKU."""

from importer.sandbox import configurables, merging
from importer.sandbox.configurables import CHILDREN, CONFIGURABLE, OPTIONS
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.records import Row
from importer.sandbox.shapes import CONFIGURABLE_OPTION, PRODUCT

NO_OPTIONS = "The parent product doesn't have configurable product options."
NO_VALUE = 'The child product doesn\'t have the "%1" attribute value. Verify the value and try again.'


def _parent(job: Job, sku: str) -> Row:
    product = job.entities.products.get(sku)
    if product["type_id"] != CONFIGURABLE:
        raise Refusal(400, "Only implemented for configurable product: %1", [sku])
    return product


def _changed(job: Job, product: Row, extension: Row) -> Row:
    saved = {
        **product,
        "updated_at": job.now,
        "extension_attributes": {**product["extension_attributes"], **extension},
    }
    job.wrote("product", product["sku"], "updated")
    return job.entities.products.replace(saved)


def _children(job: Job, args: Arguments) -> list[Row]:
    product = job.entities.products.get(args["sku"])
    numbers = product["extension_attributes"].get(CHILDREN, [])
    return [job.entities.products.by_id(number) for number in numbers]


def _add_child(job: Job, args: Arguments) -> bool:
    products = job.entities.products
    product, child = products.get(args["sku"]), products.get(args["childSku"])
    extension = product["extension_attributes"]
    children = extension.get(CHILDREN, [])
    if child["id"] in children:
        raise Refusal(400, "The product is already attached.")
    if not extension.get(OPTIONS):
        raise Refusal(400, NO_OPTIONS)
    values = merging.attribute_values(child)
    codes = _codes(job, product)
    for code in codes:
        if not values.get(code):
            raise Refusal(400, NO_VALUE, [code])
    linked = [*children, child["id"]]
    configurables.check_children(codes, linked, products)
    _changed(job, product, {CHILDREN: linked})
    return True


def _codes(job: Job, product: Row) -> list[str]:
    by_id = {str(one.id): one.code for one in job.entities.eav.attributes.values()}
    return [by_id[option["attribute_id"]] for option in product["extension_attributes"][OPTIONS]]


def _remove_child(job: Job, args: Arguments) -> bool:
    product = job.entities.products.get(args["sku"])
    if product["type_id"] != CONFIGURABLE:
        raise Refusal(400, 'The product with the "%1" SKU isn\'t a configurable product.', [args["sku"]])
    children = _children(job, args)
    left = [child["id"] for child in children if child["sku"] != args["childSku"]]
    if len(left) == len(children):
        raise Refusal(404, "The option that was requested doesn't exist. Verify the entity and try again.")
    _changed(job, product, {CHILDREN: left})
    return True


def _options(job: Job, args: Arguments) -> list[Row]:
    options: list[Row] = _parent(job, args["sku"])["extension_attributes"][OPTIONS]
    return options


def _option(job: Job, args: Arguments) -> Row:
    for option in _options(job, args):
        if option["id"] == args["id"]:
            return option
    text = 'The "%1" entity that was requested doesn\'t exist. Verify the entity and try again.'
    raise Refusal(404, text, [args["id"]])


def _save_option(job: Job, args: Arguments) -> int:
    """A new option, or a change of one that has an id. A simple product becomes a configurable one."""
    option = args["option"]
    if not isinstance(option, dict):
        raise Crash
    number = option.get("id")
    return _change_option(job, args["sku"], option) if number else _new_option(job, args["sku"], option)


def _change_option(job: Job, sku: str, option: Row) -> int:
    product = _parent(job, sku)
    options = product["extension_attributes"][OPTIONS]
    number: int = option["id"]
    if number not in {one["id"] for one in options}:
        raise Refusal(404, 'Option with id "%1" not found', [number])
    words = {name: value for name, value in option.items() if value is not None and name != "attribute_id"}
    _changed(job, product, {OPTIONS: [{**one, **words} if one["id"] == number else one for one in options]})
    return number


def _new_option(job: Job, sku: str, option: Row) -> int:
    configurables.check_option(option)
    product = job.entities.products.get(sku)
    if product["type_id"] not in ("simple", "virtual", CONFIGURABLE):
        raise Refusal(500, "Incompatible product type")
    known = product["extension_attributes"].get(OPTIONS, [])
    attribute = configurables.attribute_of(job.entities.eav, option["attribute_id"])
    if str(attribute.id) in {one["attribute_id"] for one in known}:
        raise Refusal(400, "The product already has this option.")
    number: int = max((one["id"] for one in known), default=product["id"] * 100) + 1
    made = configurables.stored_option(option, attribute, number, product["id"], len(known))
    children = product["extension_attributes"].get(CHILDREN, [])
    _changed(job, {**product, "type_id": CONFIGURABLE}, {OPTIONS: [*known, made], CHILDREN: children})
    return number


def _delete_option(job: Job, args: Arguments) -> bool:
    """The children go with the option, as they do in Magento."""
    gone = _option(job, args)
    product = _parent(job, args["sku"])
    left = [one for one in product["extension_attributes"][OPTIONS] if one["id"] != gone["id"]]
    _changed(job, product, {OPTIONS: left, CHILDREN: []})
    return True


SERVICES = (
    *interface(
        r"Magento\ConfigurableProduct\Api\LinkManagementInterface",
        r"Magento\ConfigurableProduct\Model\LinkManagement",
        getChildren=({"sku": "string"}, _children, [PRODUCT]),
        addChild=({"sku": "string", "childSku": "string"}, _add_child, "boolean"),
        removeChild=({"sku": "string", "childSku": "string"}, _remove_child, "boolean"),
    ),
    *interface(
        r"Magento\ConfigurableProduct\Api\OptionRepositoryInterface",
        r"Magento\ConfigurableProduct\Model\OptionRepository",
        get=({"sku": "string", "id": "int"}, _option, CONFIGURABLE_OPTION),
        getList=({"sku": "string"}, _options, [CONFIGURABLE_OPTION]),
        save=({"sku": "string", "option": CONFIGURABLE_OPTION}, _save_option, "int"),
        deleteById=({"sku": "string", "id": "int"}, _delete_option, "boolean"),
    ),
)
