"""Results of proofs, kept between runs: safe to delete, and bounded.

A result is kept under a digest of all that it depends on: the code of this package, the versions of
Python and the solver, the theorem and the limits. Any change of any of these makes it another one.
"""

import hashlib
import json
import os
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Cache", "cache_folder", "code_digest"]

_MOST = 500
_SIZE = 1_000_000


def cache_folder() -> Path:
    """Where results are kept: below XDG_CACHE_HOME, or .cache in the home folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "seatrial" / "proofs"


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of the code that a proof depends on, and of what runs it."""
    import z3

    import seatrial
    from seatrial import core, model, properties
    from seatrial.engines import prove

    found = hashlib.sha256()
    for package in (core, model, properties, prove):
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".json"):
                content = path.read_bytes()
                found.update(f"{path.relative_to(folder)} {len(content)} ".encode())
                found.update(content)
    # Without its asserts (python -O) a rule is another one.
    runs = (sys.version, sys.flags.optimize, version("attrs"), version("z3-solver"))
    found.update(f"{seatrial.__version__} {runs} {z3.get_full_version()}".encode())
    return found.hexdigest()


def _digest_of(result: Any) -> str:
    """Tells a file that was damaged; whoever means to forge one can."""
    return hashlib.sha256(json.dumps(result).encode()).hexdigest()


@attrs.frozen
class Cache:
    """A folder of results, or none."""

    folder: Path | None

    def get(self, *key: str) -> dict[str, Any] | None:
        """The result kept under this key. What cannot be read is not there."""
        if self.folder is None:
            return None
        try:
            text = self._path(key).read_text(encoding="utf-8")
            kept = json.loads(text) if len(text) <= _SIZE else None
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict) or kept.get("key") != list(key):
            return None
        result = kept.get("result")
        return result if kept.get("digest") == _digest_of(result) else None

    def put(self, result: dict[str, Any], *key: str) -> None:
        """Keep a result. Where that fails it is computed again another time."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self._path(key)
            draft = path.with_suffix(f".{os.getpid()}")
            kept_with = {"key": list(key), "digest": _digest_of(result), "result": result}
            draft.write_text(json.dumps(kept_with), encoding="utf-8")
            draft.replace(path)
            kept = sorted(self.folder.glob("*.json"), key=lambda each: each.stat().st_mtime)
            for old in kept[:-_MOST]:
                old.unlink(missing_ok=True)
        except OSError:
            return

    def _path(self, key: tuple[str, ...]) -> Path:
        assert self.folder is not None
        digest = hashlib.sha256("\0".join((code_digest(), *key)).encode()).hexdigest()
        return self.folder / f"{digest}.json"
