"""
What the Job controller's handlers of watch events do, and its worker for pods without a Job.

As in `notices`: one event, delivered by the model and told to the real handlers; or one key that
the second worker takes; or a sync that ends before it reads pods.
"""

import json
from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import Population
from seatrial.model import (
    controller,
    controller_utils,
    job_controller,
    job_informer,
    job_pods,
)
from seatrial.model import job_api as jobs
from seatrial.oracle import job_orphans
from seatrial.oracle.objects import NAMESPACE, NOW, Object

from .chance import Chance

__all__ = ["Handled", "Notice", "drawn", "modelled", "real", "request"]

Kind = Literal["job", "pod", "worker", "sync"]
_KEY = f"{NAMESPACE}/pi"
_POD = "pi-old-00001"
_SPEC = jobs.JobSpec(2, 2, active_deadline_seconds=100)
_WORKER = job_orphans.Orphans()
_ANSWERS = ("applied", "failed", "lost")
_NONE = controller_utils.Expectations()
_EXPECTED = controller_utils.Expectations(1, 0)


@frozen
class Notice:
    """
    An event about a Job or a pod of it, a key of the worker, or a sync that ends at once: of a Job
    that is gone, or is another controller's (`before`), or whose own writes are `unseen`.

    `shown` is the Job in the cache when a pod's handler is told; `anew` says that where it is gone
    there is another one of that name. For the worker `before` is the pod in the cache, `after` the
    real one, `found` how it was found and `answered` what becomes of its request.
    """

    kind: Kind
    before: Any
    after: Any
    shown: job_orphans.Shown = "there"
    anew: bool = False
    expectations: controller_utils.Expectations = _NONE
    expected: bool = False
    how: Literal["told", "found by a list", "told again"] = "told"
    found: Literal["name", "selector"] = "name"
    answered: str = "applied"
    unseen: Literal["", "jobs", "pods"] = ""


@frozen
class Handled:
    """
    What comes of it: whether the Job's key is queued, and once more for a new deadline (`later`),
    what is still expected, who is queued for the other worker, whether failures are remembered; of
    that worker whether it sends a request, what the pod is then, and whether it tries again; of a
    sync whether it has to wait.
    """

    dirty: bool = False
    expectations: controller_utils.Expectations = _NONE
    expected: bool = False
    orphaned: bool = False
    listed: bool = False
    backoff: bool = True
    sent: bool = False
    finalizer: bool | None = None
    again: bool = False
    waits: bool = False
    later: bool = False


# ---- drawing ----------------------------------------------------------------------------------


def drawn(chance: Chance) -> Notice:
    """Any event that the handlers may hear of, or key that the worker may take."""
    kind: Kind = chance.of(("pod", "pod", "pod", "job", "worker", "sync"))
    if kind == "job":
        return _of_ajob_in(chance)
    if kind == "sync":
        unseen: Any = chance.of(("", "jobs", "pods"))
        other = evolve(_SPEC, managed_by="example.com/other")
        job = jobs.Job(_SPEC) if unseen else chance.of((None, jobs.Job(other)))
        return Notice("sync", job, job, unseen=unseen)
    shown: job_orphans.Shown = chance.of(("there", "there", "finished", "gone"))
    anew = shown == "gone" and chance.of((False, True))
    if kind == "worker":
        before: jobs.JobPod | None = _pod(chance)
        after = chance.of((before, before, None))
        before = chance.of((before,) * 5 + (None,))
        found: Any = chance.of(("name", "selector"))
        # A request about a pod that is gone is not applied, so its answer is not lost.
        answered = chance.of(_ANSWERS if after is not None else _ANSWERS[:2])
        return Notice("worker", before, after, shown, anew, found=found, answered=answered)
    before = chance.of((None, _pod(chance), _pod(chance), _pod(chance)))
    after = _after(chance, before)
    how = "told"
    if after is None:
        how = chance.of(("told", "found by a list"))
    elif after == before:
        how = "told again"
    expected = before is not None and before.finalizer and chance.of((False, True))
    outstanding = controller_utils.Expectations(chance.integer(0, 2), chance.integer(0, 2))
    return Notice("pod", before, after, shown, anew, outstanding, expected, how)  # type: ignore[arg-type]


