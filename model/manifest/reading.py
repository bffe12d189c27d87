"""An object being read: its data, where each field was written, and what was wrong so far."""

from collections.abc import Collection, Sequence
from typing import Any

import attrs

from .documents import Node
from .errors import Path, Position, Problem, quoted

__all__ = ["Reading", "without_null"]


def without_null(value: Any) -> Any:
    """
    Plain data without the fields that are null, which is how one says "not given".

    >>> without_null({"replicas": None, "paused": False})
    {'paused': False}
    """
    if isinstance(value, dict):
        return {
            key: _texts(each) if key in _TEXTS else without_null(each)
            for key, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [without_null(each) for each in value]
    return value


# In a map of strings, Go reads null as the empty string: `labels: {canary: }` has a label.
_TEXTS = ("annotations", "labels", "matchLabels", "nodeSelector")


def _texts(value: Any) -> Any:
    if not isinstance(value, dict):
        return without_null(value)
    return {key: "" if each is None else each for key, each in value.items()}


@attrs.define
class Reading:
    """
    One object of the manifests; `path` leads to it where it is an item of a List.

    `gates` are the feature gates that are on, as far as reading depends on them.
    """

    node: Node
    path: Path = ()
    data: dict[str, Any] = attrs.field(init=False)
    problems: list[Problem] = attrs.field(factory=list)
    warnings: list[Problem] = attrs.field(factory=list)
    gates: Collection[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        self.data = without_null(self.node.plain())

    def get(self, *path: str | int, default: Any = None) -> Any:
        """The data at a path; the default where it was not given, or is not what the path asks."""
        found: Any = self.data
        for step in path:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return default
        return default if found is None else found

    def position(self, *path: str | int) -> Position:
        """Where the value at a path was written, or else the nearest thing around it."""
        for length in range(len(path), -1, -1):
            node = self.node.get(*path[:length])
            if node is not None:
                return node.position
        return self.node.position

    def key(self, *path: str | int) -> Position:
        """Where the name of a field was written, or else where its value was."""
        around = self.node.get(*path[:-1])
        return (around.keys.get(str(path[-1])) if around else None) or self.position(*path)

    def refuse(self, path: Path, says: str) -> None:
        """Notes a problem at a path."""
        self.problems.append(Problem(self.position(*path), (*self.path, *path), says))

    def warn(self, path: Path, says: str) -> None:
        """Notes something that is accepted, but worth knowing."""
        self.warnings.append(Problem(self.position(*path), (*self.path, *path), says))

    def refuse_value(self, path: Path, value: object, says: str | None) -> None:
        """Notes a problem that names the value, if there is one."""
        if says:
            self.refuse(path, f"{quoted(value)} {says}")

    def not_negative(self, path: Path, default: int) -> int:
        """An integer from 0 on. :Go: pkg/apis/core/validation ValidateNonnegativeField"""
        value = int(self.get(*path, default=default))
        if value < 0:
            self.refuse(path, f"{value} is negative; write 0 or more")
        return value

    def given_not_negative(self, path: Path) -> int | None:
        """The same where None stands for what is not given."""
        return None if self.get(*path) is None else self.not_negative(path, 0)

    def one_of(
        self, path: Path, known: Sequence[str], default: str, what: str, *, pointer: bool = False
    ) -> str:
        """
        A word out of a few; `what` says of which kind of thing they are.

        An empty word means the default, unless the field is a pointer in Go.
        """
        value = str(self.get(*path, default=default) or ("" if pointer else default))
        if value not in known:
            self.refuse_value(path, value, f"is no {what}; write {' or '.join(known)}")
        return value
