"""Values of the model as JSON, for recorded cases: by name, defaults left out."""

from enum import Enum
from typing import Any

import attrs

from seatrial.core import Population
from seatrial.core.values import sort_key
from seatrial.model import api, collisions, controller, controller_utils, informer, pods
from seatrial.oracle.cases import Case, Setting

from .notices import Notice

__all__ = ["decoded", "encoded"]

_MODULES = (api, collisions, controller, controller_utils, informer, pods)
_CLASSES: dict[str, Any] = {
    name: kind
    for module in _MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and (attrs.has(kind) or issubclass(kind, Enum))
} | {"Setting": Setting, "Case": Case, "Notice": Notice}


def encoded(value: Any) -> Any:
    """
    A value that `json.dumps` takes. Raises TypeError for one of no known class.

    >>> encoded(controller.Key(dirty=True))
    {'$': 'Key', 'dirty': True}
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, tuple):
        return [encoded(each) for each in value]
    if isinstance(value, frozenset):
        return {"$": "frozenset", "of": [encoded(each) for each in sorted(value, key=sort_key)]}
    if isinstance(value, Enum):
        return {"$": type(value).__name__, "name": value.name}
    if isinstance(value, Population):
        return {"$": "Population", "counts": [[encoded(kind), n] for kind, n in value.items()]}
    if _CLASSES.get(type(value).__name__) is not type(value):
        raise TypeError(f"{value!r} is of no class that cases are made of")
    written = {"$": type(value).__name__}
    for field in attrs.fields(type(value)):
        content = getattr(value, field.name)
        if field.init and content != field.default:
            written[field.name] = encoded(content)
    return written


def decoded(written: Any) -> Any:
    """The value. Raises KeyError or TypeError where the model has no such class or field."""
    if isinstance(written, list):
        return tuple(decoded(each) for each in written)
    if not isinstance(written, dict):
        return written
    name = written["$"]
    if name == "frozenset":
        return frozenset(decoded(each) for each in written["of"])
    if name == "Population":
        return Population((decoded(kind), n) for kind, n in written["counts"])
    kind = _CLASSES[name]
    if issubclass(kind, Enum):
        return kind[written["name"]]
    return kind(**{field: decoded(each) for field, each in written.items() if field != "$"})
