"""What differs between the Magentos that this shop can be (contract 0, 5.6, 6.2, 6.5, 7.5): one line for each."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Version:
    """`store_in_payload`: the store travels in `serialized_data`, before in a header of the message. `search_by_key`:
    a page of the operation search with two operations of one key fails (S8). `wildcards_in_db`: bindings with `*` and
    `#` reach queues of the connection `db`. `async_by_db`: asynchronous calls may use that connection. `probes`: cron
    takes a message and puts it back before it starts a consumer. `patch_status`: the answer to PATCH. `skips_odd_items`:
    what is no object in a bulk is left out, query parameters are not looked at (S4)."""

    name: str
    store_in_payload: bool
    search_by_key: bool
    wildcards_in_db: bool
    async_by_db: bool
    probes: bool
    patch_status: int
    skips_odd_items: bool = False


VERSIONS: Mapping[str, Version] = {
    "2.4.4": Version(
        name="2.4.4", store_in_payload=False, search_by_key=True, wildcards_in_db=False, async_by_db=False,
        probes=True, patch_status=400,
    ),
    "2.4.6": Version(
        name="2.4.6", store_in_payload=True, search_by_key=False, wildcards_in_db=True, async_by_db=True,
        probes=True, patch_status=405,
    ),
    "latest": Version(
        name="latest", store_in_payload=True, search_by_key=False, wildcards_in_db=True, async_by_db=True,
        probes=False, patch_status=405, skips_odd_items=True,
    ),
}  # fmt: skip
DEFAULT = "2.4.4"
"""The one that was recorded."""


class UnknownVersion(ValueError):
    """A version that this shop cannot be; the sentence lists those that it can."""


def version(name: str) -> Version:
    """Raises UnknownVersion."""
    if name not in VERSIONS:
        raise UnknownVersion(f"Magento {name} is not known here; there are {', '.join(VERSIONS)}.")
    return VERSIONS[name]
