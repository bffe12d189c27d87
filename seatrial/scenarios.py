"""
Manifests as targets of `seatrial check`: which Deployments, in which environment, at which level.

A *scenario* is one Deployment of the manifests with what was asked around it. Without a level it is
a ladder: the same promises at finer and finer steps.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from seatrial import properties
from seatrial.core import DeclarationError, Property, TraceFormatError
from seatrial.counterexamples import Story
from seatrial.model import (
    DeploymentManifest,
    Environment,
    Manifests,
    NotModelled,
    api,
    environment,
    mutants,
    parse_manifests,
    read_manifests,
    story,
    versions,
    workload,
)

from .annotations import Told, told
from .subject import Subject

__all__ = ["Asked", "Deployed", "Rung", "Scenario", "scenarios", "subject_of_recipe"]

_BLOCKS = "can write to or block"
_MOST_LAG = 4
_PROMISED = tuple(each.property.id for each in properties.workloads.PROMISES)


@attrs.frozen(kw_only=True)
class Asked:
    """What the command line says about the environment; None and () stand for the default."""

    users: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    level: str | None = None
    lag: int | None = None
    clock: str | None = None
    kubernetes: str | None = None
    feature_gates: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    assume_inert: tuple[str, ...] = ()

    def words(self) -> Iterator[str]:
        """The options that ask for the same."""
        options: tuple[tuple[str, Sequence[str] | str | int | None], ...] = (
            ("--users", self.users),
            ("--faults", self.faults),
            ("--level", self.level),
            ("--lag", self.lag),
            ("--clock", self.clock),
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


@attrs.frozen
class Rung:
    """One step of the ladder: a name, the system at it, and the options that ask for it alone."""

    name: str
    subject: Subject
    asked: Asked
    around: Environment
    of: "Deployed | None" = None
    """What its subject was made of; None where it is a known bug by itself."""


@attrs.frozen
class Scenario:
    """A Deployment to check; `blocked` says why nothing can be said to hold, if so."""

    name: str
    rungs: tuple[Rung, ...]
    blocked: tuple[str, ...] = ()


def scenarios(targets: Sequence[str], asked: Asked) -> tuple[Scenario, ...]:
    """
    One scenario for each Deployment in the files.

    Without files a known bug is shown in the small system that is kept with it.
    Raises ManifestError and DeclarationError, each in lines that say what to change.
    """
    if not targets:
        return (_of_bug(asked),)
    _environments(asked)  # what is wrong with the options is said before what is with the files
    manifests = read_manifests(targets)
    if not manifests.deployments:
        raise DeclarationError(
            f"{', '.join(targets)}: no Deployment is given; other kinds are not modelled yet"
        )
    _check_inert(asked, manifests)
    names = [each.name for each in manifests.deployments]
    found = []
    for manifest in manifests.deployments:
        key = f"{manifest.namespace}/{manifest.name}"
        owners = told(manifest, _PROMISED)
        mine = _over(asked, owners)
        base, ladder = _environments(mine)
        about = [each for each in manifests.not_modelled if key in each.deployments]
        others = [each for each in manifests.not_modelled if not each.deployments]
        blocks = [each for each in about if each.effect == _BLOCKS and not _inert(each, asked)]
        name = manifest.name if names.count(manifest.name) == 1 else key
        listed = tuple(_listed(each, asked) for each in (*about, *others))
        of = Deployed(name, manifest, tuple(targets), listed, owners.relies_on)
        rungs = tuple(
            Rung(rung, of.subject(around), one, around, of)
            for rung, around, one in _rungs(base, mine, ladder)
        )
        blocked = (*(_named(each) for each in blocks), *_overlapping(manifest, manifests))
        found.append(Scenario(name, rungs, blocked))
    return tuple(found)


def _over(asked: Asked, owners: Told) -> Asked:
    """What is asked for; what the command line leaves open is as the owners have it."""
    return attrs.evolve(
        asked, users=asked.users or owners.users, faults=asked.faults or owners.faults
    )


def _overlapping(one: DeploymentManifest, manifests: Manifests) -> Iterator[str]:
    """Other Deployments that select its pods, or whose pods it selects: they may fight."""
    for other in manifests.deployments:
        same = (other.namespace, other.name) == (one.namespace, one.name)
        if same or other.namespace != one.namespace:
            continue
        if one.selector.matches(dict(other.template.labels)) or other.selector.matches(
            dict(one.template.labels)
        ):
            yield f"Deployment {other.name}, whose selector overlaps,"


def _of_bug(asked: Asked) -> Scenario:
    names = (*asked.bugs, *asked.fixes)
    if len(names) != 1:
        raise DeclarationError(
            "give files of manifests, example:NAME, or --bug ID to see a known bug by itself"
        )
    others = attrs.evolve(asked, bugs=(), fixes=())
    for word in others.words():
        raise DeclarationError(f"{word} needs a manifest; a bug by itself brings its own")
    bug = mutants.mutant(names[0])
    around = attrs.evolve(bug.needs, variant=_variant(asked))
    shown = tuple(each for each in properties.known_bugs.PROPERTIES if each.id in bug.shows)
    subject = Subject(
        arguments=(),
        system=workload.compose(bug.id, bug.manifest, around),
        properties=shown,
        not_modelled=(),
        story=_story(bug.id, bug.manifest, around),
    )
    rung = Rung(f"{around.level}, lag {around.lag}", subject, asked, around)
    return Scenario(bug.id, (rung,))


# ---- environments -----------------------------------------------------------------------------


def _environments(asked: Asked) -> tuple[Environment, bool]:
    """The environment that is asked for, and whether its level and lag are to be climbed."""
    default = Environment()
    version = default.kubernetes if asked.kubernetes is None else asked.kubernetes
    release = versions.known(version)
    lag = asked.lag or 0
    if not 0 <= lag <= _MOST_LAG:
        raise DeclarationError(f"--lag {lag} is not between 0 and {_MOST_LAG}")
    if asked.level is not None and asked.level not in environment.LEVELS:
        raise DeclarationError(
            f"--level {asked.level!r} is none of {', '.join(environment.LEVELS)}"
        )
    users = environment.budgets(asked.users, "users") if asked.users else default.users
    faults = environment.budgets(asked.faults, "faults") if asked.faults else default.faults
    base = Environment(
        users=users,
        faults=faults,
        lag=lag,
        slow=environment.timers_early(asked.clock or "prompt"),
        kubernetes=release.version,
        gates=environment.feature_gates(asked.feature_gates, release.version),
        variant=_variant(asked),
    )
    return base, asked.level is None and asked.lag is None


def _variant(asked: Asked) -> frozenset[str]:
    """The switches of rules that bring these bugs back, or apply these fixes."""
    switches: frozenset[str] = frozenset()
    for name in asked.bugs:
        bug = mutants.mutant(name)
        switches |= bug.needs.variant | ({bug.id} if bug.kind == "mutant" else frozenset())
    for name in asked.fixes:
        bug = mutants.mutant(name)
        if bug.kind != "fix":
            raise DeclarationError(
                f"--fix {name}: that bug is fixed in the modelled version; --bug {name} brings it"
                " back"
            )
        switches |= bug.needs.variant | {bug.id}
    return switches


def _rungs(
    base: Environment, asked: Asked, ladder: bool
) -> Iterator[tuple[str, Environment, Asked]]:
    """Each rung's name, its environment, and the options that ask for it alone."""
    if not ladder:
        level: Any = asked.level or "interleaved"
        around = attrs.evolve(base, level=level)
        if level == "faulty" and not asked.faults:
            around = _with_failures(around)
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
            around = _with_failures(around)
        one = attrs.evolve(
            asked,
            level=level,
            lag=lag,
            faults=tuple(map(str, around.faults)) or ("none",),
        )
        yield f"{level}, lag {lag}", around, one


