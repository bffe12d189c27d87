"""
The syncs in the trace of a Job, and the states in which they began.

Requests about pods go out side by side, in *stages*: what a trace has of one is the request of the
model, which says what the pods look like that it is about, and how often each answer came.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from attrs import evolve, field, frozen

from seatrial.core import Population, Step, System, Trace
from seatrial.model import controller, job_informer, job_pods, job_views
from seatrial.model import job_api as jobs

from . import job_orphans
from .job_objects import faults_of
from .job_states import Start
from .job_syncs import Run, Stage, Went, counted, outcomes, runs
from .jobs import Jobs
from .objects import Object
from .outcomes import answer_in
from .under_way import Open, State, Sync, family, found_in, numbers_of

__all__ = ["TracedJobs", "is_of_controller", "syncs_of"]

_REQUESTS = ("create_job_pod", "write_job_pod", "write_job_status")
_STEPS = ("observe_job", *_REQUESTS)
_OF_THE_WORKER = ("list_orphans", "strip_orphan")
_VERBS = (("creates a pod", "create"), ("deletes", "delete"), ("removes the finalizer", "patch"))
_WRONG = ("failed", "lost")
_MOST_GONE = 3
"""Of pods that were gone when a request about them came, so many kinds are tried together."""


@frozen
class Taken:
    """The stages of a sync as a trace has them; where it has not ended the last may lack some."""

    stages: tuple[Stage, ...]
    ended: bool


@frozen(eq=False)
class TracedJobs(Jobs):
    """The Job controller, whose syncs are found in traces."""

    def along(self, start: Start, taken: Taken) -> Mapping[Went, Sequence[list[Object]]]:
        """The outcomes of which each stage is as the trace has it."""
        found: dict[Went, list[list[Object]]] = {}
        for each in runs(start, self.rules):
            if _goes(each, taken):
                found.setdefault(each.went, []).append(faults_of(each.faults))
        return found

    def released(self, start: Start, rules: frozenset[str]) -> frozenset[Went] | None:
        """The outcomes with no rules switched but these; None where there are no others."""
        if not self.rules - rules:
            return None
        return frozenset(outcomes(start, self.rules & rules))


def _goes(run: Run, taken: Taken) -> bool:
    if taken.ended:
        return run.stages == taken.stages
    if len(run.stages) < len(taken.stages):
        return False
    pairs = list(zip(run.stages, taken.stages, strict=False))
    whole = all(made == wanted for made, wanted in pairs[:-1])
    return whole and all(
        made[0] == wanted[0] and Counter(dict(wanted[1])) <= Counter(dict(made[1]))
        for made, wanted in pairs[-1:]
    )


@frozen
class _Run:
    trace: Trace
    states: tuple[State, ...]
    numbers: tuple[int, ...]
    subject: TracedJobs
    given: Mapping[str, Any] = field(factory=dict)


def syncs_of(trace: Trace, system: System) -> list[Sync]:
    """
    The syncs of the Job controller, in the order of their beginnings.

    Among them is what its worker does that looks after pods without a Job: each step by itself.
    """
    given = {each.name: each.value for each in system.parameters}
    states = tuple(trace.states())
    of = _Run(trace, states, numbers_of(trace), TracedJobs(given["variant"]), given)
    opened = found_in(trace, states, _whose, _begins, lambda state, _: _working(state))
    found = [
        *(_sync(of, each) for each in opened),
        *(_listing(of, at) for at in _places(of, "list_orphans")),
        *(_worked(of, at) for at in _places(of, "strip_orphan")),
    ]
    return sorted(found, key=lambda each: each.first)


def _places(of: _Run, name: str) -> list[int]:
    return [at for at, step in enumerate(of.trace.steps) if family(step) == name]


def is_of_controller(step: Step) -> bool:
    """Whether the step is one of these syncs, or notes what they decide."""
    return _whose(step) is not None or family(step) in (
        "mark_pods",
        "answer_job_sync",
        *_OF_THE_WORKER,
    )


def _whose(step: Step) -> str | None:
    return "job" if family(step) in _STEPS else None


def _begins(step: Step) -> bool:
    return family(step) == "observe_job"


def _working(state: State) -> controller.Pending | None:
    """What is left of the sync, whether or not something is noted first."""
    step: job_informer.Working = state["job_sync"]
    note: job_informer.Note | None = state["note"]
    if step is None or note is None or note.answer is None:
        return step
    rest = step.answered(note.answer)
    return rest if isinstance(rest, controller.Pending) else None


# ---- its case ---------------------------------------------------------------------------------


def _sync(of: _Run, found: Open) -> Sync:
    steps = [of.trace.steps[at] for at in found.own]
    ended = _working(of.states[found.own[-1] + 1]) is None and not found.cut
    sync = Sync(
        of.subject.name,
        0,
        of.numbers[found.own[0]],
        of.numbers[found.own[-1]],
        tuple(step.label for step in steps),
        of.subject,
        ended=ended,
    )
    stages = tuple(_stages(of, found.own[1:]))
    between = [at for at in found.others if at < found.own[-1]]
    return evolve(
        sync,
        taken=Taken(stages, ended),
        cases=tuple(_cases(of, found, stages)),
        meanwhile=tuple(dict.fromkeys(_writers(of, between))),
    )


def _stages(of: _Run, places: Sequence[int]) -> Iterator[Stage]:
    write: controller.Write | None = None
    words: Counter[tuple[str, str]] = Counter()
    for at in places:
        before, after = _working(of.states[at]), _working(of.states[at + 1])
        assert before is not None
        if write is None:
            write = before.write
        label = of.trace.steps[at].label
        if write.verb != "expect fewer":
            words[_verb(label), _word(label)] += 1
        if not _goes_on(before, after):
            yield write, counted(words)
            write, words = None, Counter()
    if write is not None:
        yield write, counted(words)


def _goes_on(before: controller.Pending, after: controller.Pending | None) -> bool:
    """Whether there are more requests of the same stage."""
    if before.write.verb == "create":
        return len(before.write.value.pods) > 1
    return before.write.verb != "update status" and before == after


def _verb(label: str) -> str:
    found = (verb for begins, verb in _VERBS if label.startswith(begins))
    return next(found, "update-status")


def _word(label: str) -> str:
    return "conflict" if ": refused, " in label else answer_in(label)


def _cases(of: _Run, found: Open, stages: Sequence[Stage]) -> Iterator[Start]:
    state = of.states[found.own[0]]
    known: job_informer.Jobs = state["jobs"]
    words = Counter(word for _, said in stages for (_, word), n in said for _ in range(n))
    start = Start(
        known.shown,
        job_pods.pods_seen(state["pods"]),
        live=known.live,
        stale=known.behind,
        fails=sum(words[each] for each in _WRONG),
        satisfied=state["job_expectations"].satisfied_expectations(),
        backoff=state["backoff"],
        past_deadline=_past_deadline(state),
        clears_start_time=of.given["clears_start_time"],
        consistency_store=of.given["consistency_store"],
        finish_unseen=job_views.finish_unseen(known),
        orphan=job_views.orphans_shown(state["pods"]),
        requeues=state["requeues"],
    )
    starts = [start]
    reports = [at for at in found.own if family(of.trace.steps[at]) == "write_job_status"]
    if reports:
        then = of.states[reports[0]]
        starts.append(evolve(start, live=then["jobs"].live, stale=then["job_stale"]))
    for each in starts:
        for gone in _gone(state, start.pods, words["not found"]):
            yield evolve(each, gone=gone)
            yield evolve(each, gone=gone, failures_last=False)


def _past_deadline(state: State) -> bool:
    if job_views.deadline_seen(state["jobs"]):
        return bool(state["deadline"] == "passed")
    return bool(state["old_deadline_passed"])


def _gone(state: State, seen: jobs.SeenPods, not_found: int) -> Iterator[frozenset[jobs.Seen]]:
    """What pods may look like that were gone when the request about them came."""
    if not not_found:
        yield frozenset()
        return
    pods: job_pods.JobPods = state["pods"]
    gone = {pod.seen for pod in pods if pod.live is None and pod.shown is not None}
    yield frozenset(gone - {pod.seen for pod in pods if pod.live is not None})
    kinds = [each for each in seen if each.pod is not None]
    sizes = range(1, min(not_found, _MOST_GONE) + 1)
    yield from map(frozenset, chain.from_iterable(combinations(kinds, n) for n in sizes))


def _writers(of: _Run, places: Sequence[int]) -> Iterator[str]:
    """Who of these has written what the controller's requests are about."""
    for at in places:
        step = of.trace.steps[at]
        cells = {each.cell: each for each in step.changes}
        job, pods = cells.get("jobs"), cells.get("pods")
        if is_of_controller(step):
            continue
        if (job and job.before.live != job.after.live) or (
            pods and _live(pods.before) != _live(pods.after)
        ):
            yield f"{step.actor} ({step.label})"


