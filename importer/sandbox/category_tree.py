"""The categories as they are now: rows by id, each with its path; the catalogue's tree is where they begin."""

from collections.abc import Iterator
from typing import Any

from importer.sandbox.categories import ROOT, Category, walk
from importer.sandbox.errors import Refusal, no_entity
from importer.sandbox.records import Records, Row
from importer.sandbox.url_keys import slug

MOVE_BELOW_ITSELF = "Operation do not allow to move a parent category to any of children category"


class CategoryTree:
    """A row: id, parent_id, name, is_active, position, level, path, include_in_menu, created_at, updated_at, values
    (custom attributes by code)."""

    def __init__(self, records: Records) -> None:
        self._rows = records.table("category")

    def seed(self, root: Category, now: str) -> None:
        for one in walk(root):
            self._rows.put(one.id, {
                "id": one.id, "parent_id": one.parent, "name": one.name, "is_active": True, "position": one.position,
                "level": one.level, "path": one.path, "include_in_menu": True, "created_at": now, "updated_at": now,
                "values": {"is_anchor": "1", "url_key": slug(one.name)} if one.level > 1 else {},
            })  # fmt: skip
        self._rows.next_id(max(one.id for one in walk(root)))

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __contains__(self, number: object) -> bool:
        return str(number) in self._rows.rows

    def get(self, number: Any) -> Row:
        """Raises Refusal 404."""
        row = self._rows.get(number)
        if row is None:
            raise no_entity("id", number)
        return row

    def children(self, number: int) -> list[Row]:
        return sorted((row for row in self if row["parent_id"] == number), key=lambda row: row["position"])

    def below(self, row: Row) -> list[Row]:
        """Everything under a category."""
        return [one for one in self if one["path"].startswith(f"{row['path']}/")]

    def add(self, parent: Row, words: Row) -> Row:
        """A new category as the last one below its parent."""
        self._check_url_key(0, parent["id"], words["values"].get("url_key", ""))
        number = self._rows.next_id()
        last = max((child["position"] for child in self.children(parent["id"])), default=0)
        return self._rows.put(number, {
            **words, "id": number, "parent_id": parent["id"], "level": parent["level"] + 1,
            "path": f"{parent['path']}/{number}", "position": words.get("position") or last + 1,
        })  # fmt: skip

    def change(self, row: Row, words: Row) -> Row:
        changed = {**row, **words, "values": {**row["values"], **words.get("values", {})}}
        self._check_url_key(row["id"], row["parent_id"], changed["values"].get("url_key", ""))
        return self._rows.put(row["id"], changed)

    def _check_url_key(self, number: int, parent: int, key: str) -> None:
        for one in self.children(parent):
            if key and one["id"] != number and one["values"].get("url_key") == key:
                raise Refusal(
                    400, "Could not save category: %1", ["URL key for specified store already exists."]
                )

    def drop(self, row: Row) -> list[Row]:
        """The category and all below it; who they were. Root categories cannot go."""
        if row["id"] == ROOT or row["level"] <= 1:
            raise Refusal(400, "Cannot delete category with id %1", [row["id"]])
        gone = [row, *self.below(row)]
        for one in gone:
            self._rows.drop(one["id"])
        return gone

    def move(self, row: Row, parent: Row, after: int | None) -> None:
        if f"{parent['path']}/".startswith(f"{row['path']}/"):
            raise Refusal(400, MOVE_BELOW_ITSELF)
        path = f"{parent['path']}/{row['id']}"
        depth = parent["level"] + 1 - row["level"]
        for one in self.below(row):
            moved = {"path": path + one["path"][len(row["path"]) :], "level": one["level"] + depth}
            self._rows.put(one["id"], {**one, **moved})
        others = [one for one in self.children(parent["id"]) if one["id"] != row["id"]]
        place = next((n for n, one in enumerate(others, 1) if one["id"] == after), len(others))
        self._rows.put(
            row["id"], {**row, "path": path, "parent_id": parent["id"], "level": parent["level"] + 1}
        )
        for position, one in enumerate([*others[:place], row, *others[place:]], 1):
            self._rows.put(one["id"], {**self.get(one["id"]), "position": position})
