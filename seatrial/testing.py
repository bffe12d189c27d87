"""
Seatrial in tests: what the pytest plugin does, and the decorator for tests of your own.

    from seatrial.testing import sea_trial

    @sea_trial(one_leader, upgraded)
    def test_database_operator():
        return database_operator().system(lag=1, faults=["controller-restart"])

`docs/how-to/pytest.md` has more. The plugin imports this module only when there is a trial.
"""

import contextlib
import functools
import inspect
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from seatrial.core import DeclarationError, Property, Report, SeatrialError, System

from .checking import run_of
from .options import Options
from .outcomes import Outcome, from_json, missing, outcomes, to_json
from .own_systems import Declared, story_of
from .parts import parts_of
from .places import place_of
from .quantities import parse_seconds
from .regression import broken_by as _broken_by
from .run import Run, trace_file_name
from .scenarios import Asked, Scenario
from .searching import search
from .sharing import shared
from .subject import Subject
from .trials import scenarios_of, with_trial

__all__ = [
    "Manifests",
    "SeaTrial",
    "Settings",
    "Trials",
    "broken_by",
    "manifests",
    "sea_trial",
]


@attrs.frozen(kw_only=True)
class Settings:
    """What the command line of pytest says; None and () leave it to the trial."""

    engine: str | None = None
    time_limit: str | None = None
    max_states: int | None = None
    seed: int | None = None
    profile: str | None = None
    strict: bool = False
    inconclusive: str = "fail"
    itf: Path | None = None
    examples: Path | None = None
    shared: Path | None = None

    def options(self, **more: Any) -> Options:
        """The options of a check that say the same."""
        said: dict[str, Any] = {"strict": self.strict, "quiet": True, "targets": ()}
        said["examples"] = self.examples
        if self.engine is not None:
            said |= {"engine": self.engine, "engine_said": True}
        limits = []
        if self.max_states is not None:
            said["max_states"] = self.max_states
            limits.append(("max-states", str(self.max_states)))
        if self.time_limit is not None:
            said["time_limit"] = parse_seconds(self.time_limit)
            limits.append(("time-limit", self.time_limit))
        return Options(**{**said, "limits": tuple(limits), **more})

    def words(self) -> list[str]:
        """The options of pytest that ask for the same verdict."""
        given = {
            "engine": self.engine,
            "seed": self.seed,
            "max-states": self.max_states,
            "time-limit": self.time_limit,
        }
        words = [f"--seatrial-{name}={value}" for name, value in given.items() if value is not None]
        if self.profile is not None:
            words.append(f"--hypothesis-profile={self.profile}")
        return [*words, *(["--seatrial-strict"] if self.strict else [])]

    def drawn(self, options: Options) -> Options:
        """
        The options with what a profile of Hypothesis says, where random runs are taken.

        What is as Hypothesis has it without a profile is left at the defaults of Seatrial.
        """
        if options.engine == "explore":
            return options
        from hypothesis import settings

        usual, profile = settings.get_profile("default"), settings()
        runs, steps, seed = options.runs, options.steps, options.seed
        if profile.max_examples != usual.max_examples:
            runs = profile.max_examples
        if profile.stateful_step_count != usual.stateful_step_count:
            steps = profile.stateful_step_count
        if self.seed is not None:
            seed = self.seed
        limits = dict(options.limits)
        limits |= {"runs": str(runs)} if runs != options.runs else {}
        limits |= {"steps": str(steps)} if steps != options.steps else {}
        return attrs.evolve(
            options, runs=runs, steps=steps, seed=seed, limits=tuple(limits.items())
        )


# ---- trial files ------------------------------------------------------------------------------


