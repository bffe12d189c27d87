"""
What handlers of watch events do: which keys they queue, and what they do to expectations.

One event is on its way to the caches. The model delivers it; the oracle gives it to the handlers of
the real controller, with caches that show it. Both sides are put into one form.
"""

from collections import Counter
from typing import Any, Literal

from attrs import evolve, field, frozen

from seatrial.core import Population
from seatrial.model import api, controller, controller_utils, informer, pods
from seatrial.oracle import objects
from seatrial.oracle.cases import Controller, Setting, grounded
from seatrial.oracle.objects import Object

from .chance import Chance

__all__ = ["Handled", "Notice", "drawn", "modelled", "real", "request"]

Kind = Literal["deployment", "replica_set", "pod"]
_ACTIONS: dict[Kind, tuple[str, ...]] = {
    "deployment": ("deliver_deployment",),
    "replica_set": ("deliver_replica_set",),
    "pod": ("deliver_pod", "deliver_pod_for_recreate"),
}
_EVENT = "the-one"
"""The name of the pod that the event is about, behind that of its ReplicaSet."""


@frozen
class Notice:
    """An event about a Deployment, the ReplicaSet of a template or a pod of it, and the caches."""

    controller: Controller
    kind: Kind
    setting: Setting
    template: int
    before: Any
    after: Any
    deployment: api.Deployment | None
    replica_sets: tuple[api.ReplicaSet | None, ...]
    """As the caches show them before the event, by template."""
    expectations: controller_utils.Expectations = field(factory=controller_utils.Expectations)
    named: bool = False
    """Whether a pod's deletion is expected."""
    others: tuple[api.PodKind, ...] = field(default=())
    """Pods of the same ReplicaSet, which the caches show."""
    how: Literal["told", "found by a list", "told again"] = "told"
    """
    A deletion that was missed is found by a list; a list also tells of all that is as it was.
    """
    orphaned: bool = False
    """Whether a pod's owner is a former ReplicaSet of that name."""


@frozen
class Handled:
    """What comes of it for the key of that controller: queued at once, later, and expectations."""

    dirty: bool
    later: bool
    expectations: controller_utils.Expectations


# ---- drawing ----------------------------------------------------------------------------------

_READY = api.PodKind("Running", ready=True, available=True)
_KINDS = (
    api.PodKind("Running"),
    _READY,
    api.PodKind("Pending"),
    api.PodKind("Failed"),
    api.PodKind("Succeeded"),
    pods.TERMINATING,
)


def drawn(chance: Chance) -> Notice:
    """Any event that the handlers of one of the controllers may hear of."""
    which: Controller = chance.of(("replicaset", "deployment"))
    kinds: tuple[Kind, ...] = ("replica_set", "pod")
    if which == "deployment":
        kinds = ("deployment", "replica_set", "pod")
    kind = chance.of(kinds)
    recreate = kind == "pod" and chance.of((False, True))
    setting = Setting(recreate=recreate, min_ready_seconds=chance.of((0, 30)))
    deployment = _deployment(chance, setting)
    sets = tuple(_replica_set(chance, at, setting, recreate) for at in (1, 2))
    template = chance.integer(1, 2)
    base = Notice(which, kind, setting, template, None, None, deployment, sets)
    if kind == "deployment":
        after = None if deployment is None else evolve(deployment, revision=3)
        after = chance.of((after, after, None)) or None
        if deployment is None:
            after = api.Deployment(_spec(setting))
        how = _how(chance, after)
        return evolve(base, template=0, before=deployment, after=after, how=how)
    if kind == "replica_set":
        return _of_a_replica_set(chance, base)
    return _of_a_pod(chance, base)


def _spec(setting: Setting) -> api.DeploymentSpec:
    strategy = api.RECREATE if setting.recreate else api.DeploymentStrategy()
    return api.DeploymentSpec(1, strategy=strategy, min_ready_seconds=setting.min_ready_seconds)


def _deployment(chance: Chance, setting: Setting) -> api.Deployment | None:
    there = chance.of((True, True, True, False))
    return api.Deployment(_spec(setting)) if there else None


