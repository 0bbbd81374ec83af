"""importer: the asynchronous import service that commerce shops deserve."""

import ctypes
import os
import sys

# Our own threads make several frames at once (formats.ahead); Polars' threads beside them would only get in their way:
# measured a fifth less time and a tenth less memory with one. It is read when Polars is loaded, so it stands here.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# The C library of Linux keeps the memory that a thread frees for that thread alone, and blocks of a file pass through
# many of them: with one store for all the peak is a tenth lower, and less memory has to be fetched anew.
M_ARENA_MAX = -8
if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
