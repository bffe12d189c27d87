"""What the searches of random workloads have in common: see `random_deployments.py` and others."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import frozen

from seatrial.core import Property, Report, System
from seatrial.engines.explore import explore
from seatrial.model import environment, versions

MOST_STATES = 30_000
SECONDS = 10.0
"""A search that takes longer says what it has found so far."""


@frozen
class Finding:
    """What a search has shown, and the promises that it has broken though they were to hold."""

    of: Any
    report: Report
    broken: tuple[str, ...]


def searched(
    of: Any, system: System, promises: Iterable[Property], most_states: int = MOST_STATES
) -> Finding:
    """Search for runs that break what is to hold there; within these bounds."""
    report = explore(
        system,
        tuple(each for each in promises if each.expected == "holds"),
        max_states=most_states,
        time_limit=SECONDS,
        memory_limit=1_000_000_000,
        threads=1,
    )
    broken = tuple(
        f"{each.property.id}: {'' if each.trace is None else f'in {each.trace.length} steps: '}"
        f"{each.because}"
        for each in report.verdicts
        if each.status == "violated"
    )
    return Finding(of, report, broken)


def ask(
    asked: Callable[[int], Finding], first: int, count: int, promises: Iterable[Property]
) -> None:
    """Ask of seeds from `first` on; print the broken, and at the end how many were searched."""
    whole = states = 0
    told: set[str] = set()
    for seed in range(first, first + count):
        found = asked(seed)
        whole += found.report.exploration.complete
        states += found.report.exploration.states
        told |= {each.property.id for each in found.report.verdicts if each.status == "holds"}
        for each in found.broken:
            print(f"seed {seed}: {each}\n  {found.of}", flush=True)
        if seed % 50 == 49:
            print(f"up to seed {seed}: {whole} whole, {states} states", flush=True)
    to_hold = {each.id for each in promises if each.expected == "holds"}
    print(
        f"{count} seeds, {whole} searched whole, {states} states;"
        f" held nowhere: {sorted(to_hold - told)}"
    )


def bare(word: str) -> str:
    """The name in `NAME[:VALUE][@TIMES]`."""
    return word.split(":")[0].split("@")[0]


def named(
    of: random.Random,
    known: Sequence[str],
    many: Sequence[int],
    name: Callable[[str], str] = bare,
) -> list[str]:
    """So many of these, of each name one; the word for none where there are none."""
    picked = {name(each): each for each in of.sample(known, of.choice(many))}
    return list(picked.values()) or ["none"]


def gates(of: random.Random, kubernetes: str) -> tuple[tuple[str, bool], ...]:
    """The feature gates of a release, some of them turned."""
    words = [f"{name}={of.choice(('true', 'false'))}" for name in environment.GATES]
    known = dict(versions.known(kubernetes).gates)
    turned = [each for each in words if each.partition("=")[0] in known and of.random() < 0.2]
    return environment.feature_gates(turned, kubernetes)
