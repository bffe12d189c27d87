"""What theorems about Deployments are stated with: objects of open size, and a sync's writes."""

from collections.abc import Iterable, Iterator

from seatrial.core import Whole
from seatrial.core.arith import total
from seatrial.model import api, controller, deployment

__all__ = [
    "COUNT",
    "NUMBER",
    "PERCENT_LIMIT",
    "SIZE",
    "bound",
    "current",
    "deployment_of",
    "new_replica_set",
    "old_replica_set",
    "rolling_deployment",
    "sizes_written",
    "sum_of",
]

NUMBER = Whole(0, api.MAX_INT32)
"""An integer of the API that is not negative."""
SIZE = Whole(0, 1_000_000)
"""A size of which a few can be added without leaving 32 bits."""
COUNT = Whole(0, 1_000_000)
"""How many pods of a class there are."""
PERCENT_LIMIT = 100_000
"""So many percent of any int32 are computed alike in integers and in upstream's floats."""
NEW, NEWEST = 9, 9


def bound(kind: str, value: int) -> api.IntOrPercent:
    """maxSurge or maxUnavailable; `kind` is "int" or "percent"."""
    return api.IntOrPercent("percent" if kind == "percent" else "int", value)


def rolling_deployment(replicas: int, surge: int, unavailable: int) -> api.Deployment:
    """A Deployment whose bounds are numbers of pods."""
    return deployment_of(replicas, bound("int", surge), bound("int", unavailable))


def deployment_of(
    replicas: int, surge: api.IntOrPercent, unavailable: api.IntOrPercent
) -> api.Deployment:
    """A Deployment in a rolling update, without a deadline and without a limit of its history."""
    spec = api.DeploymentSpec(
        template=NEW,
        replicas=replicas,
        strategy=api.rolling_update(surge, unavailable),
        progress_deadline_seconds=None,
        revision_history_limit=None,
    )
    return api.Deployment(spec, revision=NEWEST)


def current(rs: api.ReplicaSet, replicas: int, surge: int) -> api.ReplicaSet:
    """The ReplicaSet with the Deployment's present size noted on it."""
    return api.ReplicaSet(
        rs.template,
        rs.created,
        rs.replicas,
        status=rs.status,
        desired_replicas=replicas,
        max_replicas=replicas + surge,
        revision=rs.revision,
    )


def old_replica_set(rank: int, size: int, available: int, reported: int) -> api.ReplicaSet:
    """A ReplicaSet of an earlier template, the `rank`-th that was made, and what it reports."""
    status = api.ReplicaSetStatus(replicas=reported, available_replicas=available)
    return api.ReplicaSet(rank, rank, size, status=status, revision=rank)


def new_replica_set(size: int, available: int, reported: int) -> api.ReplicaSet:
    """The ReplicaSet of the present template, and what it reports."""
    status = api.ReplicaSetStatus(replicas=reported, available_replicas=available)
    return api.ReplicaSet(NEW, NEW, size, status=status, revision=NEWEST)


def sum_of(rss: Iterable[api.ReplicaSet]) -> int:
    """The sum of their sizes."""
    return total(rs.replicas for rs in rss)


def sizes_written(
    of: api.Deployment,
    rss: tuple[api.ReplicaSet, ...],
    variant: frozenset[str] = frozenset(),
    seen: tuple[api.ReplicaSet, ...] | None = None,
) -> Iterator[tuple[api.ReplicaSet, ...]]:
    """
    The ReplicaSets after each write of one sync that is about one of them, in the order of `rss`.

    A sync may end after any of its writes, so that each of these is a state that it can leave.
    Where it sees other sizes, in `seen`, what it writes to one of another size conflicts.
    """
    shown = rss if seen is None else seen
    sizes = {rs.template: rs.replicas for rs in shown}
    known = {rs.template: rs for rs in rss}
    stale = {rs.template: sizes[rs.template] != rs.replicas for rs in rss}
    sync = deployment.sync_deployment(deployment.Observation(of, shown), variant)
    try:
        sent = next(sync)
        while True:
            write = controller.request(sent)
            answer: controller.Answer = "applied"
            if write.kind == "ReplicaSet" and write.verb in ("create", "update"):
                if stale.get(write.key, False):
                    answer = "conflict"
                else:
                    known[write.key] = _landed(write.value, known)
                    yield tuple(known.values())
            if answer != "applied" and isinstance(sent, controller.Required):
                return
            sent = sync.send(answer)
    except StopIteration:
        return


def _landed(sent: api.ReplicaSet, known: dict[int, api.ReplicaSet]) -> api.ReplicaSet:
    """What was sent, with the status that is there: a write of the spec leaves it as it is."""
    return api.ReplicaSet(
        sent.template,
        sent.created,
        sent.replicas,
        status=known.get(sent.template, sent).status,
        desired_replicas=sent.desired_replicas,
        max_replicas=sent.max_replicas,
        revision=sent.revision,
    )
