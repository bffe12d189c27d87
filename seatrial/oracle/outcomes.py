"""
What the model makes of a case: all outcomes of one sync, each with its requests and what is left.

Only the actions of that controller fire, from the taking of the key to the end of the sync. Every
choice in a rule and every answer of the API server that the case allows for makes an outcome.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from attrs import evolve, frozen

from seatrial.core import GroundAction, GroundOutcome, Population
from seatrial.model import api, controller, controller_utils, deployment, pods

from .cases import Case, Controller, Setting, grounded, with_faults

__all__ = [
    "STARTS",
    "STEPS",
    "Outcome",
    "Request",
    "Taken",
    "answer_in",
    "outcomes",
    "outcomes_along",
    "plain_pod",
    "plain_replica_set",
    "widened",
]

STARTS: dict[Controller, tuple[str, ...]] = {
    "replicaset": ("start_sync",),
    "deployment": ("observe", "observe_for_recreate"),
}
"""The actions with which syncs begin."""
STEPS: dict[Controller, tuple[str, ...]] = {
    "replicaset": ("list_pods", "create_pod", "delete_pod", "write_status"),
    "deployment": ("write_deployment", "write_replica_set"),
}
"""Those with which they go on."""
_ANSWERS = {
    "it is gone": "not found",
    "conflict": "conflict",
    "already exists": "already exists",
    "already exists, and the cache does not show it": "already exists",
    "already exists, and is the one": "already exists",
    "another has the name": "already exists",
    "not found": "not found",
    "failed": "failed",
    "the request fails": "failed",
    "applied, but the answer is lost": "lost",
}
"""The last words of a label, where a write was not simply applied. Go: attempts"""
_WRITTEN = {"replica_set_queue": "replicasets", "pod_queue": "pods"}
"""Events of what the consistency store of ReplicaSets looks after, and what they are about."""
_QUEUES = ("deployment_queue", *_WRITTEN)
"""Events on their way: what a sync adds to them nobody reads before it ends."""


@frozen(order=False)
class Request:
    """
    A request of a sync and its answer; `count` are as many alike that go out together.

    `value` is what is sent, without what the API server takes from its own copy instead.
    """

    verb: str
    kind: str
    template: int
    value: Any
    answer: str
    count: int = 1


@frozen
class Outcome:
    """
    How a sync may go: its requests in order, and what there is afterwards.

    `pods` are those of the case's template, by what the cache shows and what is so. `waits`: the
    sync did not begin, since the cache does not show yet what the controller wrote itself.
    """

    requests: tuple[Request, ...]
    key: controller.Key
    deployment: api.Deployment | None
    replica_sets: tuple[tuple[int, api.ReplicaSet | None], ...]
    pods: Population[pods.Pod]
    expectations: controller_utils.Expectations
    waits: bool = False
    unseen: frozenset[str] = frozenset()
    """Of what the consistency store knows to be written more than the caches show."""


@frozen
class Taken:
    """
    A step of a sync in some run: the action, the answer to its write, and what is left of the sync.

    `pods` are those of the case's template before and after the step, as the run had them.
    """

    action: str
    answer: str
    sync: Any
    pods: tuple[Any, Any]


@frozen
class _Node:
    state: tuple[Any, ...]
    requests: tuple[Request, ...] = ()
    unseen: frozenset[str] = frozenset()


def outcomes(case: Case) -> frozenset[Outcome]:
    """All outcomes of the sync. None at all would be a defect of the model."""
    start = _begin(case)
    begun = [node for _, _, node in _begun(case, start)]
    if not begun:
        return frozenset([evolve(_outcome(case, start), waits=True)])
    return _ends(case, begun)


def outcomes_along(case: Case, taken: Sequence[Taken]) -> frozenset[Outcome]:
    """
    Those outcomes whose sync begins with these steps, answered as they were; maybe none.

    Between steps of the run others may have changed pods. What the sync does with them is held
    against the run only where its pods are those of the case.
    """
    nodes = {_begin(case)}
    for at, step in enumerate(taken):
        nodes = {
            after
            for node in nodes
            for name, answer, after in (_followed if at else _begun)(case, node)
            if (name, answer) == (step.action, step.answer)
            and _same_request(_working(case, after.state), step.sync)
            and _pods_in(case, after.state) in _expected_pods(case, node, after, step)
        }
    return _ends(case, nodes)


def _same_request(one: Any, other: Any) -> bool:
    """
    Whether two syncs send the same request next, or are alike where they send none.

    What they would do after other answers may differ: a creation that finds its own ReplicaSet goes
    on only where caches lag, which they may do in a case.
    """
    if isinstance(one, controller.Pending) and isinstance(other, controller.Pending):
        return (one.write, one.failed) == (other.write, other.failed)
    return bool(one == other)


def _expected_pods(case: Case, before: _Node, after: _Node, step: Taken) -> tuple[Any, ...]:
    if _pods_in(case, before.state) == step.pods[0]:
        return (step.pods[1],)
    return (_pods_in(case, after.state),)


def _ends(case: Case, nodes: Iterable[_Node]) -> frozenset[Outcome]:
    found: set[Outcome] = set()
    known = set(nodes)
    begun = list(known)
    while begun:
        node = begun.pop()
        if _working(case, node.state) is None:
            found.add(_outcome(case, node))
            continue
        for _, _, after in _followed(case, node):
            if after not in known:
                known.add(after)
                begun.append(after)
    return frozenset(found)


def widened(case: Case, expected: Iterable[Outcome]) -> list[Outcome]:
    """
    The outcomes, with those that are possible although the case does not allow for them.

    The answer that is to be lost may be that to the deletion of a pod that is gone already, which
    to the model is a request that fails.
    """
    if not case.unknowns:
        return list(expected)
    more = outcomes(with_faults(case, case.failures + case.unknowns, case.unknowns))
    return [*expected, *more]


@cache
def _actions(
    setting: Setting, which: Controller, template: int, starts: bool
) -> tuple[GroundAction, ...]:
    """The actions with which a sync begins or goes on."""
    names = STARTS[which] if starts else STEPS[which]
    return tuple(
        action
        for action in grounded(setting).actions
        if action.action.name in names and (which != "replicaset" or action.key == (template,))
    )


@cache
def _slots(setting: Setting) -> dict[str, int]:
    """The places of cells in a state."""
    return {slot.name: slot.number for slot in grounded(setting).slots}


@cache
def _left_alone(setting: Setting, which: Controller) -> frozenset[int]:
    """
    Cells that keep their values in a sync: requests in another order leave the same then.

    Written events would tell n! orders of n deletions apart. Statuses go out one after the other.
    """
    names = set(_QUEUES)
    if which == "replicaset":
        names.remove("replica_set_queue")
    return frozenset(_slots(setting)[name] for name in names)


def _fired(
    case: Case, state: tuple[Any, ...], *, starts: bool
) -> Iterator[tuple[str, GroundOutcome, tuple[Any, ...]]]:
    values = grounded(case.setting).values(state)
    kept = _left_alone(case.setting, case.controller)
    for action in _actions(case.setting, case.controller, case.template, starts):
        if action.guard is not None and not values[action.guard]:
            continue
        read = [values[number] for number in action.reads]
        for outcome in action.evaluate(read, checked=False):
            after = list(state)
            for slot, value in outcome.writes:
                if slot not in kept:
                    after[slot] = value
            yield action.action.name, outcome, tuple(after)


def _begin(case: Case) -> _Node:
    state, slots = case.start(), _slots(case.setting)
    unseen = (_unseen(case, name, state[slots[name]]) for name in _WRITTEN)
    return _Node(state, unseen=frozenset[str]().union(*unseen))


def _unseen(case: Case, name: str, queue: Any) -> frozenset[str]:
    """Whether these events are of what this controller wrote itself: then the resource."""
    store = case.setting.consistency_store and case.controller == "replicaset"
    own = store and any(each.own and each.key == case.template for each in queue)
    return frozenset([_WRITTEN[name]]) if own else frozenset()


def _unseen_after(case: Case, node: _Node, fired: GroundOutcome) -> frozenset[str]:
    """The events that a step has put on their way, to which the state is blind."""
    slots, found = _slots(case.setting), node.unseen
    for name in _WRITTEN:
        for slot, queue in fired.writes:
            if slot == slots[name]:
                found = found | _unseen(case, name, queue)
    return found


def _begun(case: Case, node: _Node) -> Iterator[tuple[str, str, _Node]]:
    for name, _, after in _fired(case, node.state, starts=True):
        yield name, "applied", _Node(after, unseen=node.unseen)


def _followed(case: Case, node: _Node) -> Iterator[tuple[str, str, _Node]]:
    """The action of each next step, its answer, and what comes of it."""
    working = _working(case, node.state)
    for name, outcome, after in _fired(case, node.state, starts=False):
        requests, answer = node.requests, answer_in(outcome.label)
        if name != "list_pods" and working.write.verb != "expect fewer":
            there = _answer_seen(case, node.state, working.write, answer)
            requests = _with(requests, _request(working.write, there))
        yield name, answer, _Node(after, requests, _unseen_after(case, node, outcome))


def _answer_seen(case: Case, state: tuple[Any, ...], write: controller.Write, answer: str) -> str:
    """The answer; of the look before an adoption what is there, whatever the sync makes of it."""
    if (write.verb, write.kind) == ("get", "Deployment"):
        return "not found" if _cell(case, state, "deployment") is None else "applied"
    return answer


def answer_in(label: str) -> str:
    """What the API server answered, as the last words of a step's label say it."""
    return _ANSWERS.get(label.rpartition(": ")[2], "applied")


