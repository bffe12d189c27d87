"""
One search for all processes that need it: whoever comes first searches, the others wait.

Only the standard library is used, and files in a folder that the run's first process has made. The
lock is one of the operating system, which opens it when its process dies, however it does.
"""

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["shared"]

_PAUSE = 0.05


def shared(folder: Path | None, key: str, make: Callable[[], str]) -> str:
    """
    The text that `make` gives for a key: made once by all processes with the same folder.

    Without a folder it is made here. What `make` raises is raised here only; another process then
    tries by itself, and so says it too. So it does where the one that searches is killed.
    """
    if folder is None:
        return make()
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    done = folder / f"{name}.json"
    if not done.exists():
        with _alone(folder / f"{name}.lock"):
            if not done.exists():  # else somebody was faster between the two looks
                part = folder / f"{name}.{os.getpid()}"
                part.write_text(make(), encoding="utf-8")
                part.replace(done)
    return done.read_text(encoding="utf-8")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process has the lock on a file, and have it."""
    with path.open("ab") as file:
        while not _taken(file.fileno()):
            time.sleep(_PAUSE)
        yield  # and closing the file gives it back


def _taken(handle: int) -> bool:
    """Whether this process has the lock now."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
