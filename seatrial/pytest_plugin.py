"""
The pytest plugin: `pytest web.trial.yaml`, and the fixture and decorator for tests in Python.

A guest in other people's suites: nothing of Seatrial but this module is imported before a trial is
collected or asked for. What it does then is in `testing.py`.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seatrial.core import Property

    from .testing import SeaTrial, Settings, Trials

__all__ = ["TrialFile", "TrialItem", "TrialScenario", "settings_of"]

_SUFFIXES = (".trial.yaml", ".trial.yml", ".trial.json")
_ENGINES = ("explore", "hypothesis", "auto")
_INCONCLUSIVE = ("fail", "xfail", "skip")
_PREFIX = "seatrial."
_SETTINGS = pytest.StashKey["Settings"]()
_SHARED = pytest.StashKey[Path]()


# ---- options ----------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """All options begin with --seatrial-; docs/how-to/pytest.md explains them."""
    group = parser.getgroup("seatrial", "model checking with Seatrial")
    add = group.addoption
    add("--seatrial-engine", choices=_ENGINES, help="how to check; default: as the trial says")
    add("--seatrial-time-limit", metavar="TIME", help="end each search after this time: 30s, 5m")
    add("--seatrial-max-states", type=int, metavar="N", help="end each search after N states")
    add("--seatrial-seed", type=int, metavar="N", help="where random runs begin")
    add(
        "--seatrial-examples",
        metavar="DIR",
        help="keep violations of random runs there, and try those first",
    )
    add(
        "--seatrial-inconclusive",
        choices=_INCONCLUSIVE,
        help="what becomes of a promise that no search could settle: fail (default), xfail, skip",
    )
    add(
        "--seatrial-strict",
        action="store_true",
        help="promises that are listed as refuted fail where they are violated",
    )
    add("--seatrial-itf", metavar="DIR", help="write the trace of each failure there (ITF)")
    parser.addini(
        "seatrial_inconclusive", "as --seatrial-inconclusive", default="fail", type="string"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options without a meaning, before anything is collected."""
    inconclusive, limit = config.getini("seatrial_inconclusive"), _option(config, "time_limit")
    states = _option(config, "max_states")
    if inconclusive not in _INCONCLUSIVE:
        raise pytest.UsageError(
            f"seatrial_inconclusive is {inconclusive!r}, none of {', '.join(_INCONCLUSIVE)}"
        )
    if states is not None and states < 1:
        raise pytest.UsageError(f"--seatrial-max-states: {states} is less than 1")
    seed = _option(config, "seed")
    if seed is not None and seed < 0:
        raise pytest.UsageError(f"--seatrial-seed: {seed} is less than 0")
    for name in ("itf", "examples"):
        folder = _option(config, name)
        if folder is None:
            continue
        try:  # before a long search, and not where its trace is to be written
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(f"--seatrial-{name}: {folder}: {error.strerror}") from None
    if _option(config, "engine") == "hypothesis" and states is not None:
        raise pytest.UsageError(
            "--seatrial-max-states is for a search of all states: --seatrial-engine explore or auto"
        )
    if limit is not None:
        from .quantities import parse_seconds

        try:
            parse_seconds(limit)
        except ValueError as error:
            raise pytest.UsageError(f"--seatrial-time-limit: {error}") from None


def _option(config: pytest.Config, name: str) -> Any:
    return config.getoption(f"seatrial_{name}", None)


def _seed(config: pytest.Config) -> int | None:
    """Where random runs begin: --seatrial-seed, or else Hypothesis' own option."""
    own = _option(config, "seed")
    given = config.getoption("hypothesis_seed", None) if own is None else own
    return int(given) if given is not None and str(given).isdecimal() else None


def settings_of(config: pytest.Config) -> "Settings":
    """What the command line and the configuration say."""
    from .testing import Settings

    known = config.stash.get(_SETTINGS, None)
    if known is None:
        folder, examples = _option(config, "itf"), _option(config, "examples")
        known = config.stash[_SETTINGS] = Settings(
            engine=_option(config, "engine"),
            time_limit=_option(config, "time_limit"),
            max_states=_option(config, "max_states"),
            seed=_seed(config),
            profile=config.getoption("hypothesis_profile", None),
            strict=_option(config, "strict") or False,
            inconclusive=_option(config, "inconclusive") or config.getini("seatrial_inconclusive"),
            itf=None if folder is None else Path(folder),
            examples=None if examples is None else Path(examples),
            shared=_shared_folder(config),
        )
    return known


# ---- trial files ------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "TrialFile | None":
    """A trial file is collected by its name."""
    if file_path.name.endswith(_SUFFIXES):
        return TrialFile.from_parent(parent, path=file_path)
    return None


class TrialFile(pytest.File):
    """A trial file: a scenario for each workload of its manifests."""

    def collect(self) -> Iterator["TrialScenario"]:
        """Read it; what is wrong with it is said in one line each, without a traceback."""
        settings = settings_of(self.config)
        from seatrial.core import SeatrialError

        from .testing import Trials

        try:
            trials = Trials(self.path, settings)
        except (SeatrialError, OSError) as error:
            raise self.CollectError(str(error)) from None
        for name in trials.found:
            yield TrialScenario.from_parent(self, name=name, trials=trials)


