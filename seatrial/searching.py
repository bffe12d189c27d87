"""One search with the engine that is asked for: all states, random runs, or one after the other."""

import os
import sys
from collections.abc import Sequence

import attrs

from seatrial.core import Exploration, Property, Report, Sampling, Verdict
from seatrial.engines.explore import explore, now

from .options import Options
from .progress import Progress
from .proof_cache import cache_folder
from .subject import Subject

__all__ = ["search"]

_MOST_THREADS = 64

_FRONTIER = 16
"""From so many of the deepest states random runs go on, where a search ended early."""

_SHARE = 0.5
"""What part of the time the search of all states has, where random runs are to follow."""


def search(
    options: Options,
    of: Subject,
    properties: Sequence[Property],
    seconds: float | None,
    rung: str = "",
) -> Report:
    """Check these properties of a subject within so many seconds, and show how far it is."""
    progress = None if options.quiet else Progress(sys.stderr, rung)
    asked = properties
    if options.first and options.strict:
        # The search ends at what is asserted, and with --strict everything is.
        asked = [attrs.evolve(each, expected="holds") for each in properties]
    try:
        if options.engine == "explore":
            report = _explore(options, of, asked, seconds, progress)
        elif options.engine == "hypothesis":
            report = _hypothesize(options, of, asked, seconds, progress)
        else:
            report = _both(options, of, asked, seconds, progress)
    finally:
        if progress is not None:
            progress.done()
    declared = {each.id: each for each in properties}
    verdicts = [attrs.evolve(v, property=declared[v.property.id]) for v in report.verdicts]
    return attrs.evolve(report, verdicts=tuple(verdicts), deepest=())


def _ends_early(options: Options) -> bool:
    # A bug by itself is there to be seen, and may make things grow for ever.
    return options.first or not options.targets


def _explore(
    options: Options,
    of: Subject,
    asked: Sequence[Property],
    seconds: float | None,
    progress: Progress | None,
    deepest: int = 0,
) -> Report:
    return explore(
        of.system,
        asked,
        max_states=options.max_states,
        max_depth=options.max_depth,
        time_limit=seconds,
        memory_limit=options.memory_limit,
        first=_ends_early(options),
        symmetry="symmetry" in options.reduce,
        partial_order="partial-order" in options.reduce,
        threads=options.threads or min(os.cpu_count() or 1, _MOST_THREADS),
        deepest=deepest,
        progress=progress,
    )


def _hypothesize(
    options: Options,
    of: Subject,
    asked: Sequence[Property],
    seconds: float | None,
    progress: Progress | None,
    after: Report | None = None,
) -> Report:
    # Not before it is asked for: it imports Hypothesis.
    ours = "hypothesis" not in sys.modules
    from seatrial.engines.stateful import hypothesize

    if ours:
        _keep_tidy()
    return hypothesize(
        of.system,
        asked,
        runs=options.runs,
        steps=options.steps,
        seed=options.seed,
        time_limit=seconds,
        memory_limit=options.memory_limit,
        first=_ends_early(options),
        starts=() if after is None else after.deepest,
        database=_database(options),
        progress=None if progress is None else progress.sampled,
    )


def _keep_tidy() -> None:
    """
    Let Hypothesis keep its notes with our own, and not in whatever folder somebody stands.

    Only for the command line: in a program that uses Hypothesis itself they are where it says.
    """
    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        from hypothesis.configuration import set_hypothesis_home_dir

        set_hypothesis_home_dir(cache_folder().with_name("hypothesis"))


def _database(options: Options) -> object | None:
    if options.examples is None:
        return None
    from hypothesis.database import DirectoryBasedExampleDatabase

    return DirectoryBasedExampleDatabase(options.examples)


def _both(
    options: Options,
    of: Subject,
    asked: Sequence[Property],
    seconds: float | None,
    progress: Progress | None,
) -> Report:
    """All states first; random runs for what is open where a limit has ended that."""
    began = now()
    share = None if seconds is None else _SHARE * seconds
    searched = _explore(options, of, asked, share, progress, deepest=_FRONTIER)
    capped = searched.exploration.capped
    if searched.exploration.complete or capped in ("interrupted", "first"):
        return searched
    left = None if seconds is None else max(0.0, seconds - (now() - began))
    open_still = {each.property.id for each in searched.verdicts if each.status == "inconclusive"}
    rest = [each for each in asked if each.id in open_still]
    if not rest and asked:
        return searched
    drawn = _hypothesize(options, of, rest, left, progress, searched)
    known = {each.property.id: each for each in drawn.verdicts}
    verdicts = [_together(each, known.get(each.property.id)) for each in searched.verdicts]
    return attrs.evolve(
        searched,
        exploration=_joined(searched.exploration, drawn.exploration.sampling, drawn.exploration),
        verdicts=tuple(verdicts),
    )


def _joined(searched: Exploration, sampling: Sampling | None, drawn: Exploration) -> Exploration:
    """What was searched, and the random runs that followed."""
    interrupted = drawn.capped == "interrupted"
    return attrs.evolve(
        searched,
        engine="auto",
        sampling=sampling,
        capped="interrupted" if interrupted else searched.capped,
        seconds=searched.seconds + drawn.seconds,
        actions_never_fired=tuple(
            each for each in searched.actions_never_fired if each in drawn.actions_never_fired
        ),
    )


def _together(searched: Verdict, drawn: Verdict | None) -> Verdict:
    """What random runs settled, or that neither engine has settled it."""
    if drawn is None:
        return searched
    if drawn.status != "inconclusive":
        return drawn
    vacuous = searched.vacuous and drawn.vacuous
    because = f"{searched.because}; {drawn.because}"
    further = searched
    if drawn.extreme is not None:
        sign = 1 if drawn.property.kind == "at least" else -1
        if searched.extreme is None or sign * drawn.extreme < sign * searched.extreme:
            further = drawn
    return attrs.evolve(further, because=because, vacuous=vacuous)
