"""What else is said of StatefulSets, their claims and their names; some of it is not so."""

from collections.abc import Iterator
from typing import Any

from seatrial.core import All, after_each_step, always, sometimes
from seatrial.core.arith import ceil_div
from seatrial.model import statefulset_api, statefulset_utils

from .promise import ATOMIC, INTERLEAVED, Precondition, Promise, deleted, does, under
from .statefulset_names import SERVICE
from .statefulset_order import SHRINKS
from .statefulset_promise import (
    AT_ONCE,
    CLAIMS,
    CONFIRMED,
    DROPPED_WHEN_SCALED,
    GATED,
    KEPT_ALIVE,
    NEVER_EMPTIED,
    NO_CLAIM_DELETED,
    NO_RESCALE,
    ORDERED,
    ROLLING,
    SLOW_READY,
    SOME,
    none_of,
)

__all__ = ["NOT_SHIFTED", "PROMISES", "RETAINED_WHEN_SCALED", "RETENTION_STAYS", "STORED"]

_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_KEP = (
    "https://github.com/kubernetes/enhancements/blob/master/keps/sig-apps/"
    "1847-autoremove-statefulset-pvcs/README.md"
)
_SAID = "what is said of StatefulSets"

# ---- ordinals and order -----------------------------------------------------------------------

NOT_SHIFTED = Precondition("ordinals start at 0", lambda spec, around: spec.ordinals_start == 0)


@under(NOT_SHIFTED, where=[INTERLEAVED])
@after_each_step(
    id="statefulset-ordinals-zero-based",
    says="the members of a set of N replicas, as the controller sees it, are 0 to N-1",
    source=_SET + "#ordinal-index",
    premise=lambda action, decided: action == "observe" and decided[0] == "create",
)
def zero_based(action: str, decided: tuple[str, int], replicas_seen: int) -> Iterator[str]:
    if action == "observe" and decided[0] == "create" and decided[1] >= replicas_seen:
        yield f"creates pod {decided[1]} of {replicas_seen}"


@under(
    ORDERED,
    where=[
        INTERLEAVED,
        Precondition(
            "there are three replicas or more",
            lambda spec, around: max([spec.replicas, *map(int, around.values("scale"))]) > 2,
        ),
    ],
)
@after_each_step(
    id="statefulset-web0-failure-blocks-web2",
    says="the third member is not created while the controller sees that the first is not ready",
    source=_SET + "#deployment-and-scaling-guarantees",
    premise=lambda action, decided, start: action == "observe" and decided == ("create", start + 2),
)
def first_blocks_third(
    action: str, decided: tuple[str, int], seen_state: All[str], start: int
) -> Iterator[str]:
    if action != "observe" or decided != ("create", start + 2):
        return
    if seen_state[start] not in ("ready", "available"):
        yield f"decides to create pod {start + 2} while it sees pod {start} {seen_state[start]}"


# ---- updates ----------------------------------------------------------------------------------


@under(
    Precondition("there is one replica", lambda spec, around: spec.replicas == 1),
    NO_RESCALE,
    does("set-image"),
    *CONFIRMED,
)
@sometimes(
    id="seed-statefulset-cannot-avoid-mixed-versions",
    says="in an update pods of the old template and of the new one run at the same time",
    source=_SAID,
    expected="refuted",
)
def versions_run_together(running: All[int], target: int) -> bool:
    return target > 1 and sum(running.values()) > 1


def _percent(spec: Any) -> int | None:
    rolling = spec.update_strategy.rolling_update
    bound = None if rolling is None else rolling.max_unavailable
    return None if bound is None or bound.kind != "percent" else int(bound.value)


def _rounds(spec: Any) -> bool:
    percent = _percent(spec)
    if percent is None:
        return False
    bound = spec.update_strategy.rolling_update.max_unavailable
    down = statefulset_utils.get_stateful_set_max_unavailable(bound, spec.replicas)
    return bool(ceil_div(percent * spec.replicas, 100) > down)


@under(
    ROLLING,
    GATED,
    Precondition(
        "maxUnavailable is a percentage that leaves a fraction of a pod, and more than one pod",
        lambda spec, around: _rounds(spec),
    ),
)
@always(
    id="statefulset-maxunavailable-rounds-up",
    says="a percentage in maxUnavailable is rounded up",
    source=_SET + "#maximum-unavailable-pods",
    expected="refuted",
)
def rounds_up(
    most_unavailable: int, wanted: int, manifest: statefulset_api.StatefulSetSpec
) -> Iterator[str]:
    up = ceil_div((_percent(manifest) or 0) * wanted, 100)
    if most_unavailable < up:
        yield f"{_percent(manifest)}% of {wanted} pods is {most_unavailable}, and not {up}"


# ---- names ------------------------------------------------------------------------------------


