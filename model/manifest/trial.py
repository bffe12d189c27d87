"""
A trial file: which manifests are checked, in which environment, and what has to hold there.

    apiVersion: seatrial.dev/v1
    kind: Trial
    metadata: {name: web-under-crashes}
    spec:
      manifests: [web.yaml]
      environment: {users: ["set-image@1"], faults: [container-exit@1], level: interleaved, lag: 1}
      invariants:
        - {name: capacity, expression: "deployment('web').availableReplicas >= 3"}

Reading is strict: a field that is not known is refused, and so is whatever an option of the same
meaning would refuse.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

import attrs

from seatrial.core import DeclarationError
from seatrial.model import environment, versions

from .documents import documents
from .errors import ManifestError, Path, Position, Problem, quoted
from .files import TRIAL_SUFFIXES, text_of
from .reading import Reading

__all__ = ["TRIAL_SUFFIXES", "Invariant", "Trial", "parse_trial", "read_trial"]

API_VERSION = "seatrial.dev/v1"
_ENGINES = ("explore", "hypothesis", "auto")
_REDUCTIONS = ("symmetry", "partial-order")
_EXPECTED = ("holds", "refuted")
_FIELDS: dict[Path, tuple[str, ...]] = {
    (): ("apiVersion", "kind", "metadata", "spec"),
    ("metadata",): ("name", "labels", "annotations"),
    ("spec",): (
        "manifests",
        "environment",
        "properties",
        "expected",
        "invariants",
        "limits",
        "engine",
        "seed",
        "reduce",
    ),
    ("spec", "environment"): (
        "users",
        "faults",
        "level",
        "lag",
        "clock",
        "nodes",
        "kubernetes",
        "featureGates",
        "bugs",
        "fixes",
        "assumeInert",
    ),
    ("spec", "limits"): ("states", "depth", "time", "memory", "runs", "steps"),
}
_INVARIANT = ("name", "expression", "says", "expected")


@attrs.frozen
class Invariant:
    """What has to hold in every state, in CEL; `position` is where the expression is written."""

    name: str
    expression: str
    says: str
    expected: str
    position: Position


@attrs.frozen(kw_only=True)
class Trial:
    """
    A trial file that was read; () and None stand for what it does not say.

    `manifests` are paths as the file has them, from the folder that it lies in. `positions` says
    where a field is written, by its dotted path.
    """

    path: FilePath
    name: str
    manifests: tuple[str, ...]
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
    properties: tuple[str, ...] | None = None
    expected: tuple[tuple[str, str], ...] = ()
    invariants: tuple[Invariant, ...] = ()
    max_states: int | None = None
    max_depth: int | None = None
    time_limit: str | None = None
    memory_limit: str | None = None
    runs: int | None = None
    steps: int | None = None
    engine: str | None = None
    seed: int | None = None
    reduce: tuple[str, ...] = ()
    positions: Mapping[str, Position] = attrs.field(factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The manifests, as paths from where the reader is."""
        return tuple(str(self.path.parent / each) for each in self.manifests)

    def position(self, field: str) -> Position:
        """Where a field is written; the file where it is not."""
        return self.positions.get(field, Position(str(self.path)))


def read_trial(path: str | FilePath) -> Trial:
    """Read a trial file. Raises ManifestError with each problem, its place and its field."""
    return parse_trial(text_of(FilePath(path)), FilePath(path))


def parse_trial(text: str, path: FilePath) -> Trial:
    """The same for a text; `path` is where it is from."""
    found = documents(text, str(path))
    if len(found) != 1:
        position = found[1].position if found else Position(str(path))
        says = f"{len(found)} documents; write one Trial in a file"
        raise ManifestError([Problem(position, (), says)])
    (node,) = found
    if not isinstance(node.value, dict):
        says = f"{quoted(node.value)} stands where a Trial has to be; write apiVersion and kind"
        raise ManifestError([Problem(node.position, (), says)])
    reading = _TrialReading(Reading(node))
    trial = reading.trial(path)
    if reading.of.problems:
        raise ManifestError(sorted(reading.of.problems, key=lambda each: each.position))
    return trial


