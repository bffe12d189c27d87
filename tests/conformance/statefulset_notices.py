"""
What the StatefulSet controller's handlers of watch events do: whether the set is queued, and when.

As in `notices`: one event, delivered by the model and told to the real handlers.
"""

from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import Members
from seatrial.model import api, controller, informer
from seatrial.model import statefulset_api as sts
from seatrial.model import statefulset_controller as steps
from seatrial.oracle.objects import NAMESPACE, NOW, Object, ago
from seatrial.oracle.statefulset_objects import pod_object, set_object

from .chance import Chance
from .statefulset_states import READY, a_kind

__all__ = ["Handled", "Notice", "drawn", "modelled", "real", "request"]

Kind = Literal["set", "pod", "sync"]
_NAMES = {template: {"metadata": {"name": f"db-revision-{template}"}} for template in range(1, 5)}
_ORDINAL = 1
_OWNERS = (sts.BY_SET, sts.BY_SET, None, -1, -9)
"""The first set, nobody, the one that is there anew, and one of which nothing else is known."""


@frozen
class Notice:
    """
    An event about a set or one of its pods; or a sync that ends before it reads pods, for the set
    is gone, or the controller has not seen yet what it wrote: `unseen` is whether that is its
    status, or a pod or claim.

    `shown`: whether the cache has the set when its handler is told of a pod; `anew` says that it
    has another one of that name.
    """

    kind: Kind
    spec: sts.StatefulSetSpec
    before: Any
    after: Any
    shown: bool = True
    anew: bool = False
    how: Literal["told", "found by a list", "told again"] = "told"
    owners: tuple[int | None, int | None] = (sts.BY_SET, sts.BY_SET)
    """Whose the pod is before and after the event: the first set's, nobody's or another's."""
    unseen: Literal["", "statefulsets", "pods", "persistentvolumeclaims"] = ""


@frozen
class Handled:
    """Whether the set's key is queued at once, and whether later; whether a sync has to wait."""

    dirty: bool
    later: bool
    waits: bool = False


def drawn(chance: Chance) -> Notice:
    """Any event that the handlers may hear of."""
    spec = sts.StatefulSetSpec(min_ready_seconds=chance.of((0, 30)), replicas=2)
    if chance.of((False,) * 7 + (True,)):
        unseen: Any = chance.of(("", "statefulsets", "pods", "persistentvolumeclaims"))
        return Notice("sync", spec, None, None, shown=bool(unseen), unseen=unseen)
    if chance.of((False, False, False, True)):
        before = sts.StatefulSet(spec)
        after = chance.of(
            (
                evolve(before, spec=evolve(spec, replicas=3)),
                evolve(before, status=evolve(before.status, replicas=1)),
                None,
            )
        )
        if chance.of((False, False, False, True)):
            before, after = None, sts.StatefulSet(spec)  # type: ignore[assignment]
        return Notice("set", spec, before, after, how=_how(chance, after))
    kinds = (None, READY, api.PodKind("Running"), a_kind(chance, spec.min_ready_seconds))
    before_pod, after_pod = chance.of(kinds), chance.of(kinds)
    if before_pod is None and after_pod is None:
        after_pod = api.PodKind()
    if before_pod is not None and before_pod.terminating and after_pod is not None:
        after_pod = evolve(after_pod, terminating=True)
    how = _how(chance, after_pod)
    if before_pod is not None and before_pod == after_pod:
        how = "told again"
    shown, anew = chance.of((True, True, True, False)), chance.of((False, True))
    owner = chance.of(_OWNERS)
    owners = (owner, owner if how == "told again" else chance.of((owner, owner, *_OWNERS)))
    return Notice("pod", spec, before_pod, after_pod, shown, anew and not shown, how, owners)


def _how(chance: Chance, after: Any) -> Any:
    return "told" if after is not None else chance.of(("told", "found by a list"))


