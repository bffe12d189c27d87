"""
The kinds of workloads that are modelled, and all that the face needs to know of each.

To add one is to write a function that makes its `Kind`, and to list it in `KINDS`; nothing else
here says the name of a kind.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import attrs

from seatrial import model, properties
from seatrial.core import DeclarationError, Property, System, Theorem
from seatrial.counterexamples import Story
from seatrial.model import Environment, Mutant, environment, environment_names
from seatrial.properties import Promise

__all__ = ["KINDS", "Kind", "Manifest", "asked_where", "kind_of_bug", "promises"]


class Manifest(Protocol):
    """What all manifests of workloads have; see `seatrial.model.manifest`."""

    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def annotations(self) -> tuple[tuple[str, str], ...]: ...
    def position(self, field: str = "") -> Any: ...
    def document(self) -> dict[str, Any]: ...


@attrs.frozen(eq=False)
class Kind:
    """
    A kind of workload, such as Deployment.

    `spec_of` gives what controllers read of a manifest, and `compose` makes a system of that in an
    environment. `users`, `faults` and `gates` are the names that mean something there, of those in
    `seatrial.model.environment`; `usual` has what is allowed unless something is asked for.
    `broken_by_bugs` are what its known bugs break, beside the promises. `theorems` gives what is
    proved about the controllers of a workload with such a spec. `plain` is a spec
    of one replica, to look at its system without a manifest.
    """

    name: str
    spec_of: Callable[[Any], Any]
    check: Callable[[Any, Environment], None]
    """
    Raises DeclarationError where a workload with such a spec cannot be in an environment; of what
    the manifest says, the text begins with the field.
    """
    compose: Callable[[str, Any, Environment], System]
    story: Callable[[str, Any, Environment], Story]
    promises: tuple[Promise, ...]
    users: frozenset[str]
    faults: frozenset[str]
    gates: frozenset[str]
    usual: Environment
    plain: Any
    bugs: tuple[Mutant, ...] = ()
    broken_by_bugs: tuple[Property, ...] = ()
    theorems: Callable[[Any], tuple[Theorem, ...]] = lambda spec: ()
    nodes: Callable[[Any], int] = lambda manifest: 0
    """How many Node objects are given beside a manifest, of those that are modelled."""
    usual_nodes: Callable[[Any, Environment], int] = lambda spec, around: around.nodes
    """How many nodes there are in an environment where nobody says how many."""

    def environment(self, around: Environment) -> Environment:
        """The part of an environment that concerns this kind."""
        return attrs.evolve(
            around,
            users=tuple(each for each in around.users if each.name in self.users),
            faults=tuple(each for each in around.faults if each.name in self.faults),
            gates=tuple((name, on) for name, on in around.gates if name in self.gates),
        )


def _deployment() -> Kind:
    of, story = model.workload, model.story
    return Kind(
        name="Deployment",
        spec_of=of.spec_of,
        check=of.check,
        compose=of.compose,
        story=lambda name, spec, around: Story(
            story.about(name, spec, around), story.summary, story.who, story.UNTOLD
        ),
        promises=properties.workloads.PROMISES,
        users=environment_names.OF_DEPLOYMENTS,
        faults=environment_names.AROUND_DEPLOYMENTS,
        gates=model.versions.OF_DEPLOYMENTS,
        usual=Environment(),
        plain=model.api.DeploymentSpec(1),
        bugs=model.deployment_mutants.MUTANTS,
        broken_by_bugs=properties.known_bugs.PROPERTIES,
        theorems=lambda spec: properties.theorems.theorems_for(spec),
    )


def _stateful_set() -> Kind:
    of, story = model.statefulset_workload, model.statefulset_story
    return Kind(
        name="StatefulSet",
        spec_of=of.spec_of,
        check=of.check,
        compose=of.compose,
        story=lambda name, spec, around: Story(
            story.about(name, spec, around), story.summary, story.who, story.UNTOLD
        ),
        promises=properties.statefulsets.PROMISES,
        users=environment_names.OF_STATEFUL_SETS,
        faults=environment_names.AROUND_STATEFUL_SETS,
        gates=model.versions.OF_STATEFUL_SETS,
        usual=Environment(
            users=(environment.Budget("set-image"),),
            faults=(environment.Budget("node-partition"),),
        ),
        plain=model.statefulset_api.StatefulSetSpec(replicas=1, publishes=False),
        bugs=model.statefulset_mutants.MUTANTS,
        theorems=lambda spec: properties.theorem_statefulset.THEOREMS,
        nodes=lambda manifest: len(manifest.placing.nodes),
        usual_nodes=of.usual_nodes,
    )


def _job() -> Kind:
    of, story = model.job_workload, model.job_story
    return Kind(
        name="Job",
        spec_of=of.spec_of,
        check=of.check,
        compose=of.compose,
        story=lambda name, spec, around: Story(
            story.about(name, spec, around), story.summary, story.who, story.UNTOLD
        ),
        promises=properties.jobs.PROMISES,
        users=environment_names.OF_JOBS,
        faults=environment_names.AROUND_JOBS,
        gates=model.versions.OF_JOBS,
        usual=Environment(users=()),
        plain=model.job_api.JobSpec(completions=1, parallelism=1, completion_mode="Indexed"),
        bugs=model.job_mutants.MUTANTS,
        theorems=lambda spec: properties.theorem_job.THEOREMS,
    )


class _Kinds(Mapping[str, Kind]):
    """
    Makes a kind when it is first asked for.

    Importing the rules and the promises of one takes a tenth of a second, and a manifest is of one.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Kind]]) -> None:
        self._makers = makers
        self._made: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


KINDS: Mapping[str, Kind] = _Kinds(
    {"Deployment": _deployment, "StatefulSet": _stateful_set, "Job": _job}
)
"""By the names that they have in manifests, in the order in which they are listed."""


def promises() -> dict[str, tuple[Kind, Promise]]:
    """Every promise of every kind, by its id."""
    return {each.property.id: (kind, each) for kind in KINDS.values() for each in kind.promises}


def kind_of_bug(name: str) -> Kind:
    """The kind that has the known bug of that id. Raises DeclarationError where there is none."""
    bug = model.mutants.mutant(name)
    for kind in KINDS.values():
        if bug in kind.bugs:
            return kind
    raise DeclarationError(f"the known bug {name!r} is of no kind that can be checked")


def asked_where(promise: Promise) -> list[tuple[str, str]]:
    """
    In words where a promise is asked and what it needs to hold, each with its label.

    What is expected to be refuted needs nothing: it is shown where it is asked.
    """
    rows = [("asked where", "; ".join(each.words for each in promise.where) or "everywhere")]
    if promise.property.expected == "holds":
        needs = "; ".join(each.words for each in promise.conditions)
        rows.append(("holds if", needs or "always"))
    return rows
