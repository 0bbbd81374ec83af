"""Access tokens: only their SHA-256 is kept, the token itself is shown once."""

import hashlib
import json
import secrets
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from importer.domain.errors import UnknownName
from importer.domain.tokens import NewToken, Scope, Token
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import tokens


class SqlTokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def first(self) -> str | None:
        """A token for the first start, which may do everything; None when there is one already."""
        async with self._database.writing() as connection:
            await self._database.alone(connection, "tokens")  # of several first starts one makes a token
            if (await connection.execute(select(func.count()).select_from(tokens))).scalar_one():
                return None
            secret = new_secret()
            values = self._values(NewToken(name="first start", scope=Scope.ADMIN), secret)
            await connection.execute(insert(tokens).values(**values))
            return secret

    async def create(self, wanted: NewToken) -> tuple[str, str]:
        """(id, secret); the secret is kept nowhere. Raises RequestError."""
        secret = new_secret()
        return await self._add(wanted, secret), secret

    async def add(self, name: str, secret: str, **words: Any) -> str:
        """Accept this secret from now on; adding it again is nothing. The token's id. `words` are those of NewToken,
        without them it may do everything. Raises RequestError."""
        return str(await self._add(NewToken(name=name, **{"scope": Scope.ADMIN, **words}), secret))

    @whole
    async def _add(self, wanted: NewToken, secret: str) -> str:
        wanted.check(self._clock.now())
        async with self._database.writing() as connection:
            query = select(tokens.c.id).where(tokens.c.hash == digest(secret))
            known = (await connection.execute(query)).scalar_one_or_none()
            if known is not None:
                return str(known)
            values = self._values(wanted, secret)
            await connection.execute(insert(tokens).values(**values))
            return str(values["id"])

    def _values(self, wanted: NewToken, secret: str) -> dict[str, Any]:
        return {
            "id": secrets.token_hex(8),
            "name": wanted.name.strip(),
            "hash": digest(secret),
            "scope": wanted.scope.value,
            "shops": json.dumps(sorted(set(wanted.shops))) if wanted.shops is not None else None,
            "created_at": self._clock.now(),
            "expires_at": wanted.expires_at,
        }

    async def of(self, secret: str) -> Token | None:
        """The token with this secret."""
        return await self._one(tokens.c.hash == digest(secret))

    async def get(self, token_id: str) -> Token | None:
        return await self._one(tokens.c.id == token_id)

    async def _one(self, which: ColumnElement[bool]) -> Token | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(tokens).where(which))).mappings().one_or_none()
            return _token(row) if row is not None else None

    async def use(self, token: Token) -> None:
        """Note that it was used; written at most once a minute."""
        if token.use_is_due(self._clock.now()):
            await self._use(token.id)

    @whole
    async def _use(self, token_id: str) -> None:
        async with self._database.writing() as connection:
            now = self._clock.now()
            await connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_at=now))

    async def all(self) -> list[Token]:
        """Oldest first."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(tokens).order_by(tokens.c.created_at, tokens.c.id))
            return [_token(row) for row in found.mappings()]

    @whole
    async def remove(self, token_id: str) -> None:
        """By id, or by a name that only one token has. Raises UnknownName."""
        async with self._database.writing() as connection:
            named = select(tokens.c.id).where((tokens.c.id == token_id) | (tokens.c.name == token_id))
            found = list((await connection.execute(named)).scalars())
            if len(found) > 1:
                raise UnknownName(
                    f"{len(found)} tokens are named {token_id}; say the id: {', '.join(found)}."
                )
            if not found:
                text = f"There is no token {token_id}; importer tokens list shows all."
                raise UnknownName(text, code="token.unknown")
            await connection.execute(delete(tokens).where(tokens.c.id == found[0]))


def new_secret() -> str:
    """256 bits of chance behind a prefix by which scanners of leaked secrets know them."""
    return f"imp_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """SHA-256, hexadecimal. A token has 256 bits of chance: a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _token(row: Any) -> Token:
    shops = json.loads(row["shops"]) if row["shops"] is not None else None
    values = {name: row[name] for name in ("id", "name", "created_at", "expires_at", "used_at")}
    return Token(**values, scope=Scope(row["scope"]), shops=tuple(shops) if shops is not None else None)
