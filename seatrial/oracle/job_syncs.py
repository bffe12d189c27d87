"""
Single syncs of the Job controller, as the model has them.

The model's sync is taken through a state with each request carried out as the model's API server
does. Not compared with the real one: adoption that does not fail, and release.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, evolve, field, frozen

from seatrial.core import Population, answers, split
from seatrial.model import (
    controller,
    controller_utils,
    job,
    job_context,
    job_controller,
    job_pods,
    job_status,
    job_tracking,
)
from seatrial.model import job_api as jobs

from .job_states import Start

__all__ = [
    "Fault",
    "Faults",
    "Memory",
    "Run",
    "Stage",
    "Went",
    "counted",
    "of_each_index",
    "outcomes",
    "runs",
]

_MANAGER = "kubernetes.io/job-controller"


@frozen
class Fault:
    """What becomes of the nth request of that verb: `failed`, or `lost`."""

    verb: str
    nth: int
    how: str


Faults = tuple[Fault, ...]


@frozen
class Memory:
    """
    What the controller knows after a sync besides its caches.

    `creations` and `deletions` are those that it waits for, `removals` the pods whose finalizers it
    has removed. `backoff`: the delay after the last failures is running. `finished`: it has written
    the end of the Job. `unseen`: of what it has written more than the caches show.
    """

    creations: int = 0
    deletions: int = 0
    removals: tuple[Any, ...] = ()
    backoff: bool = False
    finished: bool = False
    unseen: frozenset[str] = frozenset()


@frozen
class Went:
    """
    How a sync went, in one form for both sides: requests about pods by what they look like, with
    how often they were answered so. `later` is how often the key is asked back after a while: for a
    deadline, and for a back-off.
    """

    created: tuple[Any, ...]
    deleted: tuple[Any, ...]
    patched: tuple[Any, ...]
    statuses: tuple[Any, ...]
    retry: bool
    later: int
    memory: Memory


def counted(of: Mapping[Any, int]) -> tuple[Any, ...]:
    """What was counted, in an order of its own."""
    return tuple(sorted(of.items(), key=repr))


Stage = tuple[controller.Write, tuple[Any, ...]]
"""
Requests of the model that go out side by side, or one, and their answers: each verb and word, with
how often.
"""


@frozen
class Run:
    """The model's sync: how it went, stage by stage too, and what was made to go wrong."""

    went: Went
    stages: tuple[Stage, ...]
    faults: Faults
    sent: Mapping[str, int]
    """How many requests of each verb there were."""


def outcomes(start: Start, variant: frozenset[str] = frozenset()) -> Mapping[Went, list[Faults]]:
    """How the model's sync may go, and which requests may have to go wrong for it."""
    found: dict[Went, list[Faults]] = {}
    for each in runs(start, variant):
        ways = found.setdefault(each.went, [])
        if each.faults not in ways:
            ways.append(each.faults)
    return found


def runs(start: Start, variant: frozenset[str] = frozenset()) -> Iterator[Run]:
    """All ways in which the model's sync may go; those first in which less goes wrong."""
    waiting: list[Faults] = [()]
    known = set[frozenset[Fault]]()
    while waiting:
        faults = waiting.pop(0)
        most: Counter[str] = Counter()
        for each, _ in answers(lambda faults=faults: _run(start, variant, faults)):  # type: ignore[misc]
            yield each
            most |= Counter(each.sent)
        if len(faults) == start.fails:
            continue
        wrong = {(each.verb, each.nth) for each in faults}
        for fault in _all_faults(most):
            more: Faults = (*faults, fault)
            if (fault.verb, fault.nth) not in wrong and frozenset(more) not in known:
                known.add(frozenset(more))
                waiting.append(more)


def _all_faults(sent: Mapping[str, int]) -> Iterator[Fault]:
    for verb, n in sorted(sent.items()):
        for nth in range(1, n + 1):
            yield Fault(verb, nth, "failed")
            yield Fault(verb, nth, "lost")


