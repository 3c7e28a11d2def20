"""Keeps the memory of a long-running server level: few heaps, and what was freed goes back to the
system.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # as <malloc.h> numbers them
HEAPS = 2  # one for each thread, as the C library would have it, holds free pages in each
MAPPED_FROM_BYTES = 512 << 10  # larger pieces are mapped one by one, and gone when freed
EVERY_S = 20.0


def find_c_function(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where it has none of that name."""
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
    return found


def bound_heaps() -> None:
    """Few heaps, and large pieces outside of them (left alone, the C library takes ever larger ones
    from its heaps); call it before threads are started. A C library that does not know this is left
    as it is.
    """
    # Arrow's own pool keeps what a large merge has used; the C library's is given back
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    set_option = find_c_function("mallopt")
    if set_option is not None:
        set_option(M_ARENA_MAX, HEAPS)
        set_option(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)


def give_back() -> None:
    """What was freed and is still held, by the C library and by Arrow, goes back to the system."""
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()
    trim = find_c_function("malloc_trim")
    if trim is not None:
        trim(0)


class MemoryKeeper:
    """A thread that gives memory back every now and then."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            give_back()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
