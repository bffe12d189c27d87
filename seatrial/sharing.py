"""
One search for all processes that need it: whoever comes first searches, the others wait.

Only the standard library is used, and files in a folder that the run's first process has made.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["shared"]

_PAUSE = 0.05


def shared(folder: Path | None, key: str, make: Callable[[], str]) -> str:
    """
    The text that `make` gives for a key: made once by all processes with the same folder.

    Without a folder it is made here. What `make` raises is raised here only; another process then
    tries by itself, and so says it too.
    """
    if folder is None:
        return make()
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    done, lock = folder / f"{name}.json", folder / f"{name}.lock"
    while not done.exists():
        if not _taken(lock):
            if _abandoned(lock):
                lock.unlink(missing_ok=True)
            time.sleep(_PAUSE)
            continue
        try:
            if not done.exists():  # else somebody was faster between the two looks
                part = folder / f"{name}.{os.getpid()}"
                part.write_text(make(), encoding="utf-8")
                part.replace(done)
        finally:
            lock.unlink(missing_ok=True)
    return done.read_text(encoding="utf-8")


def _taken(lock: Path) -> bool:
    """Whether this process has the lock now."""
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(str(os.getpid()))
    return True


def _abandoned(lock: Path) -> bool:
    """Whether the process that has the lock is no more."""
    if os.name == "nt":
        return False  # there os.kill(pid, 0) ends a process
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(lock.read_text()), 0)
        return False
    return lock.exists() and time.time() - lock.stat().st_mtime > 1