def _run(start: Start, variant: frozenset[str], faults: Faults) -> Run:
    job_seen = start.job
    if job_seen is None:
        return _left_alone(start, faults, Memory())
    if job_seen.spec.managed_by not in (None, _MANAGER):
        return _left_alone(start, faults, _remembered(start))
    if jobs.is_job_finished(job_seen.status):
        known = evolve(_remembered(start), backoff=False, finished=False)
        return _left_alone(start, faults, known)
    if start.finish_unseen:
        return _left_alone(start, faults, _remembered(start))
    if start.orphan and not job_seen.deleting:
        run = _left_alone(start, faults, _remembered(start))
        return evolve(run, went=evolve(run.went, retry=True))
    seen = start.observed(job_seen)
    ctx = job_context.sync_context(seen, variant)
    seen, ctx = job_context.with_last_failures_chosen(seen, ctx, variant)
    surplus = job.active_pods_for_removal(seen, ctx, split)
    server = _Server(start, faults)
    sync = job.sync_job(seen, surplus, variant)
    answer: Any = None
    while True:
        try:
            answer = server.answered(sync.send(answer))
        except StopIteration as end:
            done: controller.Done = end.value
            break
    went = Went(
        counted(server.created),
        counted(server.deleted),
        counted(server.patched),
        tuple(server.statuses),
        done.retry,
        done.later + job_context.arms_deadline(seen, ctx, variant),
        server.memory(),
    )
    return Run(went, tuple(server.stages), faults, server.sent)


def _left_alone(start: Start, faults: Faults, memory: Memory) -> Run:
    return Run(Went((), (), (), (), False, 0, memory), (), faults, {})


def of_each_index(start: Start) -> bool:
    """Whether each index has a back-off of its own: then nobody asks for that of the Job."""
    return jobs.has_backoff_limit_per_index(start.spec)


def _expected(start: Start) -> controller_utils.Expectations:
    return controller_utils.Expectations(0 if start.satisfied else 1)


def _remembered(start: Start) -> Memory:
    """What is known before the sync."""
    expected = {seen: n for seen, n in start.pods.items() if seen.expected}
    return Memory(
        creations=_expected(start).add,
        removals=counted(expected),
        backoff=start.backoff and not of_each_index(start),
        finished=start.finish_unseen,
    )


