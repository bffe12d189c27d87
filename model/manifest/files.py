"""Which files a path stands for, and their text."""

from collections.abc import Iterable
from pathlib import Path

from .errors import ManifestError, Position, Problem

__all__ = ["MAX_BYTES", "SUFFIXES", "TRIAL_SUFFIXES", "files", "text_of"]

# An object of a cluster has at most 1.5 MiB (etcd's limit); the largest bundles have a few MiB.
MAX_BYTES = 10 * 2**20
SUFFIXES = (".json", ".yaml", ".yml")
TRIAL_SUFFIXES = (".trial.yaml", ".trial.yml", ".trial.json")
"""How the names of trial files end."""


def files(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """
    The files in the order of the paths; a folder stands for its manifests, sorted by name.

    Folders inside a folder are left out, as `kubectl apply -f` does without `--recursive`; so is
    what may have no end, such as a pipe.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not _is_folder(path):
            found[path] = None
            continue
        try:
            inside = sorted(each for each in path.iterdir() if _is_manifest(each))
        except OSError as error:
            raise _refused(path, _reason(error)) from None
        inside = [each for each in inside if not _is_folder(each) and not _is_endless(each)]
        if not inside:
            raise _refused(
                path, "no manifest in this folder; give files that end in .yaml, .yml or .json"
            )
        found.update(dict.fromkeys(inside))
    return tuple(found)


def _is_manifest(path: Path) -> bool:
    """Whether a file of a folder is one: trials, which may lie beside, are not."""
    return path.suffix in SUFFIXES and not path.name.endswith(TRIAL_SUFFIXES)


def text_of(path: Path) -> str:
    """The text of a file; raises ManifestError where it is unreadable, too large, or no text."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _refused(path, _reason(error)) from None
    if len(data) > MAX_BYTES:
        raise _refused(path, f"larger than {MAX_BYTES // 2**20} MiB; split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        # In characters, as in all positions; before the bad byte everything could be decoded.
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")) + 1
        position = Position(str(path), before.count(b"\n") + 1, column)
        says = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ManifestError([Problem(position, (), says)]) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long, or with NUL in it: reading it will say so
        return False


def _is_endless(path: Path) -> bool:
    """Whether it is there, and no file: a broken link is not there, and reading it will say so."""
    return path.exists() and not path.is_file()


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "no such file or folder; check the path"
        case PermissionError():
            return "may not be read; check its permissions"
        case OSError(strerror=str(words)):
            return f"cannot be read: {words}; give a file or a folder of manifests"
    return f"cannot be read: {error}; give a file or a folder of manifests"


def _refused(path: Path, says: str) -> ManifestError:
    return ManifestError([Problem(Position(str(path)), (), says)])
