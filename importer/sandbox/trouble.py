"""What a database does to a write under load, and how Magento records it (contract 7.4)."""

from importer.sandbox.bugs import Bugs
from importer.sandbox.operations import FAILED, RETRIABLE

DEADLOCK = "SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock; try restarting transaction"
LOCK_WAIT = "SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded; try restarting transaction"
WRAPPED = "Database deadlock found when trying to get lock"


class DatabaseTrouble(Exception):
    """Nothing was written; status, code and text are those of the operation."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


KINDS = {
    "deadlock": (RETRIABLE, 1213, DEADLOCK),
    "wrapped-deadlock": (FAILED, 1213, WRAPPED),
    "lock-wait": (RETRIABLE, 1205, LOCK_WAIT),
}


def troubles(bugs: Bugs) -> None:
    """Raises DatabaseTrouble when the dice of one of them say so."""
    for name, (status, code, text) in KINDS.items():
        if bugs.hits(name):
            raise DatabaseTrouble(status, code, text)