def modelled(notice: Notice) -> Handled:
    """What the model's delivery of the event does; a new set begins with its key in the queue."""
    key = controller.Key()
    if notice.how == "told again":
        return Handled(False, False)
    if notice.kind == "sync":
        return _began(notice)
    if notice.kind == "set":
        event = informer.Event(0, notice.after, informer.Change.VERSION)
        (told,) = steps.deliver_set((event,), key)
    else:
        before, after = (
            None if kind is None else _seen(kind, owner)
            for kind, owner in zip((notice.before, notice.after), notice.owners, strict=True)
        )
        event = informer.Event(_ORDINAL, after, informer.Change.VERSION)
        uid = 0 if notice.shown else -1 if notice.anew else None
        (told,) = steps.deliver_pod(
            (event,), before, key, uid, _ORDINAL, notice.spec.min_ready_seconds
        )
    left = told.writes.get("set_key", key)
    return Handled(left.dirty, left.later)


def _began(notice: Notice) -> Handled:
    found = list(
        steps.observe(
            controller.Key(dirty=True),
            sts.StatefulSet(notice.spec) if notice.shown else None,
            informer.Copy(),
            Members({}, ()),
            Members({}, ()),
            (),
            notice.unseen == "statefulsets",
            notice.unseen in ("pods", "persistentvolumeclaims"),
            True,
            False,
            False,
            0,
            frozenset(),
        )
    )
    return Handled(bool(found) and found[0].writes["set_key"].dirty, False, waits=not found)


def request(notice: Notice) -> Object:
    """The same event for the oracle, with caches that show it already."""
    cache = []
    the_set = sts.StatefulSet(notice.spec, uid=-1 if notice.anew else sts.BY_SET)
    if notice.kind == "set":
        cache = [] if notice.after is None else [_set(notice.after, 20)]
    else:
        if notice.shown or notice.anew:
            cache.append(_set(the_set, 10))
        if notice.after is not None:
            cache.append(_pod(notice, notice.after, 20, notice.owners[1]))
    asked: Object = {
        "controller": "statefulset",
        "key": f"{NAMESPACE}/db",
        "now": NOW,
        "cache": cache,
        "live": list(cache),
    }
    if notice.kind != "sync":
        return {**asked, "notice": _told(notice)}
    return {**asked, "memory": {"written": {notice.unseen: "30"} if notice.unseen else {}}}


def _told(notice: Notice) -> Object:
    before, after = notice.owners

    def written(value: Any, version: int, owner: int | None) -> Object:
        if notice.kind == "set":
            return _set(value, version)
        return _pod(notice, value, version, owner)

    if notice.before is None:
        return {"how": "add", "object": written(notice.after, 20, after)}
    if notice.after is None:
        how = "delete" if notice.how == "told" else "tombstone"
        return {"how": how, "object": written(notice.before, 15, before)}
    old = 20 if notice.how == "told again" else 15
    return {
        "how": "update",
        "object": written(notice.after, 20, after),
        "old": written(notice.before, old, before),
    }


def _set(of: sts.StatefulSet, version: int) -> Object:
    metadata = {
        "generation": 3,
        "resourceVersion": str(version),
        "creationTimestamp": ago(1000),
    }
    return set_object(of, metadata, _NAMES)


def _seen(kind: api.PodKind, owner: int | None) -> sts.PodSeen:
    return sts.PodSeen(_ORDINAL, 1, kind, uid=1, owner=owner)


def _pod(notice: Notice, kind: api.PodKind, version: int, owner: int | None) -> Object:
    return pod_object(notice.spec, _seen(kind, owner), 1, version, _NAMES)


def real(notice: Notice, answer: Object) -> Handled:
    """What the real handlers did. Raises KeyError where they were not asked."""
    calls = answer["key"]["calls"]
    if notice.kind == "sync":
        sent = bool(answer["requests"])  # nothing is, in the model
        return Handled(sent, False, answer["key"]["result"] == "rate-limited")
    return Handled("add" in calls, "add-after" in calls)
