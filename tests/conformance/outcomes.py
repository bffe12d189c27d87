"""
What the model makes of a case: all outcomes of one sync, each with its requests and what is left.

Only the actions of that controller fire, from the taking of the key to the end of the sync. Every
choice in a rule and every answer of the API server that the case allows for makes an outcome.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

from seatrial.core import GroundOutcome, Population
from seatrial.model import api, controller, controller_utils, deployment, pods

from .cases import Case, grounded

__all__ = ["Outcome", "Request", "outcomes", "plain_pod", "plain_replica_set"]

_START = {"replicaset": ("start_sync",), "deployment": ("observe", "observe_for_recreate")}
_STEPS = {
    "replicaset": ("list_pods", "create_pod", "delete_pod", "write_status"),
    "deployment": ("write_deployment", "write_replica_set"),
}
_ANSWERS = {
    "it is gone": "not found",
    "conflict": "conflict",
    "already exists": "already exists",
    "not found": "not found",
    "failed": "failed",
    "the request fails": "failed",
    "applied, but the answer is lost": "lost",
}
"""The last words of a label, where a write was not simply applied. Go: attempts"""


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


@frozen
class _Node:
    state: tuple[Any, ...]
    requests: tuple[Request, ...] = ()


def outcomes(case: Case) -> frozenset[Outcome]:
    """All outcomes of the sync. None at all would be a defect of the model."""
    begun = [_Node(after) for _, _, after in _fired(case, case.start(), _START[case.controller])]
    if not begun:
        return frozenset([evolve(_outcome(case, _Node(case.start())), waits=True)])
    found: set[Outcome] = set()
    known = set(begun)
    while begun:
        node = begun.pop()
        if _working(case, node.state) is None:
            found.add(_outcome(case, node))
            continue
        for after in _followed(case, node):
            if after not in known:
                known.add(after)
                begun.append(after)
    return frozenset(found)


def _fired(
    case: Case, state: tuple[Any, ...], names: tuple[str, ...]
) -> Iterator[tuple[str, GroundOutcome, tuple[Any, ...]]]:
    system = grounded(case.setting)
    values = system.values(state)
    for action in system.actions:
        if action.action.name not in names:
            continue
        if case.controller == "replicaset" and action.key != (case.template,):
            continue
        if action.guard is not None and not values[action.guard]:
            continue
        for outcome in action.evaluate([values[number] for number in action.reads]):
            after = list(state)
            for slot, value in outcome.writes:
                after[slot] = value
            yield action.action.name, outcome, tuple(after)


def _followed(case: Case, node: _Node) -> Iterator[_Node]:
    working = _working(case, node.state)
    for name, outcome, after in _fired(case, node.state, _STEPS[case.controller]):
        requests = node.requests
        if name != "list_pods" and working.write.verb != "expect fewer":
            answer = _ANSWERS.get(outcome.label.rpartition(": ")[2], "applied")
            requests = _with(requests, _request(working.write, answer))
        yield _Node(after, requests)


def _with(requests: tuple[Request, ...], request: Request) -> tuple[Request, ...]:
    """The requests with one more; pods are asked for in parallel, so their order says nothing."""
    return merged((*requests, request))


def merged(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """The requests, of which those for pods that stand next to each other are counted by answer."""
    found: list[Request] = []
    batch: Counter[Request] = Counter()
    for each in (*requests, None):
        together = each is not None and each.kind == "Pod"
        if batch and not (together and each is not None and next(iter(batch)).verb == each.verb):
            found += [evolve(one, count=batch[one]) for one in sorted(batch, key=_by_answer)]
            batch.clear()
        if each is not None and together:
            batch[evolve(each, count=1)] += each.count
        elif each is not None:
            found.append(each)
    return tuple(found)


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


def plain_pod(pod: pods.Pod, deletions_expected: bool = True) -> pods.Pod:
    """
    The class of a pod as far as a sync changes it: what is on its way between is left out.

    Whom expectations name matters only while deletions are expected: new ones name others.
    """
    return pods.Pod((pod.seen, pod.live), False, pod.named and deletions_expected, pod.orphaned)


def _working(case: Case, state: tuple[Any, ...]) -> Any:
    system = grounded(case.setting)
    name = "deployment_sync"
    if case.controller == "replicaset":
        name = f"replica_set_sync[{case.template}]"
    return next(state[slot.number] for slot in system.slots if slot.name == name)


def _outcome(case: Case, node: _Node) -> Outcome:
    system = grounded(case.setting)
    cells = {slot.name: node.state[slot.number] for slot in system.slots}
    of = range(1, case.setting.templates + 1)
    rss = {at: cells[f"replica_set[{at}]"] for at in of}
    mine: Population[pods.Pod] = Population()
    expected = controller_utils.Expectations()
    key = cells["deployment_key"]
    if case.controller == "replicaset":
        expected = cells[f"expectations[{case.template}]"]
        mine = Population(
            (plain_pod(pod, expected.delete > 0), n)
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
    )
