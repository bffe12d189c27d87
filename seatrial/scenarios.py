"""
Manifests as targets of `seatrial check`: which workloads, in which environment, at which level.

A *scenario* is one workload of the manifests with what was asked around it. Without a level it is
a ladder: the same promises at finer and finer steps.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import attrs

from seatrial import model
from seatrial.core import DeclarationError, Property, TraceFormatError
from seatrial.model import (
    Environment,
    Manifests,
    NotModelled,
    Trial,
    environment,
    parse_manifests,
    read_manifests,
    versions,
)

from .added import Added
from .annotations import Told, told
from .kinds import KINDS, Kind, Manifest, kind_of_bug
from .subject import Subject, not_met

__all__ = [
    "Asked",
    "Rung",
    "Scenario",
    "Workload",
    "around_it",
    "check_inert",
    "scenarios",
    "subject_of_recipe",
]

_MOST_LAG = 4


@attrs.frozen(kw_only=True)
class Asked:
    """What the command line says about the environment; None and () stand for the default."""

    users: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    level: str | None = None
    lag: int | None = None
    clock: str | None = None
    nodes: int | None = None
    kubernetes: str | None = None
    feature_gates: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    assume_inert: tuple[str, ...] = ()

    @classmethod
    def of(cls, trial: Trial) -> "Asked":
        """What a trial file says about the environment."""
        return cls(**{name: getattr(trial, name) for name in attrs.fields_dict(cls)})

    def over(self, other: "Asked") -> "Asked":
        """The same; what it leaves open is as the other has it."""
        given = {name: getattr(self, name) for name in attrs.fields_dict(Asked)}
        return attrs.evolve(
            other, **{name: value for name, value in given.items() if value not in (None, ())}
        )

    def words(self) -> Iterator[str]:
        """The options that ask for the same."""
        options: tuple[tuple[str, Sequence[str] | str | int | None], ...] = (
            ("--users", self.users),
            ("--faults", self.faults),
            ("--level", self.level),
            ("--lag", self.lag),
            ("--clock", self.clock),
            ("--nodes", self.nodes),
            ("--kubernetes", self.kubernetes),
            ("--feature-gates", self.feature_gates),
            ("--bug", self.bugs),
            ("--fix", self.fixes),
            ("--assume-inert", self.assume_inert),
        )
        for option, given in options:
            texts = given if isinstance(given, tuple) else () if given is None else (str(given),)
            for text in texts:
                yield from (option, str(text))


@attrs.frozen(eq=False)
class Rung:
    """
    One step of the ladder: a name, what `makes` its subject, and the options that ask for it alone.

    The subject is not made before it is asked for: nobody waits for the system of a rung that is
    not reached.
    """

    name: str
    makes: Callable[[], Subject]
    asked: Asked
    around: Environment
    of: "Workload | None" = None
    """What its subject is made of; None where it is a known bug by itself."""

    @cached_property
    def subject(self) -> Subject:
        """What is checked on it."""
        return self.makes()


@attrs.frozen
class Scenario:
    """A workload to check; `blocked` says why nothing can be said to hold, if so."""

    kind: Kind
    name: str
    rungs: tuple[Rung, ...]
    blocked: tuple[str, ...] = ()


def scenarios(
    targets: Sequence[str], asked: Asked, added: Added | None = None
) -> tuple[Scenario, ...]:
    """
    One scenario for each workload in the files, with what is `added` to the promises.

    Without files a known bug is shown in the small system that is kept with it.
    Raises ManifestError and DeclarationError, each in lines that say what to change.
    """
    if not targets:
        return (_of_bug(asked),)
    # What is wrong with the options is said before what is with the files.
    around, _ = _environments(asked)
    manifests = read_manifests(targets, _on(around))
    found = _workloads(manifests)
    if not found:
        known = " and no ".join(KINDS)
        raise DeclarationError(
            f"{', '.join(targets)}: no {known} is given; other kinds are not modelled yet"
        )
    check_inert(asked, manifests)
    _check_concerns(asked, [kind for kind, _ in found])
    added = Added() if added is None else added
    added.check([(kind.name, each.name) for kind, each in found])
    names = [_spellings(manifest) for _, manifest in found]
    return tuple(
        _scenario(
            kind,
            manifest,
            manifests,
            asked,
            tuple(targets),
            name=next(each for each in own if sum(each in others for others in names) == 1),
            added=added.of(kind.name, manifest.name),
        )
        for (kind, manifest), own in zip(found, names, strict=True)
    )


def _spellings(manifest: Manifest) -> tuple[str, str, str]:
    """What a workload can be called, the shortest first; nothing else has the last one."""
    return manifest.name, f"{manifest.namespace}/{manifest.name}", manifest.key


def _on(around: Environment) -> frozenset[str]:
    """The feature gates that are on."""
    return frozenset(name for name, on in around.gates if on)


def _workloads(manifests: Manifests) -> list[tuple[Kind, Manifest]]:
    """The workloads of kinds that are modelled, in the order of the files."""
    return [(KINDS[each.kind], each) for each in manifests.workloads if each.kind in KINDS]


def _scenario(
    kind: Kind,
    manifest: Manifest,
    manifests: Manifests,
    asked: Asked,
    targets: tuple[str, ...],
    name: str,
    added: Added,
) -> Scenario:
    owners = told(manifest, kind)
    mine = _over(asked, owners)
    base, ladder = _environments(mine, kind)
    base = _on_nodes(base, kind, manifest, asked)
    blocked, waits, listed = around_it(manifest, manifests, asked)
    base = attrs.evolve(base, waits=bool(waits))
    bugs = (*asked.bugs, *asked.fixes)
    warnings = tuple(str(each) for each in manifests.warnings if each.workload == manifest.key)
    of = Workload(kind, name, manifest, targets, listed, owners.relies_on, bugs, warnings, added)
    rungs = tuple(
        Rung(rung, partial(of.subject, around), one, around, of)
        for rung, around, one in _rungs(base, mine, kind, ladder)
    )
    try:
        for each in rungs:
            kind.check(of.spec, each.around)
    except DeclarationError as error:
        position = manifest.position(str(error).partition(":")[0])
        if position is None:
            raise
        raise DeclarationError(f"{position}: {error}") from None
    return Scenario(kind, name, rungs, blocked)


def around_it(
    manifest: Manifest, manifests: Manifests, asked: Asked
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What can write to a workload or block it, what makes pods wait, all that is not modelled."""
    about = [each for each in manifests.not_modelled if manifest.key in each.concerns]
    others = [each for each in manifests.not_modelled if not each.concerns]
    active = [each for each in about if not _inert(each, asked)]
    blocks = (_named(each) for each in active if each.blocks)
    waits = tuple(_named(each) for each in active if each.keeps_waiting)
    listed = tuple(_listed(each, asked) for each in (*about, *others))
    return (*blocks, *_overlapping(manifest, manifests)), waits, listed