def _with(requests: tuple[Request, ...], request: Request) -> tuple[Request, ...]:
    """The requests with one more; pods are asked for in parallel, so their order says nothing."""
    return merged((*requests, request))


def merged(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """
    The requests, of which those for pods that stand next to each other are counted by answer.

    Adoptions next to each other are put in order: upstream's is that of the cache's list.
    """
    found: list[Request] = []
    batch: Counter[Request] = Counter()
    for each in (*_adoptions_sorted(requests), None):
        together = each is not None and each.kind == "Pod"
        if batch and not (together and each is not None and next(iter(batch)).verb == each.verb):
            found += [evolve(one, count=batch[one]) for one in sorted(batch, key=_by_answer)]
            batch.clear()
        if each is not None and together:
            batch[evolve(each, count=1)] += each.count
        elif each is not None:
            found.append(each)
    return tuple(found)


def _adoptions_sorted(requests: tuple[Request, ...]) -> Iterable[Request]:
    if sum(each.verb == "adopt" for each in requests) < 2:
        return requests
    begin = next(at for at, each in enumerate(requests) if each.verb == "adopt")
    end = begin
    while end < len(requests) and requests[end].verb == "adopt":
        end += 1
    adoptions = sorted(requests[begin:end], key=_by_template)
    return (*requests[:begin], *adoptions, *requests[end:])


def _by_template(request: Request) -> int:
    return request.template


def _by_answer(request: Request) -> str:
    return request.answer


def _request(write: controller.Write, answer: str) -> Request:
    value = write.value
    if isinstance(value, deployment.StatusWrite):
        progressing = any(each.type == "Progressing" for each in value.status.conditions)
        # Of a write that does not land nobody learns when its condition was dated.
        dated = value.renewed and progressing and answer in ("applied", "lost")
        value = evolve(value, renewed=dated)
    elif isinstance(value, api.ReplicaSet):
        value = evolve(plain_replica_set(value), status=api.ReplicaSetStatus(), deleting=False)
    elif isinstance(value, api.ReplicaSetStatus):
        value = evolve(value, observed_generation=api.Observed.CURRENT)
    return Request(write.verb, write.kind, write.key, value, answer)


def plain_replica_set(rs: api.ReplicaSet) -> api.ReplicaSet:
    """The ReplicaSet without its rank in the order of creation, which no API object has."""
    return evolve(rs, created=0)


@lru_cache(maxsize=16_384)
def plain_pod(
    seen: api.PodKind | None, live: api.PodKind | None, named: bool, orphaned: bool
) -> pods.Pod:
    """The class of a pod as far as a sync changes it: what is on its way between is left out."""
    return pods.Pod((seen, live), False, named, orphaned)


def _working(case: Case, state: tuple[Any, ...]) -> Any:
    if case.controller == "replicaset":
        return _cell(case, state, f"replica_set_sync[{case.template}]")
    return _cell(case, state, "deployment_sync")


def _pods_in(case: Case, state: tuple[Any, ...]) -> Any:
    if case.controller == "replicaset":
        return _cell(case, state, f"pods[{case.template}]")
    return None


def _cell(case: Case, state: tuple[Any, ...], name: str) -> Any:
    return state[_slots(case.setting)[name]]


def _outcome(case: Case, node: _Node) -> Outcome:
    cells = {name: node.state[at] for name, at in _slots(case.setting).items()}
    of = range(1, case.setting.templates + 1)
    rss = {at: cells[f"replica_set[{at}]"] for at in of}
    mine: Population[pods.Pod] = Population()
    expected = controller_utils.Expectations()
    key = cells["deployment_key"]
    if case.controller == "replicaset":
        expected = cells[f"expectations[{case.template}]"]
        # Whom they name matters only while deletions are expected: new ones name others.
        naming = expected.delete > 0
        mine = Population(
            (plain_pod(pod.seen, pod.live, pod.named and naming, pod.orphaned), n)
            for pod, n in cells[f"pods[{case.template}]"].items()
        )
        key = cells[f"replica_set_key[{case.template}]"]
    return Outcome(
        requests=node.requests,
        key=key,
        deployment=cells["deployment"],
        replica_sets=tuple(
            (at, None if rs is None else plain_replica_set(rs)) for at, rs in rss.items()
        ),
        pods=mine,
        expectations=controller_utils.Expectations() if expected.fulfilled() else expected,
        unseen=node.unseen,
    )
