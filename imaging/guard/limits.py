"""What the child process may use: set by itself, before it looks at the first file."""

from __future__ import annotations

import os
import resource
import select
import signal
import threading

from imaging.guard.trouble import MEMORY_LIMIT_BYTES, TIME_LIMIT_S

GRACE_S = 1.5
"""The parent ends a slow child at the limit; this much later the system does, should the parent be gone or stuck."""
MOST_OPEN_FILES = 64


def limit_this_process() -> None:
    """Limit memory, forbid files to be written and cores to be dumped, and end with the parent."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN_FILES, MOST_OPEN_FILES))
    # Without a handler: the kernel ends the process even while a decoder never comes back to Python.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def start_clock() -> None:
    """Give the next piece of work its time, on the wall and on the processor."""
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S + GRACE_S)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(usage.ru_utime + usage.ru_stime + TIME_LIMIT_S + GRACE_S) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def stop_clock() -> None:
    """Nothing is being parsed: waiting for the parent is not the file's fault."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)


def _end_with_parent() -> None:
    # A pipe is hung up when its other side is closed, by a parent that was killed as well. The signal that Linux
    # can send for a dead parent comes for a dead thread of it, too, and threads come and go in the program.
    watch = select.poll()
    watch.register(0, 0)
    watch.poll()
    os._exit(0)