class TrialScenario(pytest.Collector):
    """A workload in its environment: an item for each promise, and one search for all of them."""

    def __init__(self, *, trials: "Trials", **more: Any) -> None:
        super().__init__(**more)
        self.trials = trials

    def collect(self) -> Iterator["TrialItem"]:
        """An item for each promise that is asked."""
        for promise in self.trials.promises(self.name):
            yield TrialItem.from_parent(self, name=promise.id, trials=self.trials, promise=promise)


class TrialItem(pytest.Item):
    """One promise, asked of one scenario."""

    def __init__(self, *, trials: "Trials", promise: "Property", **more: Any) -> None:
        super().__init__(**more)
        self.trials = trials
        self.promise = promise
        if self.config.pluginmanager.hasplugin("xdist"):
            # `--dist loadgroup` then gives a scenario to one worker.
            self.add_marker(pytest.mark.xdist_group(name=str(self.parent and self.parent.nodeid)))

    def runtest(self) -> None:
        """Search, unless a neighbour has; then pass, or say what is wrong."""
        from .testing import in_one_line, report

        with in_one_line():
            outcome = self.trials.outcome(self._scenario, self.promise.id)
        report(self, outcome, settings_of(self.config))

    @property
    def _scenario(self) -> str:
        assert self.parent is not None
        return self.parent.name

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line of the manifest that the promise is about."""
        path, line = self.trials.place(self._scenario, self.promise)
        return path, line - 1, f"{self._scenario}: {self.promise.id}"


@pytest.fixture
def sea_trial(request: pytest.FixtureRequest) -> "SeaTrial":
    """Check a system of your own, or manifests, within a test: see docs/how-to/pytest.md."""
    from .testing import SeaTrial

    def keep(name: str, value: str) -> None:
        request.node.user_properties.append((name, value))

    return SeaTrial(settings_of(request.config), request.node.nodeid, keep)


# ---- several processes ------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker of xdist where all of them share what they found."""
    config = node.config
    if _SHARED not in config.stash:
        config.stash[_SHARED] = Path(tempfile.mkdtemp(prefix="seatrial-"))
    node.workerinput["seatrial_shared"] = str(config.stash[_SHARED])


def _shared_folder(config: pytest.Config) -> Path | None:
    told = getattr(config, "workerinput", {}).get("seatrial_shared")
    return None if told is None else Path(told)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what was shared."""
    folder = config.stash.get(_SHARED, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


# ---- what is said -----------------------------------------------------------------------------


def pytest_report_header(config: pytest.Config) -> str | None:
    """A line where trials or options of Seatrial were asked for, and nothing elsewhere."""
    options = {
        name.removeprefix("seatrial_"): value
        for name, value in vars(config.option).items()
        if name.startswith("seatrial_") and value not in (None, False)
    }
    if not options and not any(
        str(each).split("::")[0].endswith(_SUFFIXES) for each in config.args
    ):
        return None
    from . import __version__

    said = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in options.items())
    return f"seatrial: {__version__}" + (f", {said}" if said else "")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each scenario: its verdicts, how much was searched, and in what time."""
    rows: dict[str, list[dict[str, str]]] = {}
    for reports in terminalreporter.stats.values():
        for each in reports:
            figures = {
                name.removeprefix(_PREFIX): value
                for name, value in getattr(each, "user_properties", ())
                if isinstance(name, str) and name.startswith(_PREFIX)
            }
            if "scenario" in figures and getattr(each, "when", "") == "call":
                rows.setdefault(figures["scenario"], []).append(figures)
    if rows:
        terminalreporter.section("seatrial")
    for scenario, found in rows.items():
        terminalreporter.write_line(_summary(scenario, found))


def _summary(scenario: str, found: list[dict[str, str]]) -> str:
    counts: dict[str, int] = {}
    for each in found:
        refuted = each.get("expected") == "refuted" and each.get("verdict") == "violated"
        verdict = "refuted as listed" if refuted else each.get("verdict", "checked")
        counts[verdict] = counts.get(verdict, 0) + 1
        counts["vacuous"] = counts.get("vacuous", 0) + ("vacuous" in each)
    said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()) if n)
    first = found[0]
    states = f"{int(first.get('states', 0)):,} states"
    rung = f" ({first['rung']})" if first.get("rung") else ""
    ended = ""
    if first.get("complete") != "true":
        capped = first.get("capped", "")
        ended = _ENDS.get(capped, f", ended at {capped}")
    runs = f", {int(first['runs']):,} random runs" if "runs" in first else ""
    return f"{scenario}: {said}; {states}{rung}{ended}{runs}, {first.get('seconds')} s"


_ENDS = {"runs": "", "settled": "", "first": ", ended at the first violation"}