@under(SERVICE, SLOW_READY, SOME, KEPT_ALIVE, NEVER_EMPTIED, does("delete-pod"))
@always(
    id="statefulset-min-ready-before-serving",
    says="a name leads only to a member that has been ready for minReadySeconds",
    source=_SET + "#minimum-ready-seconds",
    expected="refuted",
    over="ordinal",
)
def settled_first(answer: int, pod_state: str, ordinal: int) -> Iterator[str]:
    if answer != 0 and pod_state == "ready":
        yield f"the name of pod {ordinal} leads to it before minReadySeconds have passed"


@under(
    Precondition("no headless Service is given", lambda spec, around: spec.publishes is None),
    SOME,
    KEPT_ALIVE,
    NEVER_EMPTIED,
    does("delete-pod"),
)
@after_each_step(
    id="seed-statefulset-needs-headless-service",
    says="no member is created before there is the headless Service",
    source=_SET + "#limitations",
    expected="refuted",
    over="ordinal",
)
def service_first(pod_uid: int, pod_uid_before: int, ordinal: int) -> Iterator[str]:
    if pod_uid > 0 == pod_uid_before:
        yield f"pod {ordinal} is created, and there is no Service"


# ---- claims -----------------------------------------------------------------------------------

STORED = Precondition(
    "the controller knows what it wrote: lag 0, or the consistency store",
    lambda spec, around: around.lag == 0 or around.gate("StaleControllerConsistencyStatefulSet"),
)
RETENTION_STAYS = none_of("the retention policy stays", "set-retention")
_CONTROLLER = ("observe", "write_pod")
_GOING = ("terminating", "absent")


@under(ATOMIC, STORED, RETENTION_STAYS, where=[CLAIMS, DROPPED_WHEN_SCALED, SHRINKS])
@after_each_step(
    id="pvc-owner-before-delete",
    says="a sync that scales a member away deletes it only when it owns its claim",
    source=_KEP,
    over="ordinal",
    premise=lambda action, when_scaled_deletes, claim_state, replicas_seen, ordinal, start: (
        action.startswith(_CONTROLLER)
        and when_scaled_deletes
        and claim_state == "there"
        and ordinal - start >= replicas_seen
    ),
)
def owned_before_deletion(
    action: str,
    pod_state: str,
    pod_state_before: str,
    pod_uid_before: int,
    when_scaled_deletes: bool,
    claim_owner: int | None,
    claim_state: str,
    replicas_seen: int,
    ordinal: int,
    start: int,
) -> Iterator[str]:
    if not action.startswith(_CONTROLLER) or not when_scaled_deletes or claim_state != "there":
        return
    ends = pod_state_before not in _GOING and pod_state in _GOING
    if ends and ordinal - start >= replicas_seen and claim_owner != pod_uid_before:
        yield f"pod {ordinal} is scaled away, and does not own its claim"


RETAINED_WHEN_SCALED = Precondition(
    "whenScaled is Retain", lambda spec, around: spec.retention.when_scaled == "Retain"
)


@under(
    AT_ONCE,
    NO_CLAIM_DELETED,
    RETAINED_WHEN_SCALED,
    RETENTION_STAYS,
    where=[CLAIMS, deleted("orphan")],
)
@after_each_step(
    id="pvc-orphan-delete-keeps-claims",
    says="--cascade=orphan deletes no claim",
    source=_KEP,
    over="ordinal",
    premise=lambda propagation, set_alive, claim_state_before: (
        propagation == "orphan" and not set_alive and claim_state_before == "there"
    ),
)
def orphans_keep_claims(
    propagation: str, set_alive: bool, claim_state: str, claim_state_before: str, ordinal: int
) -> Iterator[str]:
    if propagation == "orphan" and not set_alive and claim_state_before == "there" != claim_state:
        yield f"the claim of pod {ordinal} is {claim_state}"


@under(
    AT_ONCE,
    CLAIMS,
    RETAINED_WHEN_SCALED,
    KEPT_ALIVE,
    Precondition(
        "a member may be scaled away and back",
        lambda spec, around: (
            len(around.values("scale")) > 1
            and spec.replicas in map(int, around.values("scale"))
            and any(int(each) < spec.replicas for each in around.values("scale"))
        ),
    ),
)
@after_each_step(
    id="seed-statefulset-scale-up-two-objects",
    says="for a member that is added a claim is made with it",
    source=_SAID,
    expected="refuted",
    over="ordinal",
)
def two_objects(
    pod_uid: int, pod_uid_before: int, claim_state_before: str, ordinal: int
) -> Iterator[str]:
    if pod_uid > 0 == pod_uid_before and claim_state_before == "there":
        yield f"pod {ordinal} is created with a claim that was there"


PROMISES: tuple[Promise, ...] = (
    zero_based,
    first_blocks_third,
    versions_run_together,
    rounds_up,
    settled_first,
    service_first,
    owned_before_deletion,
    orphans_keep_claims,
    two_objects,
)
