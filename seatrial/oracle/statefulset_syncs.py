"""
Single syncs of the StatefulSet controller, as the model has them.

The model's sync is taken through a state request by request, each carried out as the model's API
server does. Not compared with the real one: release, and which requests write ControllerRevisions
(their list is, and what becomes of the sync where the update revision cannot be written).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from seatrial.model import controller, informer, statefulset_pods
from seatrial.model import statefulset_api as sts
from seatrial.model import statefulset_control as control
from seatrial.model import statefulset_controller as steps

from .statefulset_states import Start

__all__ = [
    "Fault",
    "Faults",
    "Run",
    "Went",
    "adopts_in_vain",
    "fault_of_revision",
    "in_one_form",
    "noted",
    "outcomes",
    "run",
    "ways_to",
]


@frozen
class Fault:
    """What becomes of the nth request of that verb and kind: `failed`, or `lost`."""

    verb: str
    kind: str
    nth: int
    how: str


Faults = tuple[Fault, ...]


@frozen
class Went:
    """
    How a sync went, in one form for both sides.

    `unseen`: of what the controller has written more than the caches show.
    """

    requests: tuple[Any, ...]
    status: sts.StatefulSetStatus | None
    pods: tuple[Any, ...]
    claims: tuple[Any, ...]
    revisions: tuple[int, ...]
    retry: bool
    later: bool
    unseen: frozenset[str] = frozenset()


_QUEUES = {
    "pod_queue": "pods",
    "claim_queue": "persistentvolumeclaims",
    "set_queue": "statefulsets",
}
"""Events of what the consistency store looks after, and what they are about."""


@frozen
class Run:
    """The model's sync: how it went, its requests in the model's own order, and the state then."""

    went: Went
    requests: tuple[Any, ...]
    after: Start
    writes_revision: bool = False
    """Whether it came to write the update revision."""


class _Server:
    """What the model's API server holds while one sync runs."""

    def __init__(self, start: Start, faults: Faults) -> None:
        self.start, self.set, self.faults = start, start.live, faults
        self.pods, self.claims = dict(start.pods), dict(start.claims)
        self.revisions = start.revisions
        self.sent: Counter[tuple[str, str]] = Counter()
        self.requests: list[Any] = []
        self.unseen: set[str] = set()
        self.written: list[str] = []
        self.writes_revision = False

    def run(self, cached: sts.StatefulSet, variant: frozenset[str]) -> controller.Done:
        start = self.start
        pods = tuple(start.pods_cached[at] for at in sorted(start.pods_cached))
        claims = tuple(
            sts.ClaimSeen(at, start.claims_cached[at]) for at in sorted(start.claims_cached)
        )
        seen = control.Observation(cached, pods, claims, start.revisions, start.max_unavailable)
        current, update, after = control.get_stateful_set_revisions(cached, start.revisions)
        mine = [pod for pod in pods if control.is_claimable(pod, cached)]
        self.revisions = control.truncate_history(cached.spec, after, mine, current, update)
        how = next((each.how for each in self.faults if each.kind == "ControllerRevision"), "")
        writes = after != start.revisions
        done = self._sent(control.sync_stateful_set(seen, variant), bool(how) and writes)
        self.writes_revision = writes and not adopts_in_vain(self.requests)
        if not how or not self.writes_revision:
            return done
        left = control.truncate_history(cached.spec, start.revisions, mine, None, None)
        self.revisions = left
        if how == "lost":
            there = update not in start.revisions or update in left
            self.revisions = (*(each for each in left if each != update), *((update,) * there))
        return controller.Done(retry=True, failed=True)

    def _sent(self, sync: controller.Sync, only_adoptions: bool) -> controller.Done:
        """How it ends when all is sent, or what comes before the update revision is written."""
        answer: Any = None
        try:
            while True:
                write = sync.send(answer)
                if only_adoptions and write.verb not in ("get", "adopt"):
                    break
                answer = self.answer(write)
        except StopIteration as end:
            done: controller.Done = end.value
            return done
        except controller.SyncFailed:
            pass
        return controller.Done(retry=True, failed=True)

    def answer(self, write: controller.Write) -> Any:
        kind = (write.verb, write.kind)
        if kind == ("get", "Claim"):
            return self._looked_for(write.key)
        self.sent[kind] += 1
        how = next(
            (
                each.how
                for each in self.faults
                if (each.verb, each.kind, each.nth) == (*kind, self.sent[kind])
            ),
            "",
        )
        self.written = []
        answer: Any = "failed" if how == "failed" else self.carried_out(write)
        word = answer
        if not how and self.start.consistency_store:
            self.unseen.update(self.written)
        if how:
            word = "lost" if answer == "applied" else "failed"
            answer = "failed"
        self.requests.append(noted(write, word))
        return answer

    def carried_out(self, write: controller.Write) -> Any:
        at = write.key
        if write.kind == "Pod":
            graceful = self.start.spec.graceful
            held = frozenset({1, 2, 7})
            queue = self._on_its_way(at)
            answer, changed = steps.carried_out_pod(write, self.pods.get(at), held, queue, graceful)
            self._put(self.pods, at, changed, "pod")
        elif write.kind == "Claim":
            answer, changed = steps.carried_out_claim(write, self.claims.get(at), ())
            self._put(self.claims, at, changed, "claim")
        elif write.verb == "get":
            return steps.asked_of_the_set(write, self.set)
        else:
            unseen: Any = () if self.start.copy.current else ("an event",)
            answer, changed = steps.carried_out_status(write, self.set, unseen, self.start.copy)
            self.set = changed.get("stateful_set", self.set)
        self.written = [
            resource
            for name, resource in _QUEUES.items()
            if any(isinstance(each, informer.Event) and each.own for each in changed.get(name, ()))
        ]
        return answer

    def _looked_for(self, at: int) -> str:
        """A look into the cache is no request; but it may lead to one more, which conflicts."""
        if self.start.claims_follow:
            return "applied"
        last = next(each for each in reversed(self.requests) if each[1:3] == ("Claim", at))
        self.requests.append((*last[:-1], "conflict"))
        return "not found"

    def _on_its_way(self, at: int) -> informer.Queue:
        """The event of a pod that the cache shows otherwise."""
        now = statefulset_pods.shown(at, self.pods.get(at))
        if now == self.start.pods_cached.get(at):
            return ()
        return (informer.Event(at, now, informer.Change.VERSION),)

    @staticmethod
    def _put(into: dict[int, Any], key: int, changed: dict[str, Any], name: str) -> None:
        if name in changed:
            into.pop(key, None)
            if changed[name] is not None:
                into[key] = changed[name]


