"""Short ways to write down Deployments and ReplicaSets, for tests of their controllers."""

from collections.abc import Iterable
from functools import total_ordering
from typing import Any

from attrs import evolve, fields, has
from hypothesis import strategies as st

from seatrial.model import api

TEMPLATE = 9
"""The Deployment's own template. A ReplicaSet is old by default: its template is its rank."""


def deployment(
    replicas: int, surge: int | str = 0, unavailable: int | str = 0, template: int = TEMPLATE
) -> api.Deployment:
    """A Deployment that rolls with these bounds, `2` or `"25%"`."""
    strategy = api.rolling_update(max_surge=bound(surge), max_unavailable=bound(unavailable))
    spec = api.DeploymentSpec(template, replicas, strategy=strategy)
    return api.Deployment(spec)


def bound(written: int | str) -> api.IntOrPercent:
    """A bound as it stands in a manifest."""
    if isinstance(written, int):
        return api.IntOrPercent.absolute(written)
    return api.IntOrPercent.percent(int(written.removesuffix("%")))


def old(created: int, replicas: int, available: int = 0) -> api.ReplicaSet:
    """An old ReplicaSet: of that size, and reporting so many available pods."""
    return replica_set(created, created, replicas, available)


def new(replicas: int, available: int = 0) -> api.ReplicaSet:
    """The ReplicaSet of the Deployment's template, younger than any old one."""
    return replica_set(TEMPLATE, TEMPLATE, replicas, available)


def replica_set(template: int, created: int, replicas: int, available: int) -> api.ReplicaSet:
    """A ReplicaSet whose pods are all available that it reports."""
    status = api.ReplicaSetStatus(available, available, available, available)
    return api.ReplicaSet(template, created, replicas, status=status)


def sizes(rss: Iterable[api.ReplicaSet]) -> list[tuple[int, int]]:
    """Rank and size of each."""
    return [(rs.created, rs.replicas) for rs in rss]


bounds = st.one_of(
    st.builds(api.IntOrPercent.absolute, st.integers(0, 12)),
    st.builds(api.IntOrPercent.percent, st.integers(0, 100)),
)


@st.composite
def deployments(draw: st.DrawFn, least: int = 0, most: int = 20) -> api.Deployment:
    """Any Deployment of a size within these limits that rolls, with any bounds."""
    strategy = api.rolling_update(max_surge=draw(bounds), max_unavailable=draw(bounds))
    spec = api.DeploymentSpec(TEMPLATE, draw(st.integers(least, most)), strategy=strategy)
    return api.Deployment(spec)


@st.composite
def honest_replica_sets(draw: st.DrawFn, created: int) -> api.ReplicaSet:
    """Any ReplicaSet that reports at most as many available pods as it is to have."""
    replicas = draw(st.integers(0, 12))
    return replica_set(created, created, replicas, draw(st.integers(0, replicas)))


@total_ordering
class Opaque:
    """
    An integer that rules can only calculate with and compare, as one of the symbolic engine.

    Hashing it, counting to it, or making a sequence as long as it raises TypeError.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: int) -> None:
        self.value = value

    def __add__(self, other: "int | Opaque") -> "Opaque":
        return Opaque(self.value + plain(other))

    __radd__ = __add__

    def __sub__(self, other: "int | Opaque") -> "Opaque":
        return Opaque(self.value - plain(other))

    def __rsub__(self, other: int) -> "Opaque":
        return Opaque(other - self.value)

    def __mul__(self, other: "int | Opaque") -> "Opaque":
        return Opaque(self.value * plain(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: "int | Opaque") -> "Opaque":
        return Opaque(self.value // plain(other))

    def __neg__(self) -> "Opaque":
        return Opaque(-self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (int, Opaque)) and self.value == plain(other)

    def __lt__(self, other: "int | Opaque") -> bool:
        return self.value < plain(other)

    def __repr__(self) -> str:
        return f"Opaque({self.value})"


def plain(number: "int | Opaque") -> int:
    """The ordinary integer."""
    return number.value if isinstance(number, Opaque) else number


def opaque(value: Any) -> Any:
    """The same frozen value with every size and count in it made opaque; ranks stay as they are."""
    changes: dict[str, Any] = {}
    for field in fields(type(value)):
        content = getattr(value, field.name)
        if has(type(content)):
            changes[field.name] = opaque(content)
        elif type(content) is int and field.name not in ("created", "template", "deletion_cost"):
            changes[field.name] = Opaque(content)
    return evolve(value, **changes)