def _pod(chance: Chance) -> jobs.JobPod:
    phase = chance.of(("Running", "Pending", "Succeeded", "Failed"))
    return jobs.JobPod(
        phase,  # type: ignore[arg-type]
        terminating=chance.of((False, False, True)),
        finalizer=chance.of((True, True, False)),
        owned=chance.of((True, True, True, False)),
    )


def _after(chance: Chance, before: jobs.JobPod | None) -> jobs.JobPod | None:
    """One write later: of the owner and of the finalizer not both at once."""
    if before is None:
        return evolve(_pod(chance), owned=True)
    return chance.of(
        (
            None,
            before,
            evolve(before, phase=chance.of(("Running", "Succeeded", "Failed"))),
            evolve(before, finalizer=False),
            evolve(before, owned=False),
            evolve(before, terminating=True),
            evolve(before, terminating=True, finalizer=False),
        )
    )


def _of_ajob_in(chance: Chance) -> Notice:
    before = jobs.Job(_SPEC, jobs.JobStatus(start_time=chance.of((True, False))))
    after = chance.of(
        (
            None,
            None,
            evolve(before, spec=evolve(_SPEC, parallelism=1)),
            evolve(before, spec=evolve(_SPEC, active_deadline_seconds=chance.of((200, None)))),
            evolve(before, status=evolve(before.status, active=1)),
            evolve(before, status=evolve(before.status, conditions=job_orphans.FINISHED)),
            evolve(before, deleting="foreground"),
        )
    )
    how: Any = "told" if after is not None else chance.of(("told", "found by a list"))
    if chance.of((False, False, False, True)):
        return Notice("job", None, before)
    return Notice("job", before, after, how=how)


# ---- the model's side -------------------------------------------------------------------------


def modelled(notice: Notice) -> Handled:
    """What the model's delivery does, or its worker; a new Job begins with its key in the queue."""
    if notice.kind == "worker":
        went = job_orphans.modelled(_case(notice))
        return Handled(sent=went.sent, finalizer=went.finalizer, again=went.again)
    if notice.kind == "job":
        return _job_told(notice)
    if notice.kind == "sync":
        return _began(notice)
    expectations, expected = _plain(notice.expectations), notice.expected
    if notice.how == "told again":
        return Handled(False, expectations, expected)
    owned = job_pods.Owned((notice.before, notice.after), expected=notice.expected)
    (told,) = job_informer.deliver_pod(
        Population({owned: 1}),
        controller.Key(),
        notice.expectations,
        notice.shown,
        None,
        False,
        False,
        _SPEC,
        frozenset(),
    )
    left = next(iter(told.writes["pods"]), None)
    return Handled(
        told.writes["job_key"].dirty,
        _plain(told.writes["job_expectations"]),
        left is not None and left.expected,
        left is not None and left.orphaning == "name",
    )


def _job_told(notice: Notice) -> Handled:
    if notice.before is None:
        return Handled(True)
    trail = job_informer.Jobs((notice.before, notice.after))
    (told,) = job_informer.deliver_job(
        trail, controller.Key(), "running", None, False, False, frozenset()
    )
    return Handled(
        told.writes.get("job_key", controller.Key()).dirty,
        listed=told.writes.get("orphan_list", False),
        backoff=told.writes.get("backoff", True),
        later=told.writes.get("deadline") == "armed",
    )


def _began(notice: Notice) -> Handled:
    found = list(
        job_controller.observe_job(
            controller.Key(dirty=True),
            None,
            notice.before,
            Population(),
            False,
            True,
            "",
            True,
            False,
            notice.unseen == "jobs",
            notice.unseen == "pods",
            False,
            False,
            False,
            0,
            True,
            True,
            False,
            frozenset(),
        )
    )
    if not found:
        return Handled(expectations=_EXPECTED, expected=True, waits=True)
    forgets = found[0].writes.get("note") is not None  # of pods, too
    return Handled(
        found[0].writes["job_key"].dirty,
        _plain(found[0].writes.get("job_expectations", _EXPECTED)),
        expected=not forgets,
        backoff=found[0].writes.get("backoff", True),
    )


def _plain(left: controller_utils.Expectations) -> controller_utils.Expectations:
    return controller_utils.Expectations() if left.fulfilled() else left


# ---- the real side ----------------------------------------------------------------------------