@attrs.define
class _TrialReading:
    """One trial being read; problems are collected in `of`."""

    of: Reading
    positions: dict[str, Position] = attrs.field(factory=dict)

    def trial(self, path: FilePath) -> Trial:
        self._head()
        for fields, names in _FIELDS.items():
            self._only(fields, names)
        around = ("spec", "environment")
        limits = ("spec", "limits")
        manifests = self._texts(("spec", "manifests"))
        if not manifests and not self.of.problems:
            self.of.refuse(("spec",), "no manifests; write manifests: [FILE.yaml]")
        return Trial(
            path=path,
            name=str(self.of.get("metadata", "name", default="")),
            manifests=manifests,
            users=self._checked(
                (*around, "users"), lambda all_of: environment.budgets(all_of, "users")
            ),
            faults=self._checked(
                (*around, "faults"), lambda all_of: environment.budgets(all_of, "faults")
            ),
            level=self._word((*around, "level"), environment.LEVELS),
            lag=self._number((*around, "lag"), 0, 4),
            clock=self._said((*around, "clock"), environment.timers_early),
            nodes=self._number((*around, "nodes"), 1, environment.MOST_NODES),
            kubernetes=self._said((*around, "kubernetes"), versions.known),
            feature_gates=self._gates((*around, "featureGates")),
            bugs=self._texts((*around, "bugs")),
            fixes=self._texts((*around, "fixes")),
            assume_inert=self._texts((*around, "assumeInert")),
            properties=self._listed(("spec", "properties")),
            expected=self._expected(("spec", "expected")),
            invariants=tuple(self._invariants(("spec", "invariants"))),
            max_states=self._number((*limits, "states"), 1, 10**12),
            max_depth=self._number((*limits, "depth"), 0, 10**6),
            time_limit=self._amount((*limits, "time")),
            memory_limit=self._amount((*limits, "memory")),
            runs=self._drawn((*limits, "runs"), 1, 10**9),
            steps=self._drawn((*limits, "steps"), 1, 2000),
            engine=self._word(("spec", "engine"), _ENGINES),
            seed=self._drawn(("spec", "seed"), 0, 2**63),
            reduce=tuple(
                each
                for at, each in enumerate(self._texts(("spec", "reduce")))
                if self._one_of(("spec", "reduce", at), each, _REDUCTIONS)
            ),
            positions=self.positions,
        )

    def _head(self) -> None:
        version, kind = self.of.get("apiVersion"), self.of.get("kind")
        if version != API_VERSION:
            self.of.refuse(("apiVersion",), f"{quoted(version)} is unknown; write {API_VERSION}")
        if kind != "Trial":
            self.of.refuse(("kind",), f"{quoted(kind)} is no Trial; write kind: Trial")
        name = self.of.get("metadata", "name")
        if not isinstance(name, str) or not name:
            self.of.refuse(("metadata", "name"), "no name; write metadata.name")

    def _only(self, path: Path, names: Iterable[str]) -> None:
        """Refuse what is no field at this path, at the place of its key."""
        node = self.of.node.get(*path)
        if node is None or node.value is None:
            return
        if not isinstance(node.value, dict):
            self.of.refuse(path, f"{quoted(node.plain())} is no mapping; write fields")
            return
        for key in node.value:
            if key in names:
                self.positions[".".join(map(str, (*path, key)))] = self.of.key(*path, key)
            else:
                close = difflib.get_close_matches(key, list(names), n=1, cutoff=0.6)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(names)}"
                position = self.of.key(*path, key)
                self.of.problems.append(Problem(position, (*path, key), f"no such field; {hint}"))

    def _texts(self, path: Path) -> tuple[str, ...]:
        given = self.of.get(*path)
        if given is None:
            return ()
        listed = given if isinstance(given, list) else [given]
        for at, each in enumerate(listed):
            if not isinstance(each, str) or not each.strip():
                where = (*path, at) if isinstance(given, list) else path
                self.of.refuse(where, f"{quoted(each)} is no text; write a string")
                return ()
            self.positions[f"{'.'.join(map(str, path))}.{each}"] = self.of.position(*path, at)
        return tuple(listed)

    def _listed(self, path: Path) -> tuple[str, ...] | None:
        """Texts, of which there may be none; None where nothing is said."""
        return None if self.of.get(*path) is None else self._texts(path)

    def _checked(self, path: Path, check: Callable[[list[str]], Any]) -> tuple[str, ...]:
        """Texts that an option of the same meaning takes; () is written as none."""
        texts = self._texts(path)
        if not texts:
            return ("none",) if self.of.get(*path) == [] else ()
        for at, each in enumerate(texts):
            where = (*path, at) if isinstance(self.of.get(*path), list) else path
            if len(texts) > 1 and each.strip() == "none":
                self.of.refuse(where, "write none alone, or the names without it")
                return ()
            try:
                check([each])
            except DeclarationError as error:
                self.of.refuse(where, _without_option(error))
        return texts

    def _said(self, path: Path, check: Callable[[str], Any]) -> str | None:
        """A text that a function takes."""
        given = self.of.get(*path)
        if given is None:
            return None
        if isinstance(given, float):
            given = str(given)
        if not isinstance(given, str):
            self.of.refuse(path, f"{quoted(given)} is no text; write a string")
            return None
        try:
            check(given)
        except DeclarationError as error:
            self.of.refuse(path, _without_option(error))
        return given

    def _word(self, path: Path, words: Iterable[str]) -> str | None:
        given = self.of.get(*path)
        if given is None or not self._one_of(path, given, words):
            return None
        return str(given)

    def _one_of(self, path: Path, given: Any, words: Iterable[str]) -> bool:
        if given in tuple(words):
            return True
        self.of.refuse(path, f"{quoted(given)} is none of {', '.join(words)}")
        return False

    def _number(self, path: Path, least: int, most: int) -> int | None:
        given = self.of.get(*path)
        if given is None:
            return None
        if type(given) is not int or not least <= given <= most:
            self.of.refuse(path, f"{quoted(given)} is no number from {least} to {most}")
            return None
        return given

    def _drawn(self, path: Path, least: int, most: int) -> int | None:
        """A number that means something to random runs only."""
        number = self._number(path, least, most)
        if number is not None and self.of.get("spec", "engine", default="explore") == "explore":
            self.of.refuse(path, "this is for random runs; write engine: hypothesis, or auto")
        return number

    def _amount(self, path: Path) -> str | None:
        """A number with a unit, which the face reads."""
        given = self.of.get(*path)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, str | int):
            self.of.refuse(path, f"{quoted(given)} is no amount; write one such as 30s or 512MiB")
            return None
        return str(given)

    def _gates(self, path: Path) -> tuple[str, ...]:
        given = self.of.get(*path)
        if given is None:
            return ()
        if not isinstance(given, dict):
            self.of.refuse(path, f"{quoted(given)} is no mapping; write NAME: true")
            return ()
        version = self.of.get("spec", "environment", "kubernetes", default=environment.DEFAULT)
        try:
            versions.known(version)
        except DeclarationError:
            version = environment.DEFAULT  # that is said already
        found = []
        for name, on in given.items():
            text = f"{name}={str(on).lower()}"
            try:
                environment.feature_gates([text], version)
            except DeclarationError as error:
                self.of.refuse((*path, name), _without_option(error))
            found.append(text)
        return tuple(found)

    def _expected(self, path: Path) -> tuple[tuple[str, str], ...]:
        given = self.of.get(*path)
        if given is None:
            return ()
        if not isinstance(given, dict):
            self.of.refuse(path, f"{quoted(given)} is no mapping; write PROPERTY: refuted")
            return ()
        for name, says in given.items():
            self._one_of((*path, name), says, _EXPECTED)
            self.positions[f"{'.'.join(map(str, path))}.{name}"] = self.of.key(*path, name)
        return tuple((name, str(says)) for name, says in given.items())

    def _invariants(self, path: Path) -> Iterable[Invariant]:
        given = self.of.get(*path)
        if given is None:
            return
        if not isinstance(given, list):
            self.of.refuse(path, f"{quoted(given)} is no list; write - {{name: …, expression: …}}")
            return
        names: set[str] = set()
        for at, each in enumerate(given):
            here = (*path, at)
            if not isinstance(each, dict):
                self.of.refuse(here, f"{quoted(each)} is no mapping; write name and expression")
                continue
            self._only(here, _INVARIANT)
            name, expression = each.get("name"), each.get("expression")
            for field, value in (("name", name), ("expression", expression)):
                if not isinstance(value, str) or not value.strip():
                    self.of.refuse((*here, field), f"no {field}; write {field}: and a text")
            if isinstance(name, str) and name in names:
                self.of.refuse((*here, "name"), f"{quoted(name)} was given before; rename one")
            expected = each.get("expected", "holds")
            self._one_of((*here, "expected"), expected, _EXPECTED)
            says = each.get("says", expression)
            if not isinstance(says, str):
                self.of.refuse((*here, "says"), f"{quoted(says)} is no text; write a string")
            if isinstance(name, str) and isinstance(expression, str) and isinstance(says, str):
                names.add(name)
                position = self.of.position(*here, "expression")
                yield Invariant(name, expression, says, str(expected), position)


def _without_option(error: DeclarationError) -> str:
    """What is wrong, without the name of the option that the words were made for."""
    text = str(error)
    return text.partition(" ")[2] if text.startswith("--") else text
