"""
The syncs in the trace of a StatefulSet, and the states in which they began.

Others may act between the steps of a sync. Its case has the caches as they were when it began, and
the API as it was then, or each object as it was when the sync first asked for it, or last.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Step, System, Trace
from seatrial.model import controller, informer
from seatrial.model import statefulset_controller as steps

from .objects import Object
from .outcomes import answer_in
from .results import OracleDefect
from .statefulset_objects import faults_of, names_of_revisions
from .statefulset_states import Start
from .statefulset_syncs import (
    Fault,
    Faults,
    Went,
    fault_of_revision,
    noted,
    outcomes,
    run,
    ways_to,
)
from .statefulsets import StatefulSets
from .subject import Ask
from .under_way import Open, State, Sync, family, found_in, numbers_of

__all__ = ["FORMER", "TracedSets", "is_of_controller", "syncs_of"]

FORMER = "former controller"
_STEPS = ("observe", "write_pod", "write_claim", "write_status")
_FAILS = ": the request fails"
_NOT_FOUND = ": not found"
_CELLS = {"Pod": "pod", "Claim": "claim"}


@frozen
class Taken:
    """The requests of a sync as a trace has them, and which of them were made to fail."""

    requests: tuple[Any, ...]
    faults: Faults
    ended: bool


@frozen(eq=False)
class TracedSets(StatefulSets):
    """The StatefulSet controller, whose syncs are found in traces."""

    def along(self, start: Start, taken: Taken) -> Mapping[Went, Sequence[list[Object]]]:
        """The outcome, if the sync from there goes the trace's way."""
        found = run(start, self.rules, taken.faults)
        made = tuple(map(_plain, found.requests))
        if taken.ended and made != taken.requests:
            return {}
        if made[: len(taken.requests)] != taken.requests:
            return {}
        ways = ways_to(start, found.requests, taken.faults)
        return {found.went: [faults_of(each) for each in ways]}

    def released(self, start: Start, rules: frozenset[str]) -> frozenset[Went] | None:
        """The outcomes with no rules switched but these; None where there are no others."""
        if not self.rules - rules:
            return None
        return frozenset(outcomes(start, self.rules & rules))


def _plain(request: tuple[Any, ...]) -> tuple[Any, ...]:
    """
    The request, of which nothing follows that depends on whether it conflicts: a pod that is
    written as it is. In a system it conflicts while any event of a pod is on its way.
    """
    if request[:2] == ("update", "Pod") and request[-1] == "conflict":
        return (*request[:-1], "applied")
    return request


@frozen
class _Run:
    trace: Trace
    states: tuple[State, ...]
    numbers: tuple[int, ...]
    subject: TracedSets
    given: Mapping[str, Any]


def syncs_of(trace: Trace, system: System, ask: Ask) -> list[Sync]:
    """
    The syncs of the StatefulSet controller, in the order of their beginnings.

    The oracle is asked for the ControllerRevisions that they speak of. Requests of a former
    controller that land late belong to the sync that was cut off when another took over.
    """
    given = {each.name: each.value for each in system.parameters}
    states = tuple(trace.states())
    newest = max(state["newest_template"] for state in states)
    templates = range(1, max(newest, given["manifest"].template) + 1)
    names: Mapping[int, Object] = {}
    trouble = ""
    try:
        names = names_of_revisions(ask, templates, given["graceful"])
    except OracleDefect as defect:
        trouble = f"the oracle did not run it: {defect}"
    subject = TracedSets(names, given["variant"])
    found = _Run(trace, states, numbers_of(trace), subject, given)
    opened = found_in(trace, states, _whose, _begins, lambda state, _: state["set_sync"])
    for at, step in enumerate(trace.steps):
        if step.actor == FORMER:
            cut = [each for each in opened if each.cut and each.own[0] < at]
            cut[-1].own.append(at)
    syncs = [_sync(found, each) for each in opened]
    return [evolve(each, trouble=trouble) for each in syncs] if trouble else syncs


def is_of_controller(step: Step) -> bool:
    """Whether the step is one of these syncs, or of a former controller."""
    return step.actor == FORMER or _whose(step) is not None


def _whose(step: Step) -> str | None:
    return "statefulset" if family(step) in _STEPS else None


def _begins(step: Step) -> bool:
    return family(step) == "observe"


# ---- its case ---------------------------------------------------------------------------------


def _sync(of: _Run, found: Open) -> Sync:
    labels = tuple(of.trace.steps[at].label for at in found.own)
    after = of.states[found.own[-1] + 1]
    ended = after["former_sync"] is None if _late(of, found.own[-1]) else after["set_sync"] is None
    ended = ended and (not found.cut or _late(of, found.own[-1]))
    sync = Sync(
        of.subject.name,
        0,
        of.numbers[found.own[0]],
        of.numbers[found.own[-1]],
        labels,
        of.subject,
        ended=ended,
    )
    taken = _taken(of, found, ended)
    between = [at for at in found.others if at < found.own[-1]]
    return evolve(
        sync,
        taken=taken,
        cases=tuple(evolve(each, fails=len(taken.faults)) for each in _cases(of, found)),
        meanwhile=tuple(dict.fromkeys((*_writers(of, between), *_shown_in_part(of, found)))),
    )


def _late(of: _Run, at: int) -> bool:
    """Whether a step is a former controller's."""
    return of.trace.steps[at].actor == FORMER


