"""
How fast random runs are: what drawing a schedule costs, and steps per second on a large rollout.

    python benchmarks/hypothesis_rate.py [--replicas 20] [--runs 2000] [--steps 200]

First what Hypothesis takes to draw the choices of one step, by the form in which they are drawn.
Then the shipped web Deployment, interleaved, lag 1, with every promise asked at every step: steps
per second of processor time, from the start on and of the last part alone, in which most of what
the rules answer is remembered; without the shortening of what is found.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import attrs
import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from seatrial.core import ground
from seatrial.engines.stateful.answers import Answers
from seatrial.engines.stateful.runs import Runner, Start
from seatrial.engines.stateful.schedule import schedules
from seatrial.model import Environment, environment, read_manifests, workload
from seatrial.properties.workloads import PROMISES

STEPS = 192
BYTES = st.binary(min_size=2 * STEPS, max_size=2 * STEPS)
PIECE = st.binary(min_size=66, max_size=66)
FORMS: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("one draw for each step", lambda data: [data.draw(st.integers(0, 6)) for _ in range(STEPS)]),
    (
        "a list of integers",
        lambda d: d.draw(st.lists(st.integers(0, 255), min_size=STEPS, max_size=STEPS)),
    ),
    ("pieces of 32 steps, as bytes", lambda data: [data.draw(PIECE) for _ in range(STEPS // 32)]),
    ("all steps at once, as bytes", lambda data: data.draw(BYTES)),
)


def drawing(form: Callable[[Any], object]) -> float:
    """Microseconds of processor time for the choices of one step."""
    count = 0

    def one(data: Any) -> None:
        nonlocal count
        count += 1
        form(data)

    test = hypothesis.settings(
        max_examples=100,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(hypothesis.given(st.data())(one))
    began = time.process_time()
    hypothesis.seed(0)(test)()
    return 1e6 * (time.process_time() - began) / count / STEPS


def web(replicas: int) -> Answers:
    """The web Deployment with so many replicas, and its promises."""
    path = str(files("seatrial") / "manifests" / "web.yaml")
    manifest = read_manifests([path]).workloads[0]
    spec = attrs.evolve(workload.spec_of(manifest), replicas=replicas)
    around = Environment(
        users=environment.budgets(["set-image"], "users"),
        faults=environment.budgets(["container-exit"], "faults"),
        level="interleaved",
        lag=1,
    )
    asked = [each.property for each in PROMISES if not tuple(each.unmet(spec, around))]
    return Answers(ground(workload.compose("web", spec, around)), asked)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=20)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| how choices are drawn | microseconds a step |\n| --- | --- |")
    for name, form in FORMS:
        print(f"| {name} | {drawing(form):.1f} |", flush=True)
    answers = web(options.replicas)
    starts = [Start(v, (), v, answers.state(v)) for v in answers.system.initial]
    runner = Runner(
        answers, starts, swarm=True, steps=options.steps, seed=options.seed, check=lambda: None
    )
    print("\n| runs | steps | states | questions to Python | steps/s so far | steps/s lately |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = Rows(runner)

    def one(schedule: Any) -> None:
        found = runner.run(schedule)
        runner.watch.close(each.rule for each in found)
        if runner.counts.runs % (options.runs // 5) == 0:
            rows.add()

    test = hypothesis.settings(
        max_examples=options.runs,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(hypothesis.given(schedules(len(starts), options.steps))(one))
    random.seed(options.seed)
    gc.set_threshold(200_000, 50, 1_000)  # as the engine does
    rows.begin()
    hypothesis.seed(options.seed)(test)()


@attrs.define
class Rows:
    """The lines of the table, as the runs go on."""

    runner: Runner
    began: float = 0.0
    last: tuple[float, int] = (0.0, 0)

    def begin(self) -> None:
        """The clock starts."""
        self.began = time.process_time()
        self.last = (self.began, 0)

    def add(self) -> None:
        """One more line."""
        counts, now = self.runner.counts, time.process_time()
        asked = sum(self.runner.answers.evaluations.values())
        lately = (counts.steps - self.last[1]) / (now - self.last[0])
        print(
            f"| {counts.runs:,} | {counts.steps:,} | {len(counts.states):,} | {asked:,} |"
            f" {counts.steps / (now - self.began):,.0f} | {lately:,.0f} |",
            flush=True,
        )
        self.last = (now, counts.steps)


if __name__ == "__main__":
    main()
