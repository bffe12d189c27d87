"""
The examples that are shipped, and what a target on the command line stands for.

A *subject* is what is checked: a system with its properties and how to name it again. An example
gives one; `scenarios.py` makes them of manifests.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import ModuleType

import attrs

from seatrial import model, properties
from seatrial.core import DeclarationError, Property, System

from .subject import Subject

__all__ = [
    "PREFIX",
    "Example",
    "example",
    "examples",
    "near_or_listed",
    "nearest",
    "settings",
    "subject",
]

PREFIX = "example:"
_MOST = 1000


@attrs.frozen
class Example:
    """
    A system that is shipped: the function that makes it takes integers, each with a default.

    `least` has those parameters that have no meaning from 0 on.
    """

    name: str
    summary: str
    factory: Callable[..., System]
    properties: tuple[Property, ...]
    module: ModuleType
    least: Mapping[str, int] = attrs.field(factory=dict)
    structure: tuple[str, ...] = ()
    """The parameters that say how many parts there are; proofs need a number for these."""
    lemmas: tuple[Property, ...] = ()
    """Invariants written by hand, which a proof may use if they are inductive."""

    @property
    def parameters(self) -> dict[str, int]:
        """The factory's parameters and their defaults."""
        signature = inspect.signature(self.factory)
        return {each.name: each.default for each in signature.parameters.values()}

    @property
    def omits(self) -> tuple[str, ...]:
        """What the model leaves out: the field `:Omits:` of its module."""
        found = re.search(r":Omits: (.*?)(?:\n\n|\Z)", self.module.__doc__ or "", re.DOTALL)
        return (" ".join(found[1].split()),) if found else ()


@cache
def examples() -> tuple[Example, ...]:
    """All that are shipped. Their rules are imported when this is first asked for."""
    return (
        Example(
            name="rollout",
            summary=(
                "a toy rolling update of a Deployment: ReplicaSets, kubelets, one user, crashes"
            ),
            factory=model.rollout.rollout,
            properties=properties.rollout.PROPERTIES,
            module=model.rollout,
            least={"revisions": 1},
            structure=("revisions", "crashes"),
        ),
        Example(
            name="rolling",
            summary="a rolling update by the controllers' own rules, each sync one step",
            factory=model.rolling.rolling,
            properties=properties.rolling.PROPERTIES,
            module=model.rolling,
            least={"revisions": 2},
            structure=("patient", "revisions"),
            lemmas=properties.rolling.LEMMAS,
        ),
        Example(
            name="migration",
            summary="two StatefulSets of which one hands its members over to the other",
            factory=model.migration.migration,
            properties=properties.migration.PROPERTIES,
            module=model.migration,
            least={"nodes": 1},
            structure=("replicas", "nodes", "waits", "deletes", "force_deletes"),
        ),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """
    A phrase that helps with a name that is not known.

    >>> nearest("roolout", ["rollout", "scaling"])
    'did you mean rollout?'
    >>> nearest("xyz", ["rollout", "scaling"])
    'known: rollout, scaling'
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(names)}"


_FEW = 12


def near_or_listed(name: str, known: Iterable[str]) -> str:
    """Like `nearest`, for ids of promises: where there are many, the page that lists them."""
    names = list(known)
    hint = nearest(name, names)
    if hint.startswith("known") and len(names) > _FEW:
        return "docs/reference/promises.md lists those of workloads"
    return hint


def example(name: str) -> Example:
    """The example of that name. Raises DeclarationError, with the nearest names."""
    for each in examples():
        if each.name == name:
            return each
    hint = nearest(name, [each.name for each in examples()])
    raise DeclarationError(f"there is no example {name!r}; {hint}")


def settings(texts: Sequence[str], of: Example) -> dict[str, int]:
    """The parameters given as `NAME=VALUE`. Raises DeclarationError, with the known ones."""
    given: dict[str, int] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise DeclarationError(f"--set {text!r} is not of the form NAME=VALUE")
        if name in given:
            raise DeclarationError(f"--set gives {name} twice")
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise DeclarationError(f"--set {name}: {value!r} is not an integer")
        given[name] = int(value)
    return _checked(given, of)


def _checked(given: Mapping[str, int], of: Example) -> dict[str, int]:
    known = of.parameters
    for name, value in given.items():
        if name not in known:
            listed = ", ".join(f"{each}={default}" for each, default in known.items())
            raise DeclarationError(f"example {of.name} has no parameter {name!r}; it has {listed}")
        least = of.least.get(name, 0)
        if not least <= value <= _MOST:
            raise DeclarationError(f"parameter {name}: {value} is not between {least} and {_MOST}")
    return dict(given)


def made(of: Example, given: Mapping[str, int]) -> System:
    """The system with these parameters. Raises DeclarationError where it has no meaning."""
    try:
        return of.factory(**_checked(given, of))
    except DeclarationError as error:
        raise DeclarationError(f"example {of.name} with these parameters: {error}") from None


def subject(targets: Sequence[str], given: Sequence[str]) -> Subject:
    """
    What `example:NAME` stands for, with parameters as `NAME=VALUE`.

    Raises DeclarationError in one line where that is nothing that can be checked.
    """
    if len(targets) != 1:
        raise DeclarationError(f"{len(targets)} targets are given; examples are checked one a run")
    found = example(targets[0].removeprefix(PREFIX))
    values = settings(given, found)
    words = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    return Subject(
        arguments=(targets[0], *words),
        system=made(found, values),
        properties=found.properties,
        not_modelled=found.omits,
    )