def _replica_set(
    chance: Chance, template: int, setting: Setting, owned: bool
) -> api.ReplicaSet | None:
    if chance.of((False, False, False, True)):
        return None
    return api.ReplicaSet(
        template,
        template,
        chance.integer(0, 3),
        setting.min_ready_seconds,
        owner=0 if owned else chance.of((0, 0, 0, None, 7)),
        deleting=not owned and chance.of((False,) * 5 + (True,)),
    )


def _of_a_replica_set(chance: Chance, base: Notice) -> Notice:
    before = base.replica_sets[base.template - 1]
    if before is None:
        after: api.ReplicaSet | None = api.ReplicaSet(
            base.template, base.template, owner=chance.of((0, 0, None, 7))
        )
    else:
        after = chance.of(
            (
                evolve(before, replicas=before.replicas + 1),
                evolve(before, status=evolve(before.status, replicas=before.status.replicas + 1)),
                evolve(before, owner=chance.of((0, None, 7)), revision=4),
                None,
            )
        )
    expected = controller_utils.Expectations(chance.integer(0, 2), 0)
    how = _how(chance, after)
    return evolve(base, before=before, after=after, expectations=expected, how=how)


def _how(chance: Chance, after: Any) -> Any:
    if after is None:
        return chance.of(("told", "found by a list"))
    return "told"


def _of_a_pod(chance: Chance, base: Notice) -> Notice:
    before = chance.of((None, *_KINDS))
    after = chance.of((None, *_KINDS))
    if before is not None and before.terminating and after is not None:
        after = None
    if before is None and after is None:
        after = pods.CREATED
    again = before is not None and before == after
    if again:
        base = evolve(base, how="told again")
    else:
        base = evolve(base, how=_how(chance, after), orphaned=chance.of((False,) * 5 + (True,)))
    named = chance.of((False, True)) and before is not None and not before.terminating
    named = named and not base.orphaned
    others = tuple(chance.of(_KINDS) for _ in range(chance.of((0, 0, 1, 2))))
    expected = controller_utils.Expectations(chance.integer(0, 2), int(named))
    return evolve(
        base, before=before, after=after, named=named, expectations=expected, others=others
    )


# ---- the model's side -------------------------------------------------------------------------


def modelled(notice: Notice) -> Handled:
    """What the model's delivery of the event does."""
    if notice.how == "told again":
        return Handled(False, False, _plain(notice.expectations))
    system = grounded(notice.setting)
    cells = dict(zip((slot.name for slot in system.slots), system.initial[0], strict=True))
    cells |= {
        "deployment": notice.deployment,
        "deployment_cache": notice.deployment,
        "deployment_key": controller.Key(),
    }
    for at, rs in enumerate(notice.replica_sets, start=1):
        cells |= {
            f"replica_set[{at}]": rs,
            f"replica_set_cache[{at}]": rs,
            f"replica_set_key[{at}]": controller.Key(),
            f"pods[{at}]": Population(),
        }
    at = notice.template
    event = informer.Event(at, notice.after, informer.Change.VERSION)
    if notice.kind == "pod":
        event = evolve(event, value=(notice.before, notice.after))
        kinds: Counter[pods.Pod] = Counter(pods.Pod((kind,)) for kind in notice.others)
        told = pods.Pod((notice.before, notice.after), False, notice.named, notice.orphaned)
        kinds[told] += 1
        cells[f"pods[{at}]"] = Population(kinds)
    cells[f"{notice.kind}_queue"] = (event,)
    if at:
        cells[f"expectations[{at}]"] = notice.expectations
    state = tuple(cells[slot.name] for slot in system.slots)
    values = system.values(state)
    (action,) = [
        each
        for each in system.actions
        if each.action.name in _ACTIONS[notice.kind] and each.key in ((), (at,))
    ]
    (outcome,) = action.evaluate([values[number] for number in action.reads])
    after = dict(zip(cells, state, strict=True)) | {
        system.slots[slot].name: value for slot, value in outcome.writes
    }
    if notice.controller == "deployment":
        return Handled(after["deployment_key"].dirty, False, controller_utils.Expectations())
    key, left = after[f"replica_set_key[{at}]"], after[f"expectations[{at}]"]
    return Handled(key.dirty, key.later, _plain(left))