def _over(asked: Asked, owners: Told) -> Asked:
    """What is asked for; what the command line leaves open is as the owners have it."""
    return attrs.evolve(
        asked, users=asked.users or owners.users, faults=asked.faults or owners.faults
    )


def _overlapping(one: Any, manifests: Manifests) -> Iterator[str]:
    """Other workloads that select its pods, or whose pods it selects: they may fight."""
    for kind, other in _workloads(manifests):
        if other is one or other.namespace != one.namespace:
            continue
        if _selects(one, other) or _selects(other, one):
            yield f"{kind.name} {other.name}, whose selector overlaps,"


def _selects(one: Any, other: Any) -> bool:
    return bool(one.selects(dict(other.template.labels)))


def _of_bug(asked: Asked) -> Scenario:
    names = (*asked.bugs, *asked.fixes)
    if len(names) != 1:
        raise DeclarationError(
            "give files of manifests, example:NAME, or --bug ID to see a known bug by itself"
        )
    bug, kind = model.mutants.mutant(names[0]), kind_of_bug(names[0])
    others = attrs.evolve(asked, bugs=(), fixes=(), feature_gates=())
    for word in others.words():
        raise DeclarationError(f"{word} needs a manifest; a bug by itself brings its own")
    _check_concerns(asked, [kind])
    needs = bug.needs
    gates = dict(needs.gates) | environment.switched(asked.feature_gates, needs.kubernetes)
    around = kind.environment(
        attrs.evolve(needs, variant=_variant(asked), gates=tuple(gates.items()))
    )
    # The release may have the bug, and its promise be listed as refuted: here it is asserted.
    shown = tuple(
        attrs.evolve(each, expected="holds")
        for each in _broken_by_bugs(kind)
        if each.id in bug.shows
    )
    subject = Subject(
        arguments=(),
        system=bug.compose(bug.id, bug.manifest, around),
        properties=shown,
        not_modelled=(),
        story=kind.story(bug.id, bug.manifest, around),
    )
    rung = Rung(f"{around.level}, lag {around.lag}", lambda: subject, asked, around)
    return Scenario(kind, bug.id, (rung,))


