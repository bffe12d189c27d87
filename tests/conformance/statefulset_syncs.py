"""
Single syncs of the StatefulSet controller, as the model has them.

The model's sync is taken through a state request by request, each carried out as the model's API
server does. Not compared with the real one: adoption, release, and which requests write
ControllerRevisions (their list is).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from seatrial.model import controller, informer
from seatrial.model import statefulset_api as sts
from seatrial.model import statefulset_control as control
from seatrial.model import statefulset_controller as steps

from .chance import Chance
from .statefulset_states import Start
from .statefulset_states import drawn as _drawn

__all__ = ["Fault", "Went", "drawn", "in_one_form", "modelled", "outcomes"]


@frozen
class Fault:
    """What becomes of the nth request of that verb and kind: `failed`, or `lost`."""

    verb: str
    kind: str
    nth: int
    how: str


@frozen
class Went:
    """How a sync went, in one form for both sides."""

    requests: tuple[Any, ...]
    status: sts.StatefulSetStatus | None
    pods: tuple[Any, ...]
    claims: tuple[Any, ...]
    revisions: tuple[int, ...]
    retry: bool
    later: bool


def drawn(chance: Chance) -> Start:
    """Any state, or one that comes some syncs after such a one."""
    start = _drawn(chance)
    for _ in range(chance.of((0, 0, 1, 2))):
        start = _settled(start)
    return start


def _settled(start: Start) -> Start:
    """The state after this sync, when the caches have caught up."""
    server = _Server(start)
    server.run()
    if server.set is None:
        return start
    return evolve(
        start,
        cached=server.set,
        live=server.set,
        copy=informer.Copy(),
        revisions=server.revisions,
        pods=dict(server.pods),
        pods_cached={
            at: sts.PodSeen(at, pod.revision, pod.kind, uid=pod.uid)
            for at, pod in server.pods.items()
        },
        claims=dict(server.claims),
        claims_cached=dict(server.claims),
    )


# ---- the model's side -------------------------------------------------------------------------


class _Server:
    """What the model's API server holds while one sync runs."""

    def __init__(self, start: Start, fault: Fault | None = None) -> None:
        self.start, self.set, self.fault = start, start.live, fault
        self.pods, self.claims = dict(start.pods), dict(start.claims)
        self.revisions = start.revisions
        self.sent: dict[tuple[str, str], int] = {}
        self.requests: list[Any] = []

    def run(self, variant: frozenset[str] = frozenset()) -> controller.Done:
        start = self.start
        pods = tuple(start.pods_cached[at] for at in sorted(start.pods_cached))
        claims = tuple(
            sts.ClaimSeen(at, start.claims_cached[at]) for at in sorted(start.claims_cached)
        )
        seen = control.Observation(
            start.cached, pods, claims, start.revisions, start.max_unavailable
        )
        current, update, after = control.get_stateful_set_revisions(start.cached, start.revisions)
        self.revisions = control.truncate_history(start.cached.spec, after, pods, current, update)
        sync = control.sync_stateful_set(seen, variant)
        answer: Any = None
        try:
            while True:
                answer = self.answer(sync.send(answer))
        except StopIteration as end:
            done: controller.Done = end.value
            return done
        except controller.SyncFailed:
            return controller.Done(retry=True, failed=True)

    def answer(self, write: Any) -> Any:
        kind = (write.verb, write.kind)
        self.sent[kind] = self.sent.get(kind, 0) + 1
        fault, failing = self.fault, False
        if fault is not None:
            failing = (fault.verb, fault.kind, fault.nth) == (*kind, self.sent[kind])
        answer: Any = "failed"
        if fault is None or not failing or fault.how == "lost":
            answer = self.carried_out(write)
        value = write.value
        if write.kind == "Claim":
            value = (write.value if write.verb == "create" else write.value[1]).owner
        elif write.verb == "update":
            value = None
        word = answer
        if failing:
            word = "lost" if answer == "applied" else "failed"
            answer = "failed"
        self.requests.append((write.verb, write.kind, write.key, value, word))
        return answer

    def carried_out(self, write: Any) -> Any:
        if write.kind == "Pod":
            held = frozenset({1, 2, 7})
            answer, changed = steps.carried_out_pod(write, self.pods.get(write.key), held, (), True)
            self._put(self.pods, write.key, changed, "pod")
        elif write.kind == "Claim":
            answer, changed = steps.carried_out_claim(write, self.claims.get(write.key), ())
            self._put(self.claims, write.key, changed, "claim")
        else:
            queue: Any = () if self.start.copy.current else ("an event",)
            answer, changed = steps.carried_out_status(write, self.set, queue, self.start.copy)
            self.set = changed.get("stateful_set", self.set)
        return answer

    @staticmethod
    def _put(into: dict[int, Any], key: int, changed: dict[str, Any], name: str) -> None:
        if name in changed:
            into.pop(key, None)
            if changed[name] is not None:
                into[key] = changed[name]


def outcomes(
    start: Start, variant: frozenset[str] = frozenset()
) -> Mapping["Went", list[Fault | None]]:
    """
    How the model's sync may go, and which request may have to go wrong for it.

    Side by side, requests go out in another order than the model's: it may be another one.
    """
    usual = modelled(start, variant)
    found: dict[Went, list[Fault | None]] = {usual: [None]}
    if not start.fails:
        return found
    sent = Counter((verb, kind) for verb, kind, *_ in usual.requests)
    aside = start.cached.spec.pod_management_policy == "Parallel"
    for (verb, kind), n in sent.items():
        for how in ("failed", "lost"):
            faults = [Fault(verb, kind, nth, how) for nth in range(1, n + 1)]
            for at, fault in enumerate(faults):
                ways = [*faults[at:], *faults[:at]] if aside else [fault]
                found.setdefault(modelled(start, variant, fault), list(ways))
    return found


def modelled(
    start: Start, variant: frozenset[str] = frozenset(), fault: Fault | None = None
) -> "Went":
    """How the model's sync goes."""
    server = _Server(start, fault)
    done = server.run(variant)
    return Went(
        requests=in_one_form(start, server.requests),
        status=None if server.set is None else server.set.status,
        pods=tuple((at, pod.revision, pod.kind) for at, pod in sorted(server.pods.items())),
        claims=tuple((at, each.owner) for at, each in sorted(server.claims.items())),
        revisions=server.revisions,
        retry=done.retry,
        later=done.later,
    )


def in_one_form(start: Start, requests: list[Any]) -> tuple[Any, ...]:
    """Requests of Parallel go out side by side: then only their order for each pod counts."""
    if start.cached.spec.pod_management_policy == "OrderedReady":
        return tuple(requests)
    return tuple(sorted(requests, key=lambda each: (each[1] == "StatefulSet", each[2])))