def _plain(left: controller_utils.Expectations) -> controller_utils.Expectations:
    return controller_utils.Expectations() if left.fulfilled() else left


# ---- the real side ----------------------------------------------------------------------------


def request(notice: Notice) -> Object:
    """The same event for the oracle, with caches that show it already."""
    replica_sets = list(notice.replica_sets)
    deployment = notice.deployment
    if notice.kind == "deployment":
        deployment = notice.after
    elif notice.kind == "replica_set":
        replica_sets[notice.template - 1] = notice.after
    cache = [] if deployment is None else [_of_deployment(deployment, 20)]
    cache += [
        _of_replica_set(rs, 20 if at == notice.template else 10)
        for at, rs in enumerate(replica_sets, start=1)
        if rs is not None
    ]
    live = list(cache)
    memory: Object = {}
    if notice.kind == "pod":
        cache += [
            _of_pod(notice, f"other-{number}", kind, 10)
            for number, kind in enumerate(notice.others)
        ]
        if notice.after is not None:
            cache.append(_of_pod(notice, _EVENT, notice.after, 20))
    key = objects.NAME
    if notice.controller == "replicaset":
        key = objects.replica_set_name(notice.template)
        named = [f"{objects.NAMESPACE}/{key}-{_EVENT}"] if notice.named else []
        expected = notice.expectations
        memory["expectations"] = {
            "add": expected.add,
            "del": expected.delete,
            "age": 1,
            "uids": named,
        }
    return {
        "controller": notice.controller,
        "key": f"{objects.NAMESPACE}/{key}",
        "now": objects.NOW,
        "cache": cache,
        "live": live,
        "memory": memory,
        "notice": _told(notice),
    }


def _told(notice: Notice) -> Object:
    def written(value: Any, version: int) -> Object:
        if notice.kind == "deployment":
            return _of_deployment(value, version)
        if notice.kind == "replica_set":
            return _of_replica_set(value, version)
        return _of_pod(notice, _EVENT, value, version)

    if notice.before is None:
        return {"how": "add", "object": written(notice.after, 20)}
    if notice.how == "told again":
        same = written(notice.after, 20)
        return {"how": "update", "object": same, "old": same}
    if notice.after is None:
        how = "delete" if notice.how == "told" else "tombstone"
        return {"how": how, "object": written(notice.before, 15)}
    return {
        "how": "update",
        "object": written(notice.after, 20),
        "old": written(notice.before, 15),
    }


def _metadata(uid: str, version: int) -> Object:
    return {
        "uid": uid,
        "resourceVersion": str(version),
        "generation": 3,
        "creationTimestamp": objects.ago(1000),
    }


def _of_deployment(of: api.Deployment, version: int) -> Object:
    return objects.deployment_object(of, _metadata(objects.deployment_uid(0), version), 10)


def _of_replica_set(of: api.ReplicaSet, version: int) -> Object:
    return objects.replica_set_object(of, _metadata(f"uid-rs-{of.template}", version), False)


def _of_pod(notice: Notice, name: str, kind: api.PodKind, version: int) -> Object:
    owner, uid = objects.replica_set_name(notice.template), f"uid-rs-{notice.template}"
    if name == _EVENT and notice.orphaned:
        uid = "uid-rs-before"
    metadata = {
        **_metadata(f"uid-{name}", version),
        "name": f"{owner}-{name}",
        "ownerReferences": [objects.owner_reference("ReplicaSet", owner, uid)],
    }
    return objects.pod_object(kind, notice.template, metadata, "n1", 5)


def real(notice: Notice, answer: Object) -> Handled:
    """What the real handlers did. Raises KeyError where they were not asked."""
    calls = answer["key"]["calls"]
    if notice.controller == "deployment":
        expected = controller_utils.Expectations()
        if notice.how == "told again":
            expected = _plain(notice.expectations)  # which are none of this controller's
        return Handled("add" in calls, False, expected)
    left = answer["memory"]["expectations"] or {"add": 0, "del": 0}
    expected = controller_utils.Expectations(max(0, left["add"]), max(0, left["del"]))
    return Handled("add" in calls, "add-after" in calls, _plain(expected))