@define
class _Server:
    """What the model's API server answers while one sync runs, where these requests go wrong."""

    start: Start
    faults: Faults
    live: jobs.Job | None = field(init=False)
    expected: controller_utils.Expectations = field(init=False)
    backoff: bool = field(init=False)
    removals: Counter[Any] = field(factory=Counter)
    unseen: set[str] = field(factory=set)
    sent: Counter[str] = field(factory=Counter)
    created: Counter[Any] = field(factory=Counter)
    deleted: Counter[Any] = field(factory=Counter)
    patched: Counter[Any] = field(factory=Counter)
    statuses: list[Any] = field(factory=list)
    stages: list[Stage] = field(factory=list)
    said: Counter[tuple[str, str]] = field(factory=Counter)
    marks: job_tracking.Marked = ()

    def __attrs_post_init__(self) -> None:
        self.live = self.start.live
        self.expected = _expected(self.start)
        self.backoff = self.start.backoff
        self.removals.update({seen: n for seen, n in self.start.pods.items() if seen.expected})

    def memory(self) -> Memory:
        """What the controller knows then."""
        ends = (status for status, word in self.statuses if word == "applied")
        left = self.expected
        if left.fulfilled():
            left = controller_utils.Expectations()
        return Memory(
            max(0, left.add),
            max(0, left.delete),
            counted(self.removals),
            self.backoff and not of_each_index(self.start),
            any(map(jobs.is_job_finished, ends)),
            frozenset(self.unseen) if self.start.consistency_store else frozenset(),
        )

    def answered(self, write: controller.Write) -> Any:
        """What the sync is told, which is noted as a stage."""
        self.said = Counter()
        self.expected = job_controller.expected_of(write) or self.expected
        answer = self.answer(write)
        self.stages.append((write, counted(self.said)))
        return answer

    def answer(self, write: controller.Write) -> Any:
        value = write.value
        if isinstance(value, job.Creation):
            return self.create(value)
        if write.verb == "delete":
            return self.delete(value)
        if write.verb == "remove":
            return self.remove(value)
        if isinstance(value, job_tracking.Patches):
            return self.patch(value)
        if isinstance(value, job_tracking.StatusWrite):
            return self.write_status(value)
        self.expected = self.expected.lower_expectations(value, 0)
        return "applied"

    def failing(self, verb: str, of: Iterable[tuple[Any, int]]) -> Counter[tuple[Any, str]]:
        """Which of these requests, which go out side by side, go wrong, and how: any of them."""
        left: Population[Any] = Population(of)
        before = self.sent[verb]
        self.sent[verb] += left.total
        found: Counter[tuple[Any, str]] = Counter()
        for fault in self.faults:
            if fault.verb == verb and before < fault.nth <= self.sent[verb]:
                chosen = split(left, 1)
                left = left - chosen
                found.update((each, fault.how) for each in chosen)
        return found

    def sends(self, verb: str, into: Counter[Any], of: Iterable[tuple[Any, int]]) -> Counter[Any]:
        """One request for each of these pods; those of them that went wrong."""
        of = list(of)
        wrong = self.failing(verb, of)
        failed: Counter[Any] = Counter()
        words: Counter[tuple[Any, str]] = Counter()
        for (pod, how), n in wrong.items():
            failed[pod] += n
            words[pod, "failed" if pod in self.start.gone else how] += n
        for pod, n in of:
            usual = "not found" if pod in self.start.gone else "applied"
            if n > failed[pod]:
                words[pod, usual] += n - failed[pod]
        for (pod, word), n in words.items():
            key = (pod, word) if isinstance(pod, jobs.Seen) else (*pod, word)
            into[key] += n
            self.said[verb, word] += n
        if verb != "delete" and self.said[verb, "applied"]:
            self.unseen.add("pods")
        return +failed

    def less(self, verb: str, times: int) -> None:
        """No event is expected of so many requests, which were not applied."""
        for _ in range(times):
            if verb == "create":
                self.expected = self.expected.creation_observed()
            else:
                self.expected = self.expected.deletion_observed()

    def not_applied(self) -> int:
        """How many requests of this stage."""
        return sum(n for (_, word), n in self.said.items() if word != "applied")

    def create(self, value: job.Creation) -> int:
        of = ((pod.index, pod.failure_count, pod.ignored_failure_count) for pod in value.pods)
        failed = self.sends("create", self.created, Counter(of).items()).total()
        self.less("create", self.not_applied())
        return failed

    def delete(self, pods: jobs.SeenPods) -> int:
        return self.sends("delete", self.deleted, pods.items()).total()

    def remove(self, pods: jobs.SeenPods) -> tuple[int, int]:
        """Their finalizers, then they; one that is gone is not deleted, nor told from the rest."""
        finalized = pods.where(lambda each: each.pod is not None and each.pod.finalizer)
        kept: jobs.SeenPods = Population(
            self.sends("patch", self.patched, finalized.items()).items()
        )
        gone = finalized.where(lambda each: each in self.start.gone) - kept.where(
            lambda each: each in self.start.gone
        )
        stay, ready = kept.total, job_context.ready_pods(kept) + job_context.ready_pods(gone)
        left = pods - kept - gone
        stay += self.sends("delete", self.deleted, left.items()).total()
        self.less("delete", self.not_applied())
        return stay, ready

    def patch(self, value: job_tracking.Patches) -> tuple[int, int, int]:
        marks = value.marks or self.marks
        of = {each: (n, mark) for each, n, mark in marks if mark in job_pods.COUNTING}
        before = Counter(self.patched)
        kept = self.sends("patch", self.patched, ((each, n) for each, (n, _) in of.items()))
        # What is not applied brings no event that the finalizer is gone.
        applied = self.patched - before
        self.removals.update({each: n for (each, word), n in applied.items() if word == "applied"})
        left: Counter[str] = Counter()
        for each, n in kept.items():
            left[of[each][1]] += n
        return left["succeeded"], left["failed"], left["index"] + left["release"]

    def write_status(self, value: job_tracking.StatusWrite) -> str:
        self.marks = value.marks or self.marks
        how = self._usual(value)
        for _, wrong in self.failing("update-status", [("status", 1)]):
            how = wrong if how == "applied" else "failed"
        if how in ("applied", "lost"):
            assert self.live is not None
            self.live = evolve(self.live, status=value.status)
        if how == "applied":
            self.unseen.add("jobs")
            self.backoff = self.backoff if value.backoff is None else value.backoff
        self.statuses.append((value.status, how))
        self.said["update-status", how] += 1
        return "applied" if how == "applied" else "conflict"

    def _usual(self, value: job_tracking.StatusWrite) -> str:
        if self.live is None or self.start.stale:
            return "conflict"
        refused = job_status.refusals(self.live, value.status, value.listed_twice)
        return "conflict" if refused else "applied"
