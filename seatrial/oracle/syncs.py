"""
The syncs in a trace: which steps are one, and the state of the model in which it began.

What a sync does rests on what its caches showed and on the answers that it got. Others may act
between its steps. The case of a sync therefore has the caches of the moment in which each was read,
and the API as it was when the sync began or, in a second case, when it sent its first request.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, define, evolve, field, frozen

from seatrial.core import Step, System, Trace
from seatrial.model import api, collisions

from .cases import Case, Controller, Setting, of_state
from .objects import HASHES
from .outcomes import STARTS, STEPS, Taken, answer_in

__all__ = ["Sync", "of_others", "setting_of", "syncs_of"]

_DROPPED = "the key is dropped"
_FORMER = "former leader"

State = Mapping[str, Any]


@frozen
class Sync:
    """
    A sync in a trace, or what is left of one.

    `first` and `last` are the numbers of its first and last step as a timeline shows them, `says`
    what its steps say. `cases` are states in which it may have begun, the likeliest first; none
    where `trouble` says why there is no such case. `ended` is false where the trace ends before the
    sync. `meanwhile` are the writes of others before its last step.
    """

    controller: Controller
    template: int
    first: int
    last: int
    says: tuple[str, ...]
    taken: tuple[Taken, ...] = ()
    cases: tuple[Case, ...] = ()
    ended: bool = True
    trouble: str = ""
    meanwhile: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The controller, and which ReplicaSet the sync is about."""
        return f"{self.controller} {self.template}" if self.template else self.controller


@define
class _Open:
    """A sync whose end has not been found yet: places in the trace."""

    controller: Controller
    template: int
    own: list[int] = field(factory=list)
    others: list[int] = field(factory=list)
    cut: bool = False

    @property
    def cell(self) -> str:
        if self.controller == "deployment":
            return "deployment_sync"
        return f"replica_set_sync[{self.template}]"


@frozen
class _Run:
    trace: Trace
    setting: Setting
    states: tuple[State, ...]
    numbers: tuple[int, ...]
    """Of each step, as a timeline counts: what follows at once has the number of its cause."""
    found: list[_Open] = Factory(list)


def syncs_of(trace: Trace, system: System) -> list[Sync]:
    """
    The syncs of the Deployment and the ReplicaSet controller, in the order of their beginnings.

    A request of a former leader that lands late is listed too, as a sync that has no case.
    """
    numbers, number = [], 0
    for step in trace.steps:
        number += not step.committed
        numbers.append(max(number, 1))
    run = _Run(trace, setting_of(system), tuple(trace.states()), tuple(numbers))
    _find(run)
    syncs = [_sync(run, each) for each in run.found]
    late = (
        Sync(
            "deployment" if "deployment_write" in step.action else "replicaset",
            _index(step) if "[" in step.action else 0,
            numbers[at],
            numbers[at],
            (step.label,),
            trouble="a request of a former leader, which lands late",
        )
        for at, step in enumerate(trace.steps)
        if step.actor == _FORMER
    )
    return sorted([*syncs, *late], key=lambda each: each.first)


def of_others(trace: Trace) -> Counter[str]:
    """How many steps are no controller's, by who took them."""
    steps = (step for step in trace.steps if _of(step) is None)
    return Counter(step.actor for step in steps if step.actor != _FORMER)


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


def _family(step: Step) -> str:
    return step.action.partition("[")[0]


def _index(step: Step) -> int:
    return int(step.action.partition("[")[2].removesuffix("]"))


def _of(step: Step) -> tuple[Controller, int] | None:
    """Whose sync the step belongs to."""
    family = _family(step)
    if family in (*STARTS["deployment"], *STEPS["deployment"]):
        return ("deployment", 0)
    if family in (*STARTS["replicaset"], *STEPS["replicaset"]):
        return ("replicaset", _index(step))
    return None


def _find(run: _Run) -> None:
    under_way: dict[tuple[Controller, int], _Open] = {}
    for at, step in enumerate(run.trace.steps):
        mine = _of(step)
        if mine is not None and _family(step) in STARTS[mine[0]]:
            under_way[mine] = _Open(*mine)
            run.found.append(under_way[mine])
        for key, each in list(under_way.items()):
            (each.own if key == mine else each.others).append(at)
            if run.states[at + 1][each.cell] is None:
                each.cut = key != mine
                del under_way[key]


# ---- its case ---------------------------------------------------------------------------------


def _sync(run: _Run, found: _Open) -> Sync:
    steps = [run.trace.steps[at] for at in found.own]
    last = found.own[-1]
    after = run.states[(found.others[-1] if found.cut else last) + 1]
    sync = Sync(
        found.controller,
        found.template,
        run.numbers[found.own[0]],
        run.numbers[last],
        tuple(step.label for step in steps),
        ended=after[found.cell] is None,
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


def _trouble(run: _Run, found: _Open) -> str:
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


def _taken(run: _Run, found: _Open, at: int) -> Taken:
    step = run.trace.steps[at]
    before, after = run.states[at], run.states[at + 1]
    cell = f"pods[{found.template}]"
    pods = (before[cell], after[cell]) if found.template else (None, None)
    answer = "applied" if at == found.own[0] else answer_in(step.label)
    return Taken(_family(step), answer, after[found.cell], pods)


def _cases(run: _Run, found: _Open) -> Iterator[Case]:
    start = run.states[found.own[0]]
    values = dict(start)
    reads = 1
    lists = [at for at in found.own if _family(run.trace.steps[at]) == "list_pods"]
    if lists:
        # The ReplicaSet and the expectations are read first, then the pods.
        reads = 2
        cell = f"pods[{found.template}]"
        values |= {cell: run.states[lists[0]][cell], "pod_queue": run.states[lists[0]]["pod_queue"]}
    yield _case(run, found, values)
    if len(found.own) > reads:
        yield _case(run, found, values | _api_at(run, found.own[0], found.own[reads]))
    if run.setting.collides:
        # A name may be taken just before the request that asks for it, in the same step.
        taken = start["names_taken"] | run.states[found.own[-1] + 1]["names_taken"]
        yield _case(run, found, values | {"names_taken": taken})


def _case(run: _Run, found: _Open, values: State) -> Case:
    answers = [answer_in(run.trace.steps[at].label) for at in found.own]
    case = of_state(run.setting, found.controller, found.template, values)
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
