"""An HTTP answer that is no success, in words, and as the error that says who must act (table `failures.ANSWERS`)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from importer.backends.magento.access import Access, Admin, Bearer
from importer.domain.errors import (
    AnswerLost,
    BackendDenied,
    BackendError,
    BackendRefused,
    BackendUnavailable,
)
from importer.domain.failures import Answer, Verdict, judge
from importer.domain.sentences import sentences as joined

BULK_RESOURCE = "Magento_Logging::system_magento_logging_bulk_operations"
MENU: Mapping[str, str] = {
    BULK_RESOURCE: "System > Action Log > Bulk Actions",
    "Magento_Catalog::products": "Catalog > Inventory > Products",
    "Magento_Catalog::categories": "Catalog > Inventory > Categories",
    "Magento_Catalog::sets": "Stores > Attributes > Attribute Set",
    "Magento_Catalog::attributes_attributes": "Stores > Attributes > Product",
    "Magento_Backend::store": "Stores > Settings > All Stores",
    "Magento_Tax::manage_tax": "Stores > Taxes > Tax Rules",
}
"""Resource -> where it stands in the tree of an integration's or role's permissions."""

BEARER = (
    "Check the token, and that the shop takes it as it is: Stores > Configuration > Services > OAuth > Consumer Settings "
    "> Allow OAuth Access Tokens to be used as standalone Bearer tokens (or use auth = oauth1)."
)
KEYS = "Check the four keys under System > Extensions > Integrations, and the clock of this machine: signatures carry the time."
ROLE = "Check the administrator's role under System > Permissions > User Roles."
ADVICE: Mapping[str, str] = {
    "shop.blocked": "Magento never answers so: a firewall or proxy in front of it does. Let it pass our address and requests.",
    "shop.queue": "Its message queue may be down.",
    "shop.maintenance": "Maintenance mode? bin/magento maintenance:status tells it on the shop's host.",
    "shop.too_large": "A web server in front of the shop limits the size of a request; batch_bytes says what we send.",
    "shop.unexpected": "That is nothing Magento says. Is there a proxy between us and the shop?",
}


def error_of(response: httpx.Response, access: Access, *, writing: bool) -> BackendError:
    """The error for an answer that is no success. Unclear answers to a read are simply no answer."""
    found = judge(response.status_code, response.text)
    text = joined(says(response), _advice(found, response, access))
    wait = retry_after(response)
    if found.verdict is Verdict.CREDENTIALS:
        return BackendDenied(text, code=found.code, retry_after=wait)
    if found.verdict is Verdict.REFUSED:
        return BackendRefused(text, code=found.code)
    if found.verdict is Verdict.UNKNOWN and writing:
        return AnswerLost(text, code=found.code, retry_after=wait, settled=found.settled)
    return BackendUnavailable(text, code=found.code, retry_after=wait)


def says(response: httpx.Response) -> str:
    where = response.headers.get("location")
    to = f" (to {where})" if where else ""
    return f"The shop answered {response.status_code}{to}: {message(response)}"


def message(response: httpx.Response) -> str:
    """Magento's sentence with its placeholders filled in: `%name` from an object, `%1` from a list."""
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())[:200] or response.reason_phrase
    if not isinstance(answer, dict):
        return str(answer)[:200]
    return sentences([answer, *(answer.get("errors") or [])]) or response.text[:200]


def sentences(parts: Any) -> str:
    """Magento's sentences in a list of errors, one after the other; empty when there are none."""
    if not isinstance(parts, list):
        return ""
    return " ".join(_filled(part) for part in parts if isinstance(part, dict) and part.get("message"))


def _filled(part: Mapping[str, Any]) -> str:
    text, parameters = str(part["message"]), part.get("parameters") or {}
    if isinstance(parameters, dict):
        for name in sorted(parameters, key=len, reverse=True):
            text = text.replace(f"%{name}", str(parameters[name]))
        return text
    numbered = {str(place): str(value) for place, value in enumerate(parameters, 1)}
    if any(f"%{place}" in text for place in numbered):
        return re.sub(r"%(\d+)", lambda match: numbered.get(match[1], match[0]), text)
    missing = [value for value in numbered.values() if value not in text]
    return (
        f"{text} ({', '.join(missing)})" if missing else text
    )  # places have names, values lost theirs (recording 11)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the shop asks us to wait; a date is read against the shop's own clock."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    until, now = date(value), date(response.headers.get("date", ""))
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds()) if until else None


def date(value: str) -> datetime | None:
    """A date of HTTP, None when it is none."""
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def _advice(found: Answer, response: httpx.Response, access: Access) -> str:
    if response.is_redirect:
        return _redirected(response, access)
    if found.code == "shop.address":
        use_https = "Use an https:// address. " if "HTTPS" in response.text else ""
        return f"{use_https}Is {access.base_url} the shop's address?"
    if found.code == "shop.token":
        return f"{_whose(access)} {_permission(response.text)}"
    return ADVICE.get(found.code, "")


def _redirected(response: httpx.Response, access: Access) -> str:
    """Said, never followed: the next host would get our token."""
    ours = httpx.URL(access.root)
    target = ours.join(response.headers.get("location", ""))
    if target.host == ours.host:
        return f"The shop's address is not exactly {access.base_url}; write the one it names into base_url."
    return (
        f"That is another host, {target.host}, and is not followed, for the token would go there. "
        "If it is the shop, write it into base_url."
    )


def _whose(access: Access) -> str:
    if isinstance(access.credentials, Admin):
        return ROLE
    return BEARER if isinstance(access.credentials, Bearer) else KEYS


def _permission(text: str) -> str:
    """Magento says the same to a stranger and to somebody without the permission (recording 02): tell both."""
    named = [f"{MENU[resource]} ({resource})" for resource in MENU if resource in text]
    where = f"the permission {named[0]}" if named else f"its permissions, including {MENU[BULK_RESOURCE]}"
    return f"Or it lacks {where}: System > Extensions > Integrations > API."