# ---- environments -----------------------------------------------------------------------------


def _environments(asked: Asked, kind: Kind | None = None) -> tuple[Environment, bool]:
    """
    The environment that is asked for, and whether its level and lag are to be climbed.

    With a kind, the part of it that concerns this kind; what is not asked for is as usual there.
    """
    usual = Environment() if kind is None else kind.usual
    version = usual.kubernetes if asked.kubernetes is None else asked.kubernetes
    release = versions.known(version)
    lag = asked.lag or 0
    if not 0 <= lag <= _MOST_LAG:
        raise DeclarationError(f"--lag {lag} is not between 0 and {_MOST_LAG}")
    if asked.level is not None and asked.level not in environment.LEVELS:
        raise DeclarationError(
            f"--level {asked.level!r} is none of {', '.join(environment.LEVELS)}"
        )
    users = environment.budgets(asked.users, "users") if asked.users else usual.users
    faults = environment.budgets(asked.faults, "faults") if asked.faults else usual.faults
    base = Environment(
        users=users,
        faults=faults,
        lag=lag,
        slow=environment.timers_early(asked.clock or "prompt"),
        nodes=environment.number_of_nodes(asked.nodes),
        kubernetes=release.version,
        gates=environment.feature_gates(asked.feature_gates, release.version),
        variant=_variant(asked),
    )
    if kind is not None:
        base = kind.environment(base)
    return base, asked.level is None and asked.lag is None


def _on_nodes(base: Environment, kind: Kind, manifest: Manifest, asked: Asked) -> Environment:
    """The environment with as many nodes as are given as objects, are asked for, or are usual."""
    given = kind.nodes(manifest)
    if not given:
        usual = kind.usual_nodes(kind.spec_of(manifest), base)
        return attrs.evolve(base, nodes=usual if asked.nodes is None else asked.nodes)
    if asked.nodes not in (None, given):
        raise DeclarationError(
            f"--nodes {asked.nodes}: the manifests have {given} Node objects; leave --nodes out"
        )
    if given > environment.MOST_NODES:
        raise DeclarationError(
            f"{given} Node objects are given, and at most {environment.MOST_NODES} are explored"
        )
    return attrs.evolve(base, nodes=given)


def _check_concerns(asked: Asked, kinds: Sequence[Kind]) -> None:
    """Whatever is asked for has to mean something for one of the workloads at least."""
    given = (
        ("--users", environment.budgets(asked.users, "users") if asked.users else ()),
        ("--faults", environment.budgets(asked.faults, "faults") if asked.faults else ()),
    )
    named = [(option, each.name) for option, budgets in given for each in budgets]
    gates = ",".join(asked.feature_gates).split(",")
    named += [("--feature-gates", each.partition("=")[0].strip()) for each in gates if each.strip()]
    for option, name in named:
        known = dict.fromkeys(each for kind in kinds for each in sorted(_names(kind, option)))
        if name not in known:
            which = " or a ".join(dict.fromkeys(kind.name for kind in kinds))
            raise DeclarationError(
                f"{option}: {name!r} means nothing for a {which}; known there: {', '.join(known)}"
            )
    for name in (*asked.bugs, *asked.fixes):
        if kind_of_bug(name) not in kinds:
            raise DeclarationError(f"--bug {name} is of a {kind_of_bug(name).name}; none is given")


def _names(kind: Kind, option: str) -> frozenset[str]:
    names = {"--users": kind.users, "--faults": kind.faults, "--feature-gates": kind.gates}
    return names[option]


def _variant(asked: Asked) -> frozenset[str]:
    """The switches of rules that bring these bugs back, or apply these fixes."""
    switches: frozenset[str] = frozenset()
    for name in asked.bugs:
        bug = model.mutants.mutant(name)
        switches |= bug.needs.variant | ({bug.id} if bug.kind == "mutant" else frozenset())
    for name in asked.fixes:
        bug = model.mutants.mutant(name)
        if bug.kind != "fix":
            raise DeclarationError(
                f"--fix {name}: that bug is fixed in the modelled version; --bug {name} brings it"
                " back"
            )
        switches |= bug.needs.variant | {bug.id}
    return switches


