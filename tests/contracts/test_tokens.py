"""Tokens on every database: what is kept of them, their ends, and how seldom their use is written."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from importer.domain.errors import RequestError, UnknownName
from importer.domain.tokens import NewToken, Scope
from importer.store.database import Database
from importer.store.tables import tokens as table
from importer.store.tokens import SqlTokens
from tests.clocks import HandClock


@pytest.fixture
def tokens(database: Database, clock: HandClock) -> SqlTokens:
    return SqlTokens(database, clock)


async def test_a_token_is_found_by_its_secret_and_the_secret_is_kept_nowhere(
    database: Database, tokens: SqlTokens, clock: HandClock
) -> None:
    ends = clock.now() + timedelta(days=1)
    wanted = NewToken(name=" anna ", scope=Scope.IMPORT, shops=("b", "a", "b"), expires_at=ends)
    token_id, secret = await tokens.create(wanted)
    token = await tokens.of(secret)
    async with database.reading() as connection:
        kept = str((await connection.execute(select(table))).mappings().all())

    assert token is not None
    assert token == await tokens.get(token_id)
    assert (token.name, token.scope, token.shops) == ("anna", Scope.IMPORT, ("a", "b"))
    assert (token.created_at, token.expires_at, token.used_at) == (clock.now(), ends, None)
    assert secret not in kept
    assert secret.removeprefix("imp_") not in kept
    assert (token.sees("a"), token.sees("c")) == (True, False)
    clock.forward(86_399)
    assert not token.expired(clock.now())
    clock.forward(1)
    assert token.expired(clock.now())


async def test_the_last_use_is_written_at_most_once_a_minute(tokens: SqlTokens, clock: HandClock) -> None:
    _, secret = await tokens.create(NewToken(name="x", scope=Scope.READ))
    used = []
    for seconds in (0, 59, 1, 59):
        clock.forward(seconds)
        token = await tokens.of(secret)
        assert token is not None
        await tokens.use(token)
        [kept] = await tokens.all()
        assert kept.used_at is not None
        used.append((clock.now() - kept.used_at).total_seconds())

    assert used == [0, 59, 0, 59]


async def test_tokens_are_taken_back_by_id_or_by_a_name_that_one_has(tokens: SqlTokens) -> None:
    ids = [await tokens.add(name, f"imp_{n}") for n, name in enumerate(("a", "b", "b"))]
    assert await tokens.add("again", "imp_0") == ids[0]
    with pytest.raises(UnknownName, match="2 tokens are named b"):
        await tokens.remove("b")
    await tokens.remove("a")
    await tokens.remove(ids[1])
    with pytest.raises(UnknownName, match="There is no token a"):
        await tokens.remove("a")

    assert [token.id for token in await tokens.all()] == ids[2:]
    assert await tokens.of("imp_0") is None


async def test_a_first_token_may_do_everything_and_there_is_one_only(tokens: SqlTokens) -> None:
    first = await tokens.first()
    assert first is not None
    token = await tokens.of(first)

    assert token is not None
    assert (token.scope, token.shops, token.expires_at) == (Scope.ADMIN, None, None)
    assert await tokens.first() is None


async def test_what_cannot_be_is_refused_before_it_is_kept(tokens: SqlTokens, clock: HandClock) -> None:
    for wanted in (
        NewToken(name="", scope=Scope.READ),
        NewToken(name="x" * 129, scope=Scope.READ),
        NewToken(name="x\0", scope=Scope.READ),
        NewToken(name="x", scope=Scope.ADMIN, shops=("a",)),
        NewToken(name="x", scope=Scope.READ, shops=()),
        NewToken(name="x", scope=Scope.READ, expires_at=clock.now()),
    ):
        with pytest.raises(RequestError):
            await tokens.create(wanted)

    assert await tokens.all() == []


@pytest.mark.parametrize(
    ("has", "holds"),
    [(Scope.READ, [Scope.READ]), (Scope.IMPORT, [Scope.READ, Scope.IMPORT]), (Scope.ADMIN, list(Scope))],
)
def test_a_scope_holds_those_before_it(has: Scope, holds: list[Scope]) -> None:
    assert [scope for scope in Scope if has.holds(scope)] == holds