def _write(of: _Run, at: int) -> controller.Write:
    """The request of a step."""
    pending: controller.Pending = of.states[at]["former_sync" if _late(of, at) else "set_sync"]
    return pending.write


def _answer(of: _Run, at: int) -> str:
    """How it was answered; of late ones the label does not say."""
    label, write, state = of.trace.steps[at].label, _write(of, at), of.states[at]
    if not _late(of, at):
        return answer_in(label)
    graceful = of.given["graceful"]
    if write.kind == "Pod":
        pod, queue = state[f"pod[{write.key}]"], state["pod_queue"]
        return steps.carried_out_pod(write, pod, frozenset(), queue, graceful)[0]
    if write.kind == "Claim":
        return steps.carried_out_claim(write, state[f"claim[{write.key}]"], state["claim_queue"])[0]
    if write.verb == "get":
        return steps.asked_of_the_set(write, state["stateful_set"])
    return "conflict" if label.endswith("conflicts") else "applied"


def _taken(of: _Run, found: Open, ended: bool) -> Taken:
    requests: list[tuple[Any, ...]] = []
    faults: list[Fault] = []
    sent: Counter[tuple[str, str]] = Counter()
    first = found.own[0]
    if of.trace.steps[first].label.endswith(_FAILS):
        state = of.states[first]
        faults.append(fault_of_revision(state["set_cache"], state["revisions"], "failed"))
    for at in found.own[1:]:
        write, label = _write(of, at), of.trace.steps[at].label
        kind = (write.verb, write.kind)
        if kind == ("get", "Claim"):
            if label.endswith(_NOT_FOUND):
                last = next(
                    each for each in reversed(requests) if each[1:3] == ("Claim", write.key)
                )
                requests.append((*last[:-1], "conflict"))
            continue
        sent[kind] += 1
        if label.endswith(_FAILS):
            faults.append(Fault(*kind, sent[kind], "failed"))
        requests.append(_plain(noted(write, _answer(of, at))))
    return Taken(tuple(requests), tuple(faults), ended)


def _cases(of: _Run, found: Open) -> Iterator[Start]:
    state = of.states[found.own[0]]
    ordinals: tuple[int, ...] = of.given["ordinals"]
    start = Start(
        state["set_cache"],
        state["stateful_set"],
        informer.behind(state["set_queue"], 0),
        state["revisions"],
        _there(state, "pod_cache", ordinals),
        _there(state, "pod", ordinals),
        _there(state, "claim_cache", ordinals),
        _there(state, "claim", ordinals),
        of.given["max_unavailable"],
        of.given["consistency_store"],
        claims_follow=all(_looks(of, found)),
    )
    yield start
    if len(found.own) > 1:
        yield from _met(of, start, found.own[:0:-1])
        yield from _met(of, start, found.own[1:])


def _looks(of: _Run, found: Open) -> list[bool]:
    """Whether the cache showed a change of a claim in time, each time that it was asked."""
    looks = [at for at in found.own[1:] if _write(of, at).verb == "get"]
    return [
        not of.trace.steps[at].label.endswith(_NOT_FOUND)
        for at in looks
        if _write(of, at).kind == "Claim"
    ]


def _shown_in_part(of: _Run, found: Open) -> Iterator[str]:
    """The oracle's cache shows all of them in time, or none."""
    if len(set(_looks(of, found))) > 1:
        yield "watch (the claim of one pod is shown in time, and that of another is not)"


def _there(state: State, cell: str, ordinals: Sequence[int]) -> dict[int, Any]:
    found = {at: state[f"{cell}[{at}]"] for at in ordinals}
    return {at: value for at, value in found.items() if value is not None}


def _met(of: _Run, start: Start, places: Sequence[int]) -> Iterator[Start]:
    """Each object as at the last of these steps that asks for it; of others as at the start."""
    pods, claims = dict(start.pods), dict(start.claims)
    the_set, copy = start.live, start.copy
    for at in places:
        state, write = of.states[at], _write(of, at)
        if write.kind == "StatefulSet":
            the_set, copy = state["stateful_set"], state["set_copy"]
            if write.verb == "get":
                continue
            arrives = not state["set_queue"]
            if _late(of, at):
                arrives, copy = _answer(of, at) == "applied", informer.Copy(False, False)
            if arrives and the_set is not None:
                if not copy.same:
                    return  # it would be sent to the new set, which the cache shows by then
                # The cache shows it by now, so it is tried again on top of that, and arrives.
                deleting = start.cached is not None and start.cached.deleting
                the_set, copy = evolve(the_set, deleting=deleting), evolve(copy, current=True)
            continue
        if write.verb == "get":
            continue
        into: dict[int, Any] = pods if write.kind == "Pod" else claims
        into.pop(write.key, None)
        value = state[f"{_CELLS[write.kind]}[{write.key}]"]
        if value is not None:
            into[write.key] = value
    yield evolve(start, pods=pods, claims=claims, live=the_set, copy=copy)


def _writers(of: _Run, places: Sequence[int]) -> Iterator[str]:
    """Who of these has written what the controller's requests are about."""
    for at in places:
        step = of.trace.steps[at]
        cells = {each.cell.partition("[")[0] for each in step.changes}
        if cells & {"stateful_set", *_CELLS.values()}:
            yield f"{step.actor} ({step.label})"