def _rungs(
    base: Environment, asked: Asked, kind: Kind, ladder: bool
) -> Iterator[tuple[str, Environment, Asked]]:
    """Each rung's name, its environment, and the options that ask for it alone."""
    if not ladder:
        level: Any = asked.level or "interleaved"
        around = attrs.evolve(base, level=level)
        if level == "faulty" and not asked.faults:
            around = _with_failures(around, kind)
        yield f"{level}, lag {base.lag}", around, asked
        return
    steps: tuple[tuple[environment.Level, int], ...] = (
        ("atomic", 0),
        ("interleaved", 1),
        ("faulty", 1),
    )
    for level, lag in steps:
        if lag < 2 and base.times("relist"):
            lag = 2
        around = attrs.evolve(base, level=level, lag=lag)
        if level == "faulty":
            around = _with_failures(around, kind)
        one = attrs.evolve(
            asked,
            level=level,
            lag=lag,
            faults=tuple(map(str, around.faults)) or ("none",),
        )
        yield f"{level}, lag {lag}", around, one


def _with_failures(around: Environment, kind: Kind) -> Environment:
    """One request of a controller may fail, if no such fault is allowed already."""
    some = around.times("write-failure") + around.times("write-unknown")
    if some or "write-failure" not in kind.faults:
        return around
    return attrs.evolve(around, faults=(*around.faults, environment.Budget("write-failure")))


# ---- what is not modelled ---------------------------------------------------------------------


def _inert(each: NotModelled, asked: Asked) -> bool:
    return each.kind in asked.assume_inert or (
        each.field is not None and each.field in asked.assume_inert
    )


def check_inert(asked: Asked, manifests: Manifests) -> None:
    """Whatever is assumed to be inert has to be there, or the assumption is a misspelling."""
    known = {each.field or each.kind for each in manifests.not_modelled}
    known |= {each.kind for each in manifests.not_modelled if each.field is None}
    for name in asked.assume_inert:
        if name not in known:
            listed = ", ".join(sorted(known)) or "nothing"
            raise DeclarationError(
                f"--assume-inert {name!r} is no kind and no field here that is not modelled;"
                f" there are: {listed}"
            )


def _named(each: NotModelled) -> str:
    return each.field if each.field is not None else f"{each.kind} {each.name}"


def _listed(each: NotModelled, asked: Asked) -> str:
    effect = "assumed to be inert" if _inert(each, asked) else each.effect
    return f"{_named(each)} ({each.position}): {effect}; {each.why}"


# ---- subjects ---------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Workload:
    """
    A workload as it was given, of which a subject can be made in any environment.

    `targets` name it on the command line; `relies_on` are the ids that its owners assert, `bugs`
    those of known bugs that are asked about, and that the modelled release may have anyway.
    """

    kind: Kind
    name: str
    manifest: Manifest
    targets: tuple[str, ...] = ()
    not_modelled: tuple[str, ...] = ()
    relies_on: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    added: Added = attrs.field(factory=Added)

    @property
    def spec(self) -> Any:
        """What the controllers read of it."""
        return self.kind.spec_of(self.manifest)

    def subject(self, around: Environment) -> Subject:
        """The workload in an environment, with the promises that are asked there."""
        spec = self.spec
        asked, left_out, warnings = [], [], list(self.warnings)
        for each in self.kind.promises:
            unmet = tuple(one.words for one in each.unmet(spec, around))
            if each.property.id in self.relies_on:
                asked.append(attrs.evolve(each.property, expected="holds"))
                if unmet:
                    warnings.append(not_met(each.property, unmet))
            elif unmet:
                left_out.append((each.property, unmet))
            else:
                asked.append(each.property)
        return Subject(
            arguments=self.targets,
            system=self.kind.compose(self.name, spec, around),
            properties=tuple(map(self.added.expects, (*asked, *self._others(around)))),
            not_modelled=self.not_modelled,
            story=self.kind.story(self.name, spec, around),
            recipe=_recipe(self.name, self.manifest, around, self.bugs, self.added),
            left_out=tuple((self.added.expects(each), words) for each, words in left_out),
            relies_on=self.relies_on,
            warnings=tuple(warnings),
        )

    def _others(self, around: Environment) -> Iterator[Property]:
        """What is asked beside the promises: what bugs break, and invariants."""
        yield from self._broken_by_bugs(around)
        if self.added.invariants:
            from .invariants import property_of

            yield from map(property_of, self.added.invariants)

    def _broken_by_bugs(self, around: Environment) -> Iterator[Property]:
        """What the bugs break that are asked about, beside the promises."""
        bugs = [each for each in self.kind.bugs if each.id in {*around.variant, *self.bugs}]
        shown = {each for bug in bugs for each in bug.shows}
        promised = {each.property.id for each in self.kind.promises}
        return (each for each in self.kind.broken_by_bugs if each.id in shown - promised)


