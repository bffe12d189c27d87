"""
The syncs in a trace: which steps are one, and the state of the model in which it began.

What a sync does rests on what its caches showed and on the answers that it got. Others may act
between its steps. The case of a sync therefore has the caches of the moment in which each was read,
and the API as it was when the sync began or, in a second case, when it sent its first request.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Step, System, Trace
from seatrial.model import api, collisions

from .cases import Case, Controller, Setting, of_state
from .objects import HASHES
from .outcomes import STARTS, STEPS, Taken, answer_in
from .under_way import Open, State, Sync, family, found_in, numbers_of
from .workloads import WORKLOADS

__all__ = ["is_of_controller", "setting_of", "syncs_of"]

_DROPPED = "the key is dropped"
_FORMER = "former leader"


@frozen
class _Run:
    trace: Trace
    setting: Setting
    states: tuple[State, ...]
    numbers: tuple[int, ...]
    """Of each step, as a timeline counts: what follows at once has the number of its cause."""


def syncs_of(trace: Trace, system: System) -> list[Sync]:
    """
    The syncs of the Deployment and the ReplicaSet controller, in the order of their beginnings.

    A request of a former leader that lands late is listed too, as a sync that has no case.
    """
    numbers = numbers_of(trace)
    run = _Run(trace, setting_of(system), tuple(trace.states()), numbers)
    found = found_in(trace, run.states, _of, _begins, lambda state, who: state[_cell(*who)])
    syncs = [_sync(run, each) for each in found]
    late = (
        Sync(
            "deployment" if "deployment_write" in step.action else "replicaset",
            _index(step) if "[" in step.action else 0,
            numbers[at],
            numbers[at],
            (step.label,),
            WORKLOADS,
            trouble="a request of a former leader, which lands late",
        )
        for at, step in enumerate(trace.steps)
        if step.actor == _FORMER
    )
    return sorted([*syncs, *late], key=lambda each: each.first)


def is_of_controller(step: Step) -> bool:
    """Whether the step is one of these syncs, or of a former leader."""
    return step.actor == _FORMER or _of(step) is not None


def setting_of(system: System) -> Setting:
    """What syncs of that system read besides its state."""
    given = {each.name: each.value for each in system.parameters}
    spec: api.DeploymentSpec = given["manifest"]
    return Setting(
        recreate=spec.strategy.type == "Recreate",
        templates=given["templates"],
        consistency_store=given["consistency_store"],
        terminating_replicas=given["terminating_replicas"],
        write_faults=given["write_faults"],
        collides=bool(given.get("hash_collisions")),
        variant=given["variant"],
    )


# ---- which steps are one sync -----------------------------------------------------------------


def _index(step: Step) -> int:
    return int(step.action.partition("[")[2].removesuffix("]"))


def _of(step: Step) -> tuple[Controller, int] | None:
    """Whose sync the step belongs to."""
    name = family(step)
    if name in (*STARTS["deployment"], *STEPS["deployment"]):
        return ("deployment", 0)
    if name in (*STARTS["replicaset"], *STEPS["replicaset"]):
        return ("replicaset", _index(step))
    return None


def _begins(step: Step) -> bool:
    return any(family(step) in of for of in STARTS.values())


def _cell(controller: Controller, template: int) -> str:
    """Where a state has what is left of that sync."""
    return "deployment_sync" if controller == "deployment" else f"replica_set_sync[{template}]"


# ---- its case ---------------------------------------------------------------------------------


def _sync(run: _Run, found: Open) -> Sync:
    (controller, template), cell = found.who, _cell(*found.who)
    steps = [run.trace.steps[at] for at in found.own]
    last = found.own[-1]
    after = run.states[(found.others[-1] if found.cut else last) + 1]
    sync = Sync(
        controller,
        template,
        run.numbers[found.own[0]],
        run.numbers[last],
        tuple(step.label for step in steps),
        WORKLOADS,
        ended=after[cell] is None,
        trouble=_trouble(run, found),
    )
    if sync.trouble:
        return sync
    between = [at for at in found.others if at < last]
    return evolve(
        sync,
        taken=tuple(_taken(run, found, at) for at in found.own),
        cases=tuple(dict.fromkeys(_cases(run, found))),
        meanwhile=tuple(dict.fromkeys(_writers(run, between))),
    )


def _trouble(run: _Run, found: Open) -> str:
    """Why the sync cannot be asked for."""
    if found.cut:
        return f"the sync is cut off: {run.trace.steps[found.others[-1]].label}"
    if run.setting.templates > len(HASHES):
        return f"there are {run.setting.templates} templates; {len(HASHES)} are translated"
    if any(_DROPPED in run.trace.steps[at].label for at in found.own):
        return "how often a key was tried before is not translated"
    if any(run.trace.steps[at].label.endswith(collisions.IS_THE_ONE) for at in found.own):
        return "its cache comes to show in the midst of it what it did not when it began"
    return ""


def _taken(run: _Run, found: Open, at: int) -> Taken:
    step = run.trace.steps[at]
    before, after = run.states[at], run.states[at + 1]
    _, template = found.who
    cell = f"pods[{template}]"
    pods = (before[cell], after[cell]) if template else (None, None)
    answer = "applied" if at == found.own[0] else answer_in(step.label)
    return Taken(family(step), answer, after[_cell(*found.who)], pods)


def _cases(run: _Run, found: Open) -> Iterator[Case]:
    start = run.states[found.own[0]]
    values = dict(start)
    reads = 1
    lists = [at for at in found.own if family(run.trace.steps[at]) == "list_pods"]
    if lists:
        # The ReplicaSet and the expectations are read first, then the pods.
        reads = 2
        cell = f"pods[{found.who[1]}]"
        values |= {cell: run.states[lists[0]][cell], "pod_queue": run.states[lists[0]]["pod_queue"]}
    yield _case(run, found, values)
    if len(found.own) > reads:
        yield _case(run, found, values | _api_at(run, found.own[0], found.own[reads]))
    if run.setting.collides:
        # A name may be taken just before the request that asks for it, in the same step.
        taken = start["names_taken"] | run.states[found.own[-1] + 1]["names_taken"]
        yield _case(run, found, values | {"names_taken": taken})


def _case(run: _Run, found: Open, values: State) -> Case:
    answers = [answer_in(run.trace.steps[at].label) for at in found.own]
    controller, template = found.who
    case = of_state(run.setting, controller, template, values)
    return evolve(case, failures=answers.count("failed"), unknowns=answers.count("lost"))


def _api_at(run: _Run, begin: int, at: int) -> dict[str, Any]:
    """The Deployment and its ReplicaSets as they are then, while caches are as at the beginning."""
    found = {
        cell: value
        for cell, value in run.states[at].items()
        if cell in ("deployment", "names_taken") or cell.startswith("replica_set[")
    }
    for queue in ("deployment_queue", "replica_set_queue"):
        events = list(run.states[begin][queue])
        for before, after in zip(run.states[begin:at], run.states[begin + 1 : at + 1], strict=True):
            events += _appended(before[queue], after[queue])
        found[queue] = tuple(events)
    return found


def _appended(before: Sequence[Any], after: Sequence[Any]) -> Sequence[Any]:
    """The events that a step has put on their way; it may instead have delivered the first."""
    return after[len(before) :] if tuple(after[: len(before)]) == tuple(before) else ()


def _writers(run: _Run, places: Sequence[int]) -> Iterator[str]:
    """Who of these has written what controllers' requests are about, and what it says of it."""
    for at in places:
        step = run.trace.steps[at]
        cells = {each.cell.partition("[")[0]: each for each in step.changes}
        pods = cells.get("pods")
        live = pods is not None and _live(pods.before) != _live(pods.after)
        if live or cells.keys() & {"deployment", "replica_set"}:
            yield f"{step.actor} ({step.label})"


def _live(pods: Any) -> Counter[Any]:
    """What pods there are; those that are only remembered do not count."""
    found: Counter[Any] = Counter()
    for pod, n in pods.items():
        if pod.live is not None:
            found[pod.live] += n
    return found