def noted(write: controller.Write, word: str) -> tuple[Any, ...]:
    """A request and its answer: verb, kind, ordinal, what it says, and the word for the answer."""
    value = write.value
    if write.kind == "Claim":
        value = (write.value if write.verb == "create" else write.value[1]).owner
    elif write.verb in ("update", "adopt"):
        value = None
    return (write.verb, write.kind, write.key, value, word)


def run(start: Start, variant: frozenset[str] = frozenset(), faults: Faults = ()) -> Run:
    """The model's sync, where these requests go wrong."""
    server = _Server(start, faults)
    done = controller.Done()
    if start.cached is not None:
        done = server.run(start.cached, variant)
    went = Went(
        requests=in_one_form(start, server.requests),
        status=None if server.set is None else server.set.status,
        pods=tuple(
            (at, pod.revision, pod.kind, pod.owner) for at, pod in sorted(server.pods.items())
        ),
        claims=tuple((at, each.owner) for at, each in sorted(server.claims.items())),
        revisions=() if adopts_in_vain(server.requests) else server.revisions,
        retry=done.retry,
        later=done.later,
        unseen=frozenset(server.unseen),
    )
    after = evolve(
        start,
        live=server.set,
        pods=server.pods,
        claims=server.claims,
        revisions=server.revisions,
    )
    return Run(went, tuple(server.requests), after, server.writes_revision)


def fault_of_revision(cached: sts.StatefulSet, revisions: tuple[int, ...], how: str) -> Fault:
    """That the update revision cannot be written: one that there was is given another number."""
    verb = "update" if cached.spec.template in revisions else "create"
    return Fault(verb, "ControllerRevision", 1, how)


def adopts_in_vain(requests: list[Any]) -> bool:
    """
    Whether an adoption does not succeed. Then revisions say nothing.

    The real sync writes them after its adoptions, if none has failed, and the model before.
    """
    return any(word != "applied" for verb, *_, word in requests if verb in ("adopt", "get"))


def outcomes(start: Start, variant: frozenset[str] = frozenset()) -> Mapping[Went, list[Faults]]:
    """
    How the model's sync may go, and which requests may have to go wrong for it.

    Side by side, requests go out in another order than the model's: it may be another one.
    """
    found: dict[Went, list[Faults]] = {}
    waiting: list[Faults] = [()]
    known = set[frozenset[Fault]]()
    while waiting:
        faults = waiting.pop(0)
        usual = run(start, variant, faults)
        if usual.went not in found:
            found[usual.went] = list(ways_to(start, usual.requests, faults))
        if len(faults) == start.fails:
            continue
        wrong = {(each.verb, each.kind, each.nth) for each in faults}
        possible = list(_all_faults(usual.requests))
        if usual.writes_revision and start.cached is not None:
            possible += [
                fault_of_revision(start.cached, start.revisions, how) for how in ("failed", "lost")
            ]
        for fault in possible:
            more: Faults = (*faults, fault)
            if (fault.verb, fault.kind, fault.nth) not in wrong and frozenset(more) not in known:
                known.add(frozenset(more))
                waiting.append(more)
    return found


def _all_faults(requests: tuple[Any, ...]) -> Iterator[Fault]:
    for (verb, kind), n in Counter((verb, kind) for verb, kind, *_ in requests).items():
        for how in ("failed", "lost"):
            for nth in range(1, n + 1):
                yield Fault(verb, kind, nth, how)


def ways_to(start: Start, requests: tuple[Any, ...], faults: Faults) -> Iterator[Faults]:
    """The faults, and those that come to the same where requests go out in another order."""
    yield faults
    aside = start.spec.pod_management_policy == "Parallel"
    sent = Counter((verb, kind) for verb, kind, *_ in requests)
    for at, fault in enumerate(faults):
        if aside or fault.verb == "adopt":
            for other in range(sent[fault.verb, fault.kind]):
                nth = (fault.nth + other) % sent[fault.verb, fault.kind] + 1
                if nth != fault.nth:
                    yield (*faults[:at], evolve(fault, nth=nth), *faults[at + 1 :])


def in_one_form(start: Start, requests: list[Any]) -> tuple[Any, ...]:
    """
    Requests of Parallel go out side by side: then only their order for each pod counts. Adoptions
    go out in that of the cache's list.
    """
    adopted = sorted((each for each in requests if each[0] == "adopt"), key=repr)
    questions = [each for each in requests if each[0] == "get"]
    others = [each for each in requests if each[0] not in ("adopt", "get")]
    if start.spec.pod_management_policy != "OrderedReady":
        others.sort(key=lambda each: (each[1] == "StatefulSet", each[2]))
    return (*questions, *adopted, *others)