@attrs.define
class Trials:
    """A trial file for pytest: its scenarios, what is asked in each, and what came out."""

    path: Path
    settings: Settings
    options: Options = attrs.field(init=False)
    found: dict[str, Scenario] = attrs.field(init=False)
    _known: dict[str, dict[str, Outcome]] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        shown = os.path.relpath(self.path)
        name = str(self.path) if shown.startswith("..") else shown
        self.options = self.settings.drawn(with_trial(self.settings.options(targets=(name,))))
        found = scenarios_of(self.options)
        self.found = {each.name: each for each in found}
        asked = {each.id for name in self.found for each in self.promises(name)}
        for name in self.options.properties:
            if name not in asked:
                # A name that is asked of nothing would be a green run that has tested nothing.
                raise DeclarationError(f"{self.path.name}: {name} is asked of no workload here")

    def promises(self, scenario: str) -> Iterator[Property]:
        """What is asked of a scenario, on any rung or in any part of one."""
        asked: dict[str, Property] = {}
        for rung in self.found[scenario].rungs:
            left_out = [each for each, _ in rung.subject.left_out]
            every = {each.id: each for each in (*rung.subject.properties, *left_out)}
            if self.options.properties:
                asked |= {name: every[name] for name in self.options.properties if name in every}
                continue
            in_parts = (each for part in parts_of(rung) for each in part.subject.properties)
            for each in (*rung.subject.properties, *in_parts):
                asked.setdefault(each.id, every[each.id])
        yield from asked.values()

    def place(self, scenario: str, promise: Property) -> tuple[Path, int]:
        """The file and the line, counted from 1, that a promise is about."""
        workload = self.found[scenario].rungs[0].of
        found = place_of(workload, promise)
        return (self.path, 1) if found is None else (Path(found.file), max(found.line, 1))

    def outcome(self, scenario: str, property_id: str) -> Outcome:
        """What came out of one promise; all of a scenario are asked in one search."""
        if scenario not in self._known:
            key = f"{self.path} {scenario}"
            text = shared(self.settings.shared, key, functools.partial(self._searched, scenario))
            self._known[scenario] = from_json(text)
        return self._known[scenario][property_id]

    def _searched(self, scenario: str) -> str:
        run = _not_interrupted(run_of(self.found[scenario], self.options))
        name = f"{self.path.name}::{scenario}"
        demanded = dict(self.options.added.expected)
        found = {each.id: each for each in outcomes(run, name, demanded=demanded)}
        for each in self.promises(scenario):
            found.setdefault(each.id, missing(run, name, each.id))
        return to_json(found)


# ---- tests in Python --------------------------------------------------------------------------


@attrs.frozen
class Manifests:
    """Manifests in an environment, as a test returns them; made by `manifests`."""

    files: tuple[str, ...]
    asked: Asked


def manifests(
    *files: str | Path,
    users: Iterable[str] = (),
    faults: Iterable[str] = (),
    level: str | None = None,
    lag: int | None = None,
    clock: str | None = None,
    kubernetes: str | None = None,
    feature_gates: Iterable[str] = (),
    assume_inert: Iterable[str] = (),
) -> Manifests:
    """Manifests to check, with what the options of `seatrial check` of these names say."""
    asked = Asked(
        users=tuple(users),
        faults=tuple(faults),
        level=level,
        lag=lag,
        clock=clock,
        kubernetes=kubernetes,
        feature_gates=tuple(feature_gates),
        assume_inert=tuple(assume_inert),
    )
    return Manifests(tuple(map(str, files)), asked)


@attrs.define
class SeaTrial:
    """
    The fixture `sea_trial`: checks a system or manifests within a test.

    A broken promise fails the test with its counterexample; so does one that is not settled, unless
    `--seatrial-inconclusive` says otherwise.
    """

    settings: Settings
    name: str
    report_property: Callable[[str, str], None]

    def system(
        self, system: System, promises: Iterable[Property], *, max_states: int | None = None
    ) -> Report:
        """Check the promises of a system; its report, where all are kept."""
        with in_one_line():
            asked = tuple(promises)
            if not asked:
                raise DeclarationError("sea_trial.system is given no promise")
            run = _run_of_system(system, asked, self.settings, max_states)
        self._conclude(outcomes(run, self.name))
        return run.report

    def manifests(
        self, *files: str | Path, properties: Iterable[str] = (), **around: Any
    ) -> tuple[Report, ...]:
        """Check manifests as `seatrial check` does; the report of each workload."""
        given = manifests(*files, **around)
        with in_one_line():
            runs = list(_runs_of_manifests(given, tuple(properties), self.settings))
            if not any(run.report.verdicts for run in runs):
                raise DeclarationError("no promise is asked of these manifests; nothing was tested")
        self._conclude(each for run in runs for each in outcomes(run, self.name))
        return tuple(run.report for run in runs)

    def _conclude(self, found: Iterable[Outcome]) -> None:
        """Fail, or not: what is broken goes before what is open."""
        all_of = list(found)
        for name, value in all_of[0].figures if all_of else ():
            if name not in ("property", "verdict", "expected"):
                self.report_property(f"seatrial.{name}", value)
        bad = [each for each in all_of if each.result == "failed"]
        open_ones = [each for each in all_of if each.result == "inconclusive"]
        if bad:
            pytest.fail("\n\n".join(each.text for each in bad), pytrace=False)
        if open_ones:
            not_settled("\n\n".join(each.text for each in open_ones), self.settings.inconclusive)


