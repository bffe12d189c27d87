"""Rules must be functions of what they declare: what can be seen of that before they run.

Every name that a rule takes from its module or from an enclosing function must stand for something
that cannot change: a function (looked into in turn), a class, a module or an immutable value. So
must what it takes by name out of those modules and classes. Functions of the standard library, of
attrs and of this package are not looked into.
"""

import builtins
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any
from weakref import WeakSet

import attrs

from .bytecode import Named, Reads, reads_of
from .errors import DeclarationError, shown, where
from .kinds import ATOMS, is_frozen

__all__ = ["check_pure", "check_rule", "functions_of"]

_TRUSTED = (*sys.stdlib_module_names, "attr", "attrs")
_IMMUTABLE_FROM = frozenset(
    {
        "typing",
        "enum",
        "decimal",
        "fractions",
        "datetime",
        "pathlib",
        "uuid",
        "re",
        "operator",
        "ipaddress",
    }
)
_IMMUTABLE = (
    *(*ATOMS, float, complex, range, slice, Enum, types.EllipsisType),
    *(types.NotImplementedType, types.GenericAlias, types.UnionType, types.ModuleType),
)
_IMPURE_MODULES = frozenset(
    {"time", "random", "secrets", "os", "posix", "nt", "socket", "subprocess", "uuid"}
)
_IMPURE = frozenset({"open", "input", "id", "hash", "globals", "eval", "exec", "__import__"})
_IMPURE_METHODS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})
_MADE_BY = ("__new__", "__init__", "__post_init__", "__attrs_post_init__")
_OPEN = (types.ModuleType, type, types.FunctionType)
_ABSENT = object()
_FICKLE = "which may answer differently each time"


def check_rule(function: Any, what: str) -> None:
    """Raise DeclarationError unless `function` is an ordinary function, pure as far as is seen."""
    if not isinstance(function, types.FunctionType):
        kind = type(function).__name__
        raise DeclarationError(
            f"{what} is {shown(function)}, a {kind}; write an ordinary function with def"
        )
    inner = inspect.unwrap(function)
    if inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner):
        raise DeclarationError(
            f"{what}, {where(function)}, is asynchronous; a rule answers at once: drop async"
        )
    _Look(_DECLARED).through(function)


def check_pure(*functions: Callable[..., Any]) -> None:
    """Raise DeclarationError where one of them, or one it calls by name, may read what changes."""
    look = _Look(WeakSet())
    for each in functions:
        look.through(each)


_DECLARED: WeakSet[Any] = WeakSet()
"""What was looked into when a rule was declared: once, since grounding looks into all of it."""


class _Look:
    """A walk through rules, the functions they name, and those that these name, each once."""

    def __init__(self, seen: WeakSet[Any]) -> None:
        self._seen = seen
        self._rule: Any = None
        self._waiting: list[Any] = []

    def through(self, rule: Callable[..., Any]) -> None:
        self._rule = rule
        self._waiting.append(rule)
        walked: set[Any] = set()
        while self._waiting:
            function = self._waiting.pop()
            if function in self._seen or function in walked:
                continue
            walked.add(function)
            reads = reads_of(function)
            if reads.forbidden is not None:
                raise DeclarationError(f"{where(self._rule)} {reads.forbidden}{self._in(function)}")
            for named in reads.named:
                self._read(named, function, reads)
            for kind in _annotated(function):
                reason = self._in_class(kind, reads.attributes)
                if reason is not None:
                    self._refuse(f"of its parameters, {reason[0]}", reason[1], function)
        # Only now: had it ended early, what is reached through them had not been looked into.
        self._seen |= walked

    def _in(self, function: Any) -> str:
        return f" (in {where(function)})" if function is not self._rule else ""

    def _refuse(self, name: str, reason: str, function: Any) -> None:
        advice = (
            "a rule has to give the same answer every time"
            if reason == _FICKLE
            else "pass it as a parameter of the system or make it a tuple, a frozenset or a frozen"
            " attrs value"
        )
        raise DeclarationError(
            f"{where(self._rule)} reads {name}, {reason}; {advice}"
            + (f" (read in {where(function)})" if function is not self._rule else "")
        )

    def _read(self, named: Named, function: Any, reads: Reads) -> None:
        """Judge what a name stands for, and what is taken out of it by further names."""
        value, name = named.value, named.name
        reason = self._judge(value)
        for attribute in named.path:
            if reason is not None or not isinstance(value, _OPEN):
                break
            value = inspect.getattr_static(value, attribute, _ABSENT)
            if value is _ABSENT:
                return
            name = f"{name}.{attribute}"
            reason = self._judge(value)
        if reason is not None:
            self._refuse(name, reason, function)
        kind = value if isinstance(value, type) else type(value)
        inside = self._in_class(kind, reads.attributes)
        if inside is not None:
            self._refuse(f"{name}, of which {inside[0]}", inside[1], function)

    def _in_class(self, kind: type, attributes: frozenset[str]) -> tuple[str, str] | None:
        """What may change of a class, and why, as far as these attributes of it are asked."""
        if _trusted(kind):
            return None
        for attribute in (*_MADE_BY, *sorted(attributes)):
            value = inspect.getattr_static(kind, attribute, _ABSENT)
            if isinstance(value, types.FunctionType) and _generated(value):
                continue
            reason = None if value is _ABSENT else self._judge(value)
            if reason is not None:
                return f"{kind.__name__}.{attribute}", reason
        return None

    def _judge(self, value: Any) -> str | None:
        """Why something may change; None where it does not. Puts functions aside to look into."""
        if _impure(value):
            return _FICKLE
        if isinstance(value, (types.FunctionType, type)):
            if isinstance(value, types.FunctionType) and not _trusted(value):
                self._waiting.append(value)
            return None
        if isinstance(value, types.BuiltinFunctionType):
            free = value.__self__ is None or isinstance(value.__self__, (types.ModuleType, type))
            return None if free else self._judge(value.__self__)
        if isinstance(value, _IMMUTABLE) or type(value).__module__ in _IMMUTABLE_FROM:
            return None
        if hasattr(type(value), "__seatrial_declaration__") or type(value) is object:
            return None
        if inspect.ismethoddescriptor(value) or inspect.isdatadescriptor(value):
            return self._first(_inside(value) or ())
        parts = _inside(value)
        if parts is None:
            return f"a {type(value).__name__}, which may change"
        reason = self._first(parts)
        return reason if reason in (None, _FICKLE) else f"a {type(value).__name__} with {reason}"

    def _first(self, parts: Iterable[Any]) -> str | None:
        return next((why for why in map(self._judge, parts) if why is not None), None)


