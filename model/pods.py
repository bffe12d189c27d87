"""
Pods that nobody tells apart: what is so about them, and what the cache has been told.

:Go: kubernetes v1.36.3 staging/src/k8s.io/api/core/v1/types.go (Pod)
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
:Omits: names, nodes, init containers, how a terminating pod ends (its containers stop and it is
    deleted in one step, so it never is Succeeded or Failed on its way); that a pod for which no
    node was chosen is gone as soon as it is deleted, without a time in which it terminates.

A class of pods is joint: it holds what is so, what the cache shows of the same pods, and whether an
expectation or a delete in flight names them. Two populations, one of each, would lose which pod is
which.
"""

from collections.abc import Callable

from attrs import evolve, frozen

from seatrial.core import Population

from .api import PodKind
from .informer import Change, Event

__all__ = [
    "CREATED",
    "GONE",
    "TERMINATING",
    "Pod",
    "Pods",
    "as_seen",
    "changed",
    "count",
    "forgettable",
    "is_about",
    "looks",
    "orphans",
    "settled",
    "terminated",
]

CREATED = PodKind()
"""A pod that was just created: pending, not ready."""
TERMINATING = PodKind(phase="Running", terminating=True)
"""A pod that was told to stop. Controllers do not ask whether it is ready still."""
GONE = None


@frozen(cache_hash=True)
class Pod:
    """
    A class of pods.

    `trail` holds what the cache shows first, then what it has still to be told, and what is so
    last; None stands for no pod. `doomed` says that the ReplicaSet controller is about to ask for
    its deletion; `named` that it expects to see that, and has not yet; `orphaned` that its owner is
    gone; `late` that a former leader has asked for its deletion, and that may still be done; `held`
    that it is pending and finds no node, or no volume, for now or for ever.
    """

    trail: tuple[PodKind | None, ...] = (CREATED,)
    doomed: bool = False
    named: bool = False
    orphaned: bool = False
    late: bool = False
    held: bool = False

    @property
    def live(self) -> PodKind | None:
        """What is so."""
        return self.trail[-1]

    @property
    def seen(self) -> PodKind | None:
        """What the cache shows."""
        return self.trail[0]


Pods = Population[Pod]


def settled(kind: PodKind, n: int) -> Pods:
    """So many pods of which the cache knows."""
    return Population({Pod((kind,)): n})


def changed(pod: Pod, kind: PodKind | None) -> Pod:
    """The pod after a write that the cache has not been told of."""
    return evolve(pod, trail=(*pod.trail, kind), held=False)


def as_seen(pods: Pods, of_former: bool = False) -> Population[PodKind]:
    """
    What the cache shows of them to their ReplicaSet.

    `of_former`: to the one that is gone already, while the cache still shows it. The pods that it
    left are nobody's afterwards. Those of several former ones are not told apart.
    """
    return Population(
        (pod.seen, n)
        for pod, n in pods.items()
        if pod.seen is not None and pod.orphaned == of_former
    )


def forgettable(pod: Pod) -> bool:
    """Whether it is gone, the cache knows, and no request to delete it is to be answered still."""
    return pod.trail == (GONE,) and not pod.doomed


def is_about(event: Event, pod: Pod) -> bool:
    """
    Whether the event may be the next one about this pod.

    Since it was sent, minReadySeconds may have passed: no event tells of that.
    """
    return tuple(map(_dateless, pod.trail[:2])) == tuple(map(_dateless, event.value))


def _dateless(kind: PodKind | None) -> PodKind | None:
    return kind if kind is None or not kind.available else evolve(kind, available=False)


def count(pods: Pods, keep: Callable[[PodKind], bool]) -> int:
    """How many pods there really are of those kinds."""
    return pods.where(lambda pod: pod.live is not None and keep(pod.live)).total


def orphans(pods: Pods) -> Pods:
    """The pods of a ReplicaSet that is no more. The garbage collector will find them."""
    return Population((evolve(pod, orphaned=True), n) for pod, n in pods.items())


def terminated(pod: Pod, template: int) -> tuple[Pod, Event]:
    """
    The pod after the API server was asked to delete it, and the event of that.

    One whose containers have ended already is gone at once. Go: pkg/registry/core/pod/strategy.go
    CheckGracefulDelete
    """
    ended = pod.live is not None and pod.live.phase in ("Failed", "Succeeded")
    after = changed(evolve(pod, late=False), GONE if ended else TERMINATING)
    return after, Event(template, after.trail[-2:], Change.VERSION)


def looks(kind: PodKind | None) -> str:
    """A kind of pod in a few words."""
    if kind is None:
        return "gone"
    if kind.terminating:
        return "terminating"
    if kind.phase != "Running":
        return kind.phase.lower()
    return "available" if kind.available else "ready" if kind.ready else "not ready"
