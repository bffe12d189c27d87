"""
Single syncs of the Job controller, as the model has them.

The model's sync is taken through a state with each request applied, or refused where the model's
API server refuses a status. Not compared with the real one: caches that are behind, requests that
fail, adoption and release, which of several pods that rank alike is removed.
"""

from collections import Counter
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Population
from seatrial.model import controller, job, job_context, job_status, job_tracking
from seatrial.model import job_api as jobs

from .job_states import Start

__all__ = ["Went", "counted", "modelled", "rank"]


@frozen
class Went:
    """How a sync went, in one form for both sides."""

    created: tuple[Any, ...]
    deleted: tuple[Any, ...]
    patched: int
    statuses: tuple[Any, ...]
    retry: bool
    later: bool


# ---- the model's side -------------------------------------------------------------------------


def rank(seen: jobs.Seen) -> Any:
    assert seen.pod is not None
    return (seen.pod.phase == "Running", seen.pod.restarts)


def modelled(start: Start, variant: frozenset[str] = frozenset()) -> Went:
    """How the model's sync goes."""
    seen = start.observed()
    ctx = job_context.sync_context(seen, variant)

    def first(pods: jobs.SeenPods, n: int) -> jobs.SeenPods:
        taken, left = [], n
        for kind, count in pods.items():
            take = min(count, left)
            taken.append((kind, take))
            left -= take
        return Population(taken)

    surplus = job.active_pods_for_removal(seen, ctx, first)
    sync = job.sync_job(seen, surplus, variant)
    live = start.job
    created: Counter[Any] = Counter()
    deleted: Counter[Any] = Counter()
    answer: Any = None
    patched, statuses = 0, []
    while True:
        try:
            write = sync.send(answer)
        except StopIteration as end:
            done: controller.Done = end.value
            break
        if isinstance(write.value, job.Creation):
            for pod in write.value.pods:
                created[pod.index, pod.failure_count, pod.ignored_failure_count] += 1
            answer = 0
        elif write.verb in ("delete", "remove"):
            for kind, n in write.value.items():
                deleted[rank(kind)] += n
                tracked = kind.pod is not None and kind.pod.finalizer
                patched += n if write.verb == "remove" and tracked else 0
            answer = 0 if write.verb == "delete" else (0, 0)
        elif isinstance(write.value, job_tracking.Patches):
            patched += write.value.listed.total + write.value.others
            answer = (0, 0, 0)
        elif isinstance(write.value, job_tracking.StatusWrite):
            refused = job_status.refusals(live, write.value.status, write.value.listed_twice)
            answer = "conflict" if refused else "applied"
            statuses.append((write.value.status, answer))
            if not refused:
                live = evolve(live, status=write.value.status)
        else:
            answer = "applied"
    return Went(
        counted(created),
        counted(deleted),
        patched,
        tuple(statuses),
        done.retry,
        done.later or job_context.arms_deadline(seen, ctx, variant),
    )


def counted(of: Counter[Any]) -> tuple[Any, ...]:
    return tuple(sorted(of.items(), key=repr))
