"""What comes next is made ready while the one before is used: reading, computing and sending share the machine."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
COMPUTING = 5
"""Priority of the threads that compute: below that of the event loop."""
WORKERS = 2
"""Items made at once: while one waits for Python's lock, the other one computes."""


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items; the next one is made in a thread. At most one waits, so memory stays bounded."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead", initializer=_give_way) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def made(work: Callable[[Item], Made], items: Iterator[Item]) -> Generator[Made]:
    """What `work` makes of the items, in their order; a few are made at once, in threads."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="made", initializer=_give_way) as threads:
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) >= WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _give_way() -> None:
    """Whoever answers and sends is never kept waiting by those who compute; Linux knows priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), COMPUTING)