def request(notice: Notice) -> Object:
    """The same event for the oracle, with caches that show it already; or the worker's key."""
    asked: Object = {"controller": "job", "key": _KEY, "now": NOW}
    if notice.kind == "job":
        cache = [] if notice.after is None else [job_orphans.job_in(notice.after, 20)]
        asked |= {"memory": {"backoff": {"failures": 1, "age": 1}}, "notice": _told(notice)}
        return {**asked, "cache": cache, "live": list(cache)}
    if notice.kind == "sync":
        cache = [] if notice.before is None else [job_orphans.job_in(notice.before, 20)]
        asked["memory"] = {
            "expectations": {"add": 1, "del": 0, "age": 1},
            "finalizers": [f"uid-{_POD}"],
            "backoff": {"failures": 1, "age": 1},
            "written": {notice.unseen: "30"} if notice.unseen else {},
        }
        return {**asked, "cache": cache, "live": list(cache)}
    if notice.kind == "worker":
        return _WORKER.concrete(_case(notice), 0, _WORKER.told(_case(notice))).request
    cache = []
    if notice.shown != "gone" or notice.anew:
        conditions = job_orphans.FINISHED if notice.shown == "finished" else ()
        cache.append(job_orphans.job_in(jobs.Job(_SPEC, jobs.JobStatus(conditions=conditions)), 10))
    if notice.anew:
        # Its labels and its selector have the uid too.
        cache[0] = json.loads(json.dumps(cache[0]).replace("uid-pi", "uid-pi-anew"))
    live = list(cache)
    if notice.after is not None:
        cache.append(job_orphans.pod_in(notice.after, 20))
    outstanding = notice.expectations
    asked["memory"] = {
        "expectations": {"add": outstanding.add, "del": outstanding.delete, "age": 1},
        "finalizers": [f"uid-{_POD}"] if notice.expected else [],
    }
    return {**asked, "cache": cache, "live": live, "notice": _told(notice)}


def _told(notice: Notice) -> Object:
    def written(value: Any, version: int) -> Object:
        return (
            job_orphans.job_in(value, version)
            if notice.kind == "job"
            else job_orphans.pod_in(value, version)
        )

    if notice.before is None:
        return {"how": "add", "object": written(notice.after, 20)}
    if notice.after is None:
        how = "delete" if notice.how == "told" else "tombstone"
        return {"how": how, "object": written(notice.before, 15)}
    old = written(notice.before, 20 if notice.how == "told again" else 15)
    new = written(notice.after, 20)
    if notice.kind == "job" and notice.after.spec != notice.before.spec:
        new["metadata"]["generation"] = 2
    return {"how": "update", "object": new, "old": old}


def _case(notice: Notice) -> job_orphans.Worked:
    """What the worker is asked."""
    return job_orphans.Worked(
        notice.before, notice.after, notice.shown, notice.anew, notice.found, notice.answered
    )


def real(notice: Notice, answer: Object) -> Handled:
    """What the real handlers did. Raises KeyError where they were not asked."""
    if notice.kind == "worker":
        case = _case(notice)
        went = _WORKER.real(case, _WORKER.concrete(case, 0, []), answer)
        assert isinstance(went, job_orphans.Went)
        return Handled(sent=went.sent, finalizer=went.finalizer, again=went.again)
    memory = answer["memory"]
    queued = any(each in ("add", "add-after") for each in answer["key"]["calls"])
    orphans = [each["kind"] for each in memory.get("orphans", ())]
    if notice.kind == "job":
        return Handled(
            queued,
            listed="selector" in orphans,
            backoff=memory.get("backoff") is not None,
            later=answer["key"]["calls"].count("add-after") > 1,
        )
    left = memory["expectations"] or {"add": 0, "del": 0}
    if notice.kind == "sync":
        return Handled(
            bool(answer["requests"]),  # nothing is sent, in the model
            _plain(controller_utils.Expectations(max(0, left["add"]), max(0, left["del"]))),
            bool(memory.get("finalizers")),
            backoff=memory.get("backoff") is not None,
            waits=answer["key"]["result"] == "rate-limited",
        )
    return Handled(
        queued,
        _plain(controller_utils.Expectations(max(0, left["add"]), max(0, left["del"]))),
        bool(memory.get("finalizers")),
        # The key of a pod that is gone is taken, and nothing is done.
        "name" in orphans and notice.after is not None,
    )
