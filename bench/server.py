"""A shop that takes everything and does nothing: answers every POST with 202 and a bulk_uuid, as fast as asyncio can.

Runs in a process of its own; prints its port, and ends when its standard input does.
"""

import asyncio
import sys

ANSWER = b'{"bulk_uuid":"00000000-0000-4000-8000-000000000000","request_items":[],"errors":false}'
RESPONSE = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


class Taker(asyncio.Protocol):
    """Reads requests by their Content-Length and throws them away."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server has no other
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        while data:
            if self._left:
                taken = min(self._left, len(data))
                self._left -= taken
                data = data[taken:]
            else:
                head, found, data = (self._head + data).partition(b"\r\n\r\n")
                self._head = b"" if found else head
                if not found:
                    return
                self._left = _length(head)
            if not self._left and not self._head and self._transport:
                self._transport.write(RESPONSE)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taker, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