def _inside(value: Any) -> tuple[Any, ...] | None:
    """What something that cannot change itself rests on; None where it may change."""
    if isinstance(value, (tuple, frozenset)):
        return tuple(value)
    if isinstance(value, types.MappingProxyType):
        return (*value, *value.values())
    if isinstance(value, types.MethodType):
        return (value.__self__, value.__func__)
    if isinstance(value, (staticmethod, classmethod)):
        return (value.__func__,)
    if isinstance(value, property):
        return (value.fget,)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, functools.partial):
        return (value.func, *value.args, *value.keywords.values())
    if type(value).__module__ == "functools" and hasattr(value, "__wrapped__"):  # lru_cache
        return (value.__wrapped__,)
    if is_frozen(type(value)):
        held = [getattr(value, name, None) for name in _field_names(type(value))]
        call = inspect.getattr_static(type(value), "__call__", None)
        return (*held, call)
    return None


def _field_names(kind: Any) -> tuple[str, ...]:
    fields: Any = attrs.fields(kind) if attrs.has(kind) else kind.__dataclass_fields__.values()
    return tuple(field.name for field in fields)


def _trusted(value: Any) -> bool:
    """Whether a function or class is of the standard library, of attrs or of this package."""
    if value is attrs.evolve:
        return True  # from Python 3.13 on it says that it is of the class that was made last
    module = getattr(value, "__module__", None) or ""
    return module.partition(".")[0] in _TRUSTED or module.startswith("seatrial.core.")


def _impure(value: Any) -> bool:
    if isinstance(value, type):
        return False
    if getattr(value, "__qualname__", "") in _IMPURE_METHODS:
        return True
    if callable(value) and (getattr(value, "__module__", None) or "") in _IMPURE_MODULES:
        return True
    name = str(getattr(value, "__name__", ""))
    return name in _IMPURE and getattr(builtins, name, None) is value


def _generated(function: types.FunctionType) -> bool:
    return function.__code__.co_filename.startswith(("<attrs generated", "<string>"))


def _annotated(function: types.FunctionType) -> list[type]:
    """The classes that the function's annotations name, where these are not mere text."""
    waiting, found = list(function.__annotations__.values()), []
    while waiting:
        one = waiting.pop()
        if isinstance(one, type):
            found.append(one)
        arguments = getattr(one, "__args__", ())
        waiting += arguments if isinstance(arguments, tuple) else ()
    return found


def functions_of(function: Callable[..., Any]) -> tuple[types.FunctionType, ...]:
    """
    The functions that `function` calls by name, and those that they call, itself first.

    Those of the standard library, of attrs and of this package are left out.
    """
    waiting: list[Any] = [inspect.unwrap(function)]
    found: dict[int, types.FunctionType] = {}
    while waiting:
        one = waiting.pop(0)
        if id(one) in found:
            continue
        found[id(one)] = one
        for named in reads_of(one).named:
            value = named.value
            for attribute in named.path:
                if not isinstance(value, _OPEN) or isinstance(value, types.FunctionType):
                    break
                value = inspect.getattr_static(value, attribute, _ABSENT)
            if isinstance(value, types.FunctionType) and not _trusted(value):
                waiting.append(inspect.unwrap(value))
    return tuple(found.values())