def _live(pods: job_pods.JobPods) -> Counter[jobs.JobPod]:
    found: Counter[jobs.JobPod] = Counter()
    for pod, n in pods.items():
        if pod.live is not None:
            found[pod.live] += n
    return found


# ---- the other worker -------------------------------------------------------------------------


def _alone(of: _Run, at: int, case: job_orphans.Listing | job_orphans.Worked, went: Any) -> Sync:
    """A step of the worker."""
    label, number = of.trace.steps[at].label, of.numbers[at]
    subject = job_orphans.Orphans(of.given["variant"])
    return Sync(subject.name, 0, number, number, (label,), subject, went, (case,))


def _listing(of: _Run, at: int) -> Sync:
    """It lists the pods of a Job; those that it has been told of by name it goes about anyway."""
    before, after = of.states[at], of.states[at + 1]
    pods: job_pods.JobPods = before["pods"]
    shown = ((pod.shown, n) for pod, n in pods.items() if pod.shown is not None)
    case = job_orphans.Listing(Population(shown), _shown(before))
    marked = (
        (pod.shown, n)
        for pod, n in after["pods"].items()
        if case.shown != "there" and pod.orphaning and pod.shown is not None and pod.shown.finalizer
    )
    return _alone(of, at, case, job_orphans.listed(marked))