def _broken_by_bugs(kind: Kind) -> tuple[Property, ...]:
    """All that known bugs of a kind may break: promises, and what is stated for bugs alone."""
    return (*kind.broken_by_bugs, *(each.property for each in kind.promises))


def _recipe(
    name: str, manifest: Manifest, around: Environment, bugs: Sequence[str], added: Added
) -> dict[str, Any]:
    """What a trace file has to hold so that its system can be made again."""
    return {
        "name": name,
        "manifest": manifest.document(),
        "users": [str(each) for each in around.users],
        "faults": [str(each) for each in around.faults],
        "level": around.level,
        "lag": around.lag,
        "clock": around.clock,
        "nodes": around.nodes,
        "kubernetes": around.kubernetes,
        "featureGates": [f"{gate}={str(on).lower()}" for gate, on in around.gates],
        "variant": sorted(around.variant),
        "waits": around.waits,
        "bugs": list(bugs),
        "invariants": added.recipe(),
    }


def subject_of_recipe(recipe: Mapping[str, Any], where: str) -> Subject:
    """
    The subject that a trace file describes.

    Raises TraceFormatError where it describes none, ManifestError or DeclarationError where that
    could not be checked.
    """
    recipe = {"bugs": [], "invariants": [], **recipe}
    lists = ("users", "faults", "featureGates", "variant", "bugs")
    for key in lists:
        given = recipe.get(key)
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise TraceFormatError(f"{where}: #meta.subject.{key} is no array of strings")
    name, level, version = (recipe.get(key) for key in ("name", "level", "kubernetes"))
    if not (isinstance(name, str) and isinstance(level, str) and isinstance(version, str)):
        raise TraceFormatError(f"{where}: #meta.subject lacks name, level or kubernetes")
    clock = recipe.get("clock", "prompt")
    if not isinstance(clock, str):
        raise TraceFormatError(f"{where}: #meta.subject.clock is no string")
    nodes = recipe.get("nodes")
    if nodes is not None and type(nodes) is not int:
        raise TraceFormatError(f"{where}: #meta.subject.nodes is no number")
    waits = recipe.get("waits", False)
    if type(waits) is not bool:
        raise TraceFormatError(f"{where}: #meta.subject.waits is neither true nor false")
    lag, document = recipe.get("lag"), recipe.get("manifest")
    if type(lag) is not int or not isinstance(document, dict):
        raise TraceFormatError(f"{where}: #meta.subject lacks lag or manifest")
    asked = Asked(
        users=tuple(recipe["users"]) or ("none",),
        faults=tuple(recipe["faults"]) or ("none",),
        level=level,
        lag=lag,
        clock=clock,
        nodes=nodes,
        kubernetes=version,
        feature_gates=tuple(recipe["featureGates"]),
    )
    around, _ = _environments(asked)
    found = _workloads(parse_manifests(json.dumps(document), where, _on(around)))
    if len(found) != 1:
        raise TraceFormatError(f"{where}: #meta.subject.manifest is no {' and no '.join(KINDS)}")
    ((kind, manifest),) = found
    base, _ = _environments(asked, kind)
    switches = recipe["variant"]
    for switch in switches:
        model.mutants.check_switch(switch)
    base = attrs.evolve(base, variant=frozenset(switches), waits=waits)
    (_, around, _), *_ = _rungs(base, asked, kind, ladder=False)
    relies_on = told(manifest, kind).relies_on
    bugs = tuple(model.mutants.mutant(each).id for each in recipe["bugs"])
    added = Added.of_recipe(recipe["invariants"], where)
    added.check([(kind.name, manifest.name)])
    of = Workload(kind, _printable(name), manifest, relies_on=relies_on, bugs=bugs, added=added)
    return of.subject(around)


def _printable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9./_-]", "_", name)[:300]