def broken_by(*arguments: Any, **more: Any) -> list[str]:
    """As `seatrial.regression.broken_by`; where the run breaks nothing the test fails in a line."""
    with in_one_line():
        return _broken_by(*arguments, **more)


@contextlib.contextmanager
def in_one_line() -> Iterator[None]:
    """What cannot be used fails the test with the line that says why, and no traceback."""
    try:
        yield
    except (SeatrialError, OSError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def not_settled(text: str, how: str) -> None:
    """End a test of which nothing can be said; never as passed."""
    if how == "xfail":
        pytest.xfail(text)
    if how == "skip":
        pytest.skip(text)
    pytest.fail(text, pytrace=False)


def conclude(outcome: Outcome, how: str) -> None:
    """End the test of one promise as its outcome says."""
    if outcome.result == "inconclusive":
        not_settled(outcome.text, how)
    if outcome.result == "refuted":
        pytest.xfail(outcome.line)
    if outcome.result == "failed":
        pytest.fail(outcome.text, pytrace=False)


def sea_trial(
    *promises: Property | str, max_states: int | None = None
) -> Callable[[Callable[[], System | Manifests]], Callable[..., None]]:
    """
    Declare a test that returns what is to be checked, a system or `manifests(…)`.

    It becomes one test for each promise; the search is done once for all of them. Promises of
    manifests are given by their ids. Raises DeclarationError where there is none.

    >>> from seatrial import System, Variable, action, always, outcome
    >>> @always(says="it stays at 0", source="this example")
    ... def at_zero(count):
    ...     if count:
    ...         yield "it does not"
    >>> @sea_trial(at_zero)
    ... def test_counter():
    ...     ...
    >>> [mark.args[0] for mark in test_counter.pytestmark]
    ['promise']
    """
    if not promises:
        raise DeclarationError("sea_trial is given no promise; write @sea_trial(promise, …)")
    for each in promises:
        if not isinstance(each, Property | str):
            raise DeclarationError(
                f"sea_trial is given {each!r}; give promises, declared with @always or another"
            )
    ids = [each if isinstance(each, str) else each.id for each in promises]

    def declare(make: Callable[[], System | Manifests]) -> Callable[..., None]:
        if taken := ", ".join(inspect.signature(make).parameters):
            raise DeclarationError(
                f"{make.__name__} takes {taken}; a test with @sea_trial is a function of a module"
                " and takes nothing, neither fixtures nor parameters"
            )

        def test(promise: str, request: pytest.FixtureRequest) -> None:
            from .pytest_plugin import settings_of

            settings = settings_of(request.config)
            key = request.node.nodeid.partition("[")[0]
            search = functools.partial(_asked, make, promises, settings, max_states)
            with in_one_line():
                found = _known(request.config, key, search)
            report(request.node, found[promise], settings)

        functools.update_wrapper(test, make)
        setattr(test, "__signature__", inspect.Signature(_PARAMETERS))  # noqa: B010
        setattr(test, "sea_trial", Declared(make, promises))  # noqa: B010
        return pytest.mark.parametrize("promise", ids)(test)

    return declare


_PARAMETERS = [
    inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for name in ("promise", "request")
]
_KNOWN = pytest.StashKey[dict[str, dict[str, Outcome]]]()


def _known(config: pytest.Config, key: str, make: Callable[[], str]) -> dict[str, Outcome]:
    """The outcomes of a test function, which all of its promises share."""
    from .pytest_plugin import settings_of

    known = config.stash.setdefault(_KNOWN, {})
    if key not in known:
        known[key] = from_json(shared(settings_of(config).shared, key, make))
    return known[key]


def report(item: pytest.Item, outcome: Outcome, settings: Settings) -> None:
    """Write figures and traces down, and end the test as the outcome says."""
    item.user_properties += [(f"seatrial.{name}", value) for name, value in outcome.figures]
    written = ""
    if settings.itf is not None and outcome.itf and outcome.result == "failed":
        settings.itf.mkdir(parents=True, exist_ok=True)
        scenario = dict(outcome.figures).get("scenario", "").replace("::", "-")
        path = settings.itf / trace_file_name(f"{scenario}-{outcome.id}")
        path.write_text(outcome.itf, encoding="utf-8")
        item.user_properties.append(("seatrial.itf", str(path)))
        text = outcome.text.rstrip("\n")
        if not dict(outcome.figures).get("command"):  # a system of the test's own
            test = item.nodeid.partition("[")[0]
            words = ("seatrial", "trace", "replay", str(path), "--test", test)
            text += f"\n\nTo see it again\n  {shlex.join(words)}\n"
        outcome = attrs.evolve(outcome, text=text)
        written = f"\nThe run is written to {path}\n"
    again = f"  {shlex.join(('pytest', item.nodeid, *settings.words()))}\n"
    text = outcome.text.rstrip("\n")
    head = "" if "To see it again" in text else "\nTo see it again\n"
    text = f"{text}\n{head}{again}{written}"
    conclude(attrs.evolve(outcome, text=text), settings.inconclusive)


def _asked(
    make: Callable[[], System | Manifests],
    promises: tuple[Property | str, ...],
    settings: Settings,
    max_states: int | None,
) -> str:
    given = make()
    if isinstance(given, Manifests):
        ids = tuple(each if isinstance(each, str) else each.id for each in promises)
        runs = list(_runs_of_manifests(given, ids, settings))
    elif isinstance(given, System):
        for each in promises:
            if isinstance(each, str):
                raise DeclarationError(f"{each!r} is an id; a system is asked properties")
        asked = tuple(each for each in promises if isinstance(each, Property))
        runs = [_run_of_system(given, asked, settings, max_states)]
    else:
        raise DeclarationError(
            f"{make.__name__} returns {type(given).__name__}; return a System, or manifests(…)"
        )
    worst: dict[str, Outcome] = {}
    for run in runs:
        for found in outcomes(run, make.__name__):
            known = worst.get(found.id)
            if known is None or _RANK[found.result] > _RANK[known.result]:
                worst[found.id] = found
    return to_json(worst)


_RANK = {"passed": 0, "refuted": 1, "inconclusive": 2, "failed": 3}


def _run_of_system(
    system: System, promises: tuple[Property, ...], settings: Settings, max_states: int | None
) -> Run:
    options = settings.drawn(settings.options(targets=(system.name,)))
    if max_states is not None:
        options = attrs.evolve(options, max_states=max_states)
    subject = Subject((), system, promises, (), story=story_of(system))
    report = search(options, subject, promises, options.time_limit)
    return _not_interrupted(Run(subject, report, command="", strict=settings.strict))


def _runs_of_manifests(given: Manifests, ids: tuple[str, ...], settings: Settings) -> Iterator[Run]:
    asked = settings.options(targets=given.files, asked=given.asked, properties=ids)
    options = settings.drawn(with_trial(asked))
    for scenario in scenarios_of(options):
        known = {
            each.id
            for rung in scenario.rungs
            for each in (*rung.subject.properties, *(one for one, _ in rung.subject.left_out))
        }
        for name in ids:
            if name not in known:
                raise DeclarationError(f"there is no property {name!r} of {scenario.name}")
        yield _not_interrupted(run_of(scenario, options))


def _not_interrupted(run: Run) -> Run:
    """A search ends in good order at Ctrl-C; whoever pressed it wants the tests to end as well."""
    if run.interrupted:
        raise KeyboardInterrupt
    return run


def figures_of(properties: Iterable[tuple[str, Any]]) -> Mapping[str, str]:
    """The figures among the properties of a test's report."""
    prefix = "seatrial."
    return {
        name.removeprefix(prefix): str(value)
        for name, value in properties
        if name.startswith(prefix)
    }