def _with_failures(around: Environment) -> Environment:
    """One request of a controller may fail, if no such fault is allowed already."""
    if around.times("write-failure") or around.times("write-unknown"):
        return around
    return attrs.evolve(around, faults=(*around.faults, environment.Budget("write-failure")))


# ---- what is not modelled ---------------------------------------------------------------------


def _inert(each: NotModelled, asked: Asked) -> bool:
    return each.kind in asked.assume_inert or (
        each.field is not None and each.field in asked.assume_inert
    )


def _check_inert(asked: Asked, manifests: Manifests) -> None:
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
class Deployed:
    """
    A Deployment as it was given, of which a subject can be made in any environment.

    `targets` name it on the command line; `relies_on` are the ids that its owners assert.
    """

    name: str
    manifest: DeploymentManifest
    targets: tuple[str, ...] = ()
    not_modelled: tuple[str, ...] = ()
    relies_on: tuple[str, ...] = ()

    @property
    def spec(self) -> api.DeploymentSpec:
        """What the controllers read of it."""
        return workload.spec_of(self.manifest)

    def subject(self, around: Environment) -> Subject:
        """The Deployment in an environment, with the promises that are asked there."""
        spec = self.spec
        asked, left_out = [], []
        for each in properties.workloads.PROMISES:
            unmet = tuple(one.words for one in each.unmet(spec, around))
            if each.property.id in self.relies_on:
                asked.append(attrs.evolve(each.property, expected="holds"))
            elif unmet:
                left_out.append((each.property, unmet))
            else:
                asked.append(each.property)
        return Subject(
            arguments=self.targets,
            system=workload.compose(self.name, spec, around),
            properties=(*asked, *_of_variant(around)),
            not_modelled=self.not_modelled,
            story=_story(self.name, spec, around),
            recipe=_recipe(self.name, self.manifest, around),
            left_out=tuple(left_out),
            relies_on=self.relies_on,
        )


