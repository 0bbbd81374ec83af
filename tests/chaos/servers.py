"""A RabbitMQ and a PostgreSQL of one test's own, started from Debian's packages: it may do to them what it likes."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin")
"""The scripts themselves: the commands of that name insist on the one user `rabbitmq`."""

POSTGRESQL = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))

MISSING = (
    None
    if (RABBITMQ / "rabbitmq-server").exists() and (POSTGRESQL / "initdb").exists()
    else "no programs to start a RabbitMQ and a PostgreSQL (Debian: apt-get install rabbitmq-server postgresql)"
)

STARTED = "completed with"
"""What the broker says when it is up."""

RUNUSER = shutil.which("runuser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "runuser"
"""Where a plain shell does not look."""


class OwnBroker:
    """A node with a port, a name, a cookie and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._peers = folder, free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}/"
        self._node = f"importer-{self._port}@localhost"
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[bytes] | None = None

    async def start(self) -> None:
        _rabbitmq_files(self._folder, self._port)
        self._process = process = await asyncio.create_subprocess_exec(
            RABBITMQ / "rabbitmq-server", env=self._environment(), cwd=self._folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None
        said = ""
        async for line in process.stdout:
            said += line.decode()
            if STARTED in said:
                break
        assert STARTED in said, f"The broker did not start:\n{said}"
        self._reading = asyncio.create_task(process.stdout.read())

    async def restart(self) -> None:
        """Every connection ends, nobody is let in for a while, and what was kept on disk is there again."""
        await self.control("eval", "rabbit:stop(), rabbit:start().")

    async def control(self, *words: str) -> None:
        """As `rabbitmqctl`."""
        await _run(RABBITMQ / "rabbitmqctl", "-q", *words, env=self._environment(), cwd=self._folder)

    async def stop(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        await self._process.wait()
        if self._reading is not None:
            await self._reading

    def _environment(self) -> dict[str, str]:
        own = {
            "NODENAME": self._node,
            "DIST_PORT": str(self._peers),
            "CONFIG_FILE": str(self._folder / "rabbitmq"),
            "CONF_ENV_FILE": str(self._folder / "none.conf"),
            "ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "MNESIA_BASE": str(self._folder / "data"),
            "LOG_BASE": str(self._folder / "log"),
            "SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        words = {f"RABBITMQ_{name}": value for name, value in own.items()}
        return {**os.environ, **words, "HOME": str(self._folder), "ERL_EPMD_ADDRESS": "127.0.0.1"}


class OwnPostgres:
    """A cluster with a port and a folder of its own. A crash of it is no crash of the machine: it need not sync."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.address = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    async def start(self) -> None:
        _give_to_postgres(self._folder)
        await self._command("initdb", "--auth=trust", "--username=postgres", "--no-sync")
        listens = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        await self._control("start", "-o", listens)

    async def restart(self, how: str) -> None:
        """`fast` ends all sessions, `immediate` is a crash."""
        await self._control("restart", "-m", how)

    async def stop(self) -> None:
        await self._control("stop", "-m", "immediate")

    async def _control(self, *words: str) -> None:
        await self._command("pg_ctl", "--wait", "--log", str(self._folder / "log"), *words)

    async def _command(self, name: str, *words: str) -> None:
        """PostgreSQL's programs refuse to run as root."""
        other = (RUNUSER, "-u", "postgres", "--") if os.geteuid() == 0 else ()
        data = str(self._folder / "data")
        await _run(*other, POSTGRESQL / name, "--pgdata", data, *words, env=os.environ, cwd=self._folder)


@asynccontextmanager
async def own_servers() -> AsyncIterator[tuple[OwnBroker, OwnPostgres]]:
    """Both, empty; afterwards nothing of them is left."""
    place = _folders("broker", "database")
    broker, database = OwnBroker(place / "broker"), OwnPostgres(place / "database")
    try:
        await database.start()
        try:
            await broker.start()
            yield broker, database
        finally:
            await broker.stop()
            await database.stop()
    finally:
        shutil.rmtree(place)


def _folders(*names: str) -> Path:
    """Beside pytest's, which are closed to other users."""
    place = Path(tempfile.mkdtemp(prefix="importer-servers-"))
    place.chmod(0o755)
    for name in names:
        (place / name).mkdir()
    return place


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _rabbitmq_files(folder: Path, port: int) -> None:
    words = [f"listeners.tcp.1 = 127.0.0.1:{port}", "disk_free_limit.absolute = 1MB"]
    (folder / "rabbitmq.conf").write_text("\n".join(words) + "\n")
    (folder / "plugins").write_text("[].\n")


def _give_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


async def _run(*words: str | Path, **more: object) -> None:
    """Its words go into a file: a server that it leaves behind would keep a pipe open."""
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(*words, stdout=said, stderr=said, **more)  # type: ignore[arg-type]
        code = await process.wait()
        said.seek(0)
        assert code == 0, f"{words}: {said.read().decode()}"
