"""
Single syncs of the Job controller, as the model has them.

The model's sync is taken through a state with each request carried out as the model's API server
does. Not compared with the real one: adoption and release.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, evolve, field, frozen

from seatrial.core import Population, answers, split
from seatrial.model import controller, job, job_context, job_status, job_tracking
from seatrial.model import job_api as jobs

from .job_states import Start

__all__ = ["Fault", "Went", "counted", "outcomes"]

_PATCHED = ("succeeded", "failed", "index", "release")


@frozen
class Fault:
    """What becomes of the nth request of that verb: `failed`, or `lost`."""

    verb: str
    nth: int
    how: str


@frozen
class Went:
    """
    How a sync went, in one form for both sides: requests about pods by what they look like, with
    how often they were answered so.
    """

    created: tuple[Any, ...]
    deleted: tuple[Any, ...]
    patched: tuple[Any, ...]
    statuses: tuple[Any, ...]
    retry: bool
    later: bool


def counted(of: Counter[Any]) -> tuple[Any, ...]:
    """What was counted, in an order of its own."""
    return tuple(sorted(of.items(), key=repr))


def outcomes(
    start: Start, variant: frozenset[str] = frozenset()
) -> Mapping[Went, list[Fault | None]]:
    """How the model's sync may go, and which request may have to go wrong for it."""
    found: dict[Went, list[Fault | None]] = {}
    faults: list[Fault | None] = [None]
    while faults:
        fault = faults.pop(0)
        most: Counter[str] = Counter()
        for (went, sent), _ in answers(lambda fault=fault: _run(start, variant, fault)):  # type: ignore[misc]
            ways = found.setdefault(went, [])
            if fault not in ways:
                ways.append(fault)
            most |= sent
        if fault is None and start.fails:
            faults += [
                Fault(verb, nth, how)
                for verb, n in sorted(most.items())
                for nth in range(1, n + 1)
                for how in ("failed", "lost")
            ]
    return found


def _run(start: Start, variant: frozenset[str], fault: Fault | None) -> tuple[Went, Counter[str]]:
    seen = start.observed()
    if jobs.is_job_finished(seen.job.status) or start.finish_unseen:
        return Went((), (), (), (), False, False), Counter()
    ctx = job_context.sync_context(seen, variant)
    seen, ctx = job_context.with_last_failures_chosen(seen, ctx, variant)
    surplus = job.active_pods_for_removal(seen, ctx, split)
    server = _Server(start, fault)
    sync = job.sync_job(seen, surplus, variant)
    answer: Any = None
    while True:
        try:
            answer = server.answer(sync.send(answer))
        except StopIteration as end:
            done: controller.Done = end.value
            break
    went = Went(
        counted(server.created),
        counted(server.deleted),
        counted(server.patched),
        tuple(server.statuses),
        done.retry,
        done.later or job_context.arms_deadline(seen, ctx, variant),
    )
    return went, server.sent