def _of_variant(around: Environment) -> tuple[Property, ...]:
    """What the bugs break that are brought back, or that are fixed."""
    shown = {each for bug in mutants.MUTANTS if bug.id in around.variant for each in bug.shows}
    return tuple(each for each in properties.known_bugs.PROPERTIES if each.id in shown)


def _story(name: str, spec: api.DeploymentSpec, around: Environment) -> Story:
    return Story(story.about(name, spec, around), story.summary, story.who, story.UNTOLD)


def _recipe(name: str, manifest: DeploymentManifest, around: Environment) -> dict[str, Any]:
    """What a trace file has to hold so that its system can be made again."""
    return {
        "name": name,
        "deployment": manifest.document(),
        "users": [str(each) for each in around.users],
        "faults": [str(each) for each in around.faults],
        "level": around.level,
        "lag": around.lag,
        "clock": around.clock,
        "kubernetes": around.kubernetes,
        "featureGates": [f"{gate}={str(on).lower()}" for gate, on in around.gates],
        "variant": sorted(around.variant),
    }


def subject_of_recipe(recipe: Mapping[str, Any], where: str) -> Subject:
    """
    The subject that a trace file describes.

    Raises TraceFormatError where it describes none, ManifestError or DeclarationError where that
    could not be checked.
    """
    lists = ("users", "faults", "featureGates", "variant")
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
    lag, document = recipe.get("lag"), recipe.get("deployment")
    if type(lag) is not int or not isinstance(document, dict):
        raise TraceFormatError(f"{where}: #meta.subject lacks lag or deployment")
    asked = Asked(
        users=tuple(recipe["users"]) or ("none",),
        faults=tuple(recipe["faults"]) or ("none",),
        level=level,
        lag=lag,
        clock=clock,
        kubernetes=version,
        feature_gates=tuple(recipe["featureGates"]),
    )
    base, _ = _environments(asked)
    switches = recipe["variant"]
    for switch in switches:
        mutants.check_switch(switch)
    base = attrs.evolve(base, variant=frozenset(switches))
    (_, around, _), *_ = _rungs(base, asked, ladder=False)
    found = parse_manifests(json.dumps(document), where).deployments
    if len(found) != 1:
        raise TraceFormatError(f"{where}: #meta.subject.deployment is no Deployment")
    relies_on = told(found[0], _PROMISED).relies_on
    return Deployed(_printable(name), found[0], relies_on=relies_on).subject(around)


def _printable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9./_-]", "_", name)[:300]
