"""What a StatefulSet promises of the identity of its pods: at most one of each at any time."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, always, converges_to, sometimes
from seatrial.model import Environment
from seatrial.model import nodes as of_nodes

from .promise import Precondition, Promise, does, under
from .statefulset_promise import (
    CLAIMS,
    CONFIRMED,
    EVICTED,
    GRACE,
    KEPT_ALIVE,
    NEVER_EMPTIED,
    NO_GRACE,
    SEVERAL_PODS,
    SOME,
    STALE,
    moves_freely,
)

__all__ = ["LIVE_AND_TAINTED", "OFF_AND_TAINTED", "PROMISES"]

_FORCE = "https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/"
_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_SAFETY = "https://github.com/kubernetes/design-proposals-archive/blob/main/storage/pod-safety.md"
_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"


def _twice(running: int, ordinal: int) -> Iterator[str]:
    if running > 1:
        yield f"{running} processes of pod {ordinal} run at the same time"


@under(*CONFIRMED)
@always(
    id="statefulset-at-most-one",
    says="at any time at most one pod of a given identity runs in the cluster",
    source=_FORCE,
    over="ordinal",
    premise=lambda running: running > 0,
)
def at_most_one(running: int, ordinal: int) -> Iterator[str]:
    yield from _twice(running, ordinal)


@under(*CONFIRMED, where=[CLAIMS])
@always(
    id="seed-statefulset-at-most-one",
    says="two members with the same identity and claim never run at the same time",
    source="what is said of StatefulSets",
    over="ordinal",
    premise=lambda running, claim_state: running > 0 and claim_state == "there",
)
def at_most_one_with_its_claim(running: int, claim_state: str, ordinal: int) -> Iterator[str]:
    if claim_state != "absent":
        yield from _twice(running, ordinal)


@under(*CONFIRMED, where=[CLAIMS])
@always(
    id="one-writer-per-claim",
    says="the claim of a member is written to from one node at most",
    source=_SET,
    over="ordinal",
    premise=lambda writers, claim_state: writers > 0 and claim_state == "there",
)
def one_writer_per_claim(writers: int, ordinal: int) -> Iterator[str]:
    if writers > 1:
        yield f"processes of pod {ordinal} on {writers} nodes have its claim"


@under(*CONFIRMED)
@after_each_step(
    id="statefulset-new-pod-only-after-full-termination",
    says="a new pod of an identity appears only after the former one was fully terminated",
    source=_SAFETY,
    over="ordinal",
    premise=lambda pod_uid, pod_uid_before: pod_uid_before == 0 and pod_uid > 0,
)
def appears_after_termination(
    pod_uid: int, pod_uid_before: int, running: int, ordinal: int
) -> Iterator[str]:
    if pod_uid_before == 0 and pod_uid > 0 and running > 0:
        yield f"pod {ordinal} is created while containers of a former one run"


@under(*CONFIRMED)
@after_each_step(
    id="seed-statefulset-replace-only-after-stop",
    says="a replacement is started only when the former member is certain not to run",
    source="what is said of StatefulSets",
    over="ordinal",
    premise=lambda running, running_before: running > running_before,
)
def starts_after_stop(running: int, running_before: int, ordinal: int) -> Iterator[str]:
    if running > running_before > 0:
        yield f"containers of pod {ordinal} are started while others of it run"


@under(does("force-delete"), SOME, SEVERAL_PODS)
@sometimes(
    id="force-delete-breaks-at-most-one",
    says="deletion by force frees the name at once, and a running member can be there twice",
    source=_FORCE,
)
def forced_twice(running: All[int]) -> bool:
    return max(running.values()) > 1


@under(does("force-delete"), SOME, SEVERAL_PODS)
@always(
    id="force-delete-is-safe",
    says="deletion by force is safe: the old member is gone when the new one starts",
    source="what --force is taken for",
    expected="refuted",
    over="ordinal",
    premise=lambda running: running > 0,
)
def force_is_safe(running: int, ordinal: int) -> Iterator[str]:
    yield from _twice(running, ordinal)


@under(does("delete-node"), SOME)
@after_each_step(
    id="node-controller-no-force-before-stop",
    says="no pod is taken from the API before it is confirmed to have stopped",
    source=_SAFETY,
    expected="refuted",
    over="ordinal",
    premise=lambda pod_uid, pod_uid_before: pod_uid_before > 0 and pod_uid == 0,
)
def removed_after_stop(
    pod_uid: int, pod_uid_before: int, running: int, ordinal: int
) -> Iterator[str]:
    if pod_uid_before > 0 and pod_uid == 0 and running > 0:
        yield f"pod {ordinal} is removed from the API while its containers run"


LIVE_AND_TAINTED = Precondition(
    "a node that is cut off, or comes back, may get the taint out-of-service, and"
    " there is another that takes any of the pods",
    lambda spec, around: (
        around.times("out-of-service") > 0
        and around.times("node-partition") + around.times("node-crash") > 0
        and moves_freely(spec, around)
    ),
)


@under(LIVE_AND_TAINTED, EVICTED, SOME)
@sometimes(
    id="out-of-service-on-a-live-node",
    says="with the taint out-of-service on a node that lives, a member can run twice",
    source="https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/",
)
def tainted_alive(running: All[int]) -> bool:
    return max(running.values()) > 1


def _fails_over(around: Environment) -> bool:
    return around.times("out-of-service") > 0 and around.times("node-off") > 0


OFF_AND_TAINTED = Precondition(
    "a node may be off for good and get the taint out-of-service, and"
    " there is another that takes any of the pods",
    lambda spec, around: _fails_over(around) and moves_freely(spec, around),
)


@under(OFF_AND_TAINTED, SOME, EVICTED)
@sometimes(
    id="out-of-service-failover",
    says="the member of a node that is off and tainted out-of-service runs again elsewhere",
    source="https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/",
)
def runs_elsewhere(
    pod_state: All[str], pod_node: All[int], nodes: tuple[of_nodes.Node, ...], start: int
) -> bool:
    # The first member starts on n1, whose kubelet is not there to say that it is not ready.
    n1 = nodes[0]
    left = n1.reality == "off" and n1.out_of_service and pod_node[start] != 1
    return left and pod_state[start] == "available"


@under(NO_GRACE, SOME, SEVERAL_PODS, does("delete-pod"))
@sometimes(
    id="statefulset-grace-zero-unsafe",
    says="a member whose grace period is 0 can be there twice",
    source=_SET + "#limitations",
)
def grace_zero_twice(running: All[int]) -> bool:
    return max(running.values()) > 1


@under(STALE, SOME, SEVERAL_PODS)
@sometimes(
    id="stale-kubelet-list-breaks-at-most-one",
    says="a kubelet that starts with a list that is out of date starts a member that was replaced",
    source=_ISSUES + "59848",
)
def stale_twice(running: All[int]) -> bool:
    return max(running.values()) > 1


@under(
    Precondition(
        "a node may be cut off, and nobody takes its pods from the API",
        lambda spec, around: (
            around.times("node-partition") > 0
            and not around.times("force-delete")
            and not around.times("delete-node")
            and not around.times("out-of-service")
        ),
    ),
    GRACE,
    KEPT_ALIVE,
    NEVER_EMPTIED,
)
@converges_to(
    id="statefulset-lost-member-comes-back",
    says="a member whose node is lost is replaced in the end",
    source="what Deployments do",
    expected="refuted",
)
def comes_back(pod_state: All[str], wanted: int, start: int) -> bool:
    return all(state == "available" for at, state in pod_state.items() if at - start < wanted)


PROMISES: tuple[Promise, ...] = (
    at_most_one,
    at_most_one_with_its_claim,
    one_writer_per_claim,
    appears_after_termination,
    starts_after_stop,
    forced_twice,
    force_is_safe,
    removed_after_stop,
    tainted_alive,
    runs_elsewhere,
    grace_zero_twice,
    stale_twice,
    comes_back,
)