@define
class _Server:
    """What the model's API server answers while one sync runs; at most one request goes wrong."""

    start: Start
    fault: Fault | None
    live: jobs.Job | None = field(init=False)
    sent: Counter[str] = field(factory=Counter)
    created: Counter[Any] = field(factory=Counter)
    deleted: Counter[Any] = field(factory=Counter)
    patched: Counter[Any] = field(factory=Counter)
    statuses: list[Any] = field(factory=list)
    marks: job_tracking.Marked = ()

    def __attrs_post_init__(self) -> None:
        self.live = self.start.live

    def answer(self, write: controller.Write) -> Any:
        value = write.value
        if isinstance(value, job.Creation):
            return self.create(value.pods)
        if write.verb == "delete":
            return self.delete(value)
        if write.verb == "remove":
            return self.remove(value)
        if isinstance(value, job_tracking.Patches):
            return self.patch(value)
        if isinstance(value, job_tracking.StatusWrite):
            return self.write_status(value)
        return "applied"

    def failing(self, verb: str, of: Iterable[tuple[Any, int]]) -> Any:
        """Which of these requests, which go out side by side, goes wrong: any of them, or none."""
        pods: Population[Any] = Population(of)
        before = self.sent[verb]
        self.sent[verb] += pods.total
        fault = self.fault
        if fault is None or fault.verb != verb or not before < fault.nth <= before + pods.total:
            return None
        ((chosen, _),) = split(pods, 1).items()
        return chosen

    def word(self, pod: Any, goes_wrong: bool) -> str:
        """The answer to a request about a pod."""
        assert self.fault is not None or not goes_wrong
        if pod in self.start.gone:
            return "failed" if goes_wrong else "not found"
        return self.fault.how if goes_wrong and self.fault is not None else "applied"

    def create(self, pods: tuple[jobs.JobPod, ...]) -> int:
        batch = Counter((pod.index, pod.failure_count, pod.ignored_failure_count) for pod in pods)
        failed = self.failing("create", batch.items())
        for pod, n in batch.items():
            wrong = int(pod == failed)
            if n > wrong:
                self.created[*pod, "applied"] += n - wrong
            if wrong:
                self.created[*pod, self.word(None, True)] += 1
        return int(failed is not None)

    def sends(self, verb: str, into: Counter[Any], pods: Iterable[tuple[Any, int]]) -> Any:
        """One request for each of these pods; the one that went wrong."""
        pods = list(pods)
        failed = self.failing(verb, pods)
        for pod, n in pods:
            wrong = int(pod == failed)
            if n > wrong:
                into[pod, self.word(pod, False)] += n - wrong
            if wrong:
                into[pod, self.word(pod, True)] += 1
        return failed

    def delete(self, pods: jobs.SeenPods) -> int:
        return int(self.sends("delete", self.deleted, pods.items()) is not None)

    def remove(self, pods: jobs.SeenPods) -> tuple[int, int]:
        """Their finalizers, then they; one that is gone is not deleted, nor told from the rest."""
        finalized = pods.where(lambda each: each.pod is not None and each.pod.finalizer)
        kept = self.sends("patch", self.patched, finalized.items())
        gone = finalized.where(lambda each: each in self.start.gone)
        left = pods - gone
        stay = ready = 0
        if kept is not None:
            stay, ready = 1, int(kept.pod.ready)
            one: jobs.SeenPods = Population({kept: 1})
            if kept in self.start.gone:
                gone = gone - one
            else:
                left = left - one
        ready += job_context.ready_pods(gone)
        stay += int(self.sends("delete", self.deleted, left.items()) is not None)
        return stay, ready

    def patch(self, value: job_tracking.Patches) -> tuple[int, int, int]:
        marks = value.marks or self.marks
        of = {each: (n, mark) for each, n, mark in marks if mark in _PATCHED}
        kept = self.sends("patch", self.patched, ((each, n) for each, (n, _) in of.items()))
        mark = "" if kept is None else of[kept][1]
        if mark in ("index", "release"):
            return (0, 0, 1)
        return (int(mark == "succeeded"), int(mark == "failed"), 0)

    def usual_answer(self, value: job_tracking.StatusWrite) -> str:
        if self.live is None or self.start.stale:
            return "conflict"
        refused = job_status.refusals(self.live, value.status, value.listed_twice)
        return "conflict" if refused else "applied"

    def write_status(self, value: job_tracking.StatusWrite) -> str:
        self.marks = value.marks or self.marks
        wrong = self.failing("update-status", [("status", 1)]) is not None
        usual = "applied"
        if (
            self.live is None
            or self.start.stale
            or job_status.refusals(self.live, value.status, value.listed_twice)
        ):
            usual = "conflict"
        how = self.fault.how if wrong and self.fault is not None else usual
        if how == "lost" and usual != "applied":
            how = "failed"
        if how in ("applied", "lost"):
            assert self.live is not None
            self.live = evolve(self.live, status=value.status)
        self.statuses.append((value.status, how))
        return "applied" if how == "applied" else "conflict"