def _worked(of: _Run, at: int) -> Sync:
    """It goes about a pod: the one that is another one after the step."""
    step, before, after = of.trace.steps[at], of.states[at]["pods"], of.states[at + 1]["pods"]
    left = Counter(dict(before.items()))
    left.subtract(dict(after.items()))
    sent = step.label.startswith("removes")
    moved = [each for each, n in left.items() if n > 0 and each.orphaning]
    now = next((each for each, n in left.items() if n < 0), None)
    if not moved:  # a request that failed, and is tried again: about any that looks so
        moved = [
            each
            for each in before
            if each.orphaning and f" {job_informer.looks(each.live)}: " in step.label
        ]
        now = moved[0]
    pod: job_pods.Owned = moved[0]
    has = None if pod.live is None else pod.live.finalizer
    if sent:
        lands = _word(step.label) in ("applied", "lost")
        gone = now is not None and now.live is None
        has = (None if gone else False) if lands else has
    went = job_orphans.Went(sent, has, now is not None and bool(now.orphaning))
    case = job_orphans.Worked(
        pod.shown,
        pod.live,
        _shown(of.states[at]),
        found="selector" if pod.orphaning == "selector" else "name",
        answered=_word(step.label),
    )
    return _alone(of, at, case, went)


def _shown(state: State) -> job_orphans.Shown:
    found = job_views.job_shown(state["jobs"])
    return "gone" if found == "gone" else "finished" if found == "finished" else "there"
