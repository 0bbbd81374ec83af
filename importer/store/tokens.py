"""Access tokens: only their SHA-256 is kept, the token itself is shown once."""

import hashlib
import secrets

from sqlalchemy import delete, func, insert, select

from importer.domain.errors import UnknownName
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import tokens


class SqlTokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def first(self) -> str | None:
        """A token for the first start; None when there is one already."""
        async with self._database.writing() as connection:
            await self._database.alone(connection, "tokens")  # of several first starts one makes a token
            if (await connection.execute(select(func.count()).select_from(tokens))).scalar_one():
                return None
            token = f"imp_{secrets.token_urlsafe(32)}"
            await connection.execute(
                insert(tokens).values(
                    id=secrets.token_hex(8),
                    name="first start",
                    hash=digest(token),
                    created_at=self._clock.now(),
                ),
            )
            return token

    @whole
    async def add(self, name: str, token: str) -> None:
        """Accept this token from now on; adding it again is nothing."""
        async with self._database.writing() as connection:
            known = await connection.execute(select(tokens.c.id).where(tokens.c.hash == digest(token)))
            if known.first() is None:
                values = {"id": secrets.token_hex(8), "name": name, "hash": digest(token)}
                await connection.execute(insert(tokens).values(**values, created_at=self._clock.now()))

    async def of(self, hash_: str) -> str | None:
        """The id of the token with this hash."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(tokens.c.id).where(tokens.c.hash == hash_))
            return found.scalar_one_or_none()

    async def all(self) -> list[tuple[str, str, str]]:
        """(id, name, day of making), oldest first."""
        query = select(tokens.c.id, tokens.c.name, tokens.c.created_at).order_by(tokens.c.created_at)
        async with self._database.reading() as connection:
            return [(id_, name, f"{made:%Y-%m-%d}") for id_, name, made in await connection.execute(query)]

    async def name(self, token_id: str) -> str | None:
        async with self._database.reading() as connection:
            found = await connection.execute(select(tokens.c.name).where(tokens.c.id == token_id))
            return found.scalar_one_or_none()

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
                raise UnknownName(f"There is no token {token_id}; importer tokens list shows all.")
            await connection.execute(delete(tokens).where(tokens.c.id == found[0]))

    async def known(self, token_id: str) -> bool:
        async with self._database.reading() as connection:
            found = await connection.execute(select(tokens.c.id).where(tokens.c.id == token_id))
            return found.first() is not None


def digest(token: str) -> str:
    """SHA-256, hexadecimal. A token has 256 bits of chance: a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
