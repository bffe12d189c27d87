"""What a StatefulSet promises of the claims of its pods."""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import All, after_each_step, always, converges_to, sometimes

from .promise import Precondition, Promise, does, under
from .statefulset_promise import (
    AT_ONCE,
    CLAIMS,
    CLAIMS_KEPT,
    CONFIRMED,
    DROPPED_WHEN_DELETED,
    DROPPED_WHEN_SCALED,
    HEALTHY,
    KEPT_ALIVE,
    NO_CLAIM_DELETED,
    SCALED_ONCE,
    SOME,
    none_of,
)

__all__ = ["DELETED_ONCE", "PROMISES", "SEEN_AS_IT_GOES"]

_RETENTION = (
    "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
    "#persistentvolumeclaim-retention"
)
_STORAGE = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage"
_KEP = (
    "https://github.com/kubernetes/enhancements/blob/master/keps/sig-apps/"
    "1847-autoremove-statefulset-pvcs/README.md"
)
_PULLS = "https://github.com/kubernetes/kubernetes/pull/"


def _goes(claim_state: str, claim_state_before: str) -> bool:
    return claim_state_before == "there" and claim_state != "there"


@under(CLAIMS_KEPT, NO_CLAIM_DELETED, where=[CLAIMS])
@after_each_step(
    id="seed-statefulset-scale-down-keeps-claim",
    says="claims are never deleted unless the policy says so: scaling removes pods only",
    source=_STORAGE,
    over="ordinal",
    premise=lambda claim_state_before: claim_state_before == "there",
)
def keeps_claims(claim_state: str, claim_state_before: str, ordinal: int) -> Iterator[str]:
    if _goes(claim_state, claim_state_before):
        yield f"the claim of pod {ordinal} is {claim_state}"


@under(NO_CLAIM_DELETED, KEPT_ALIVE, SCALED_ONCE, where=[CLAIMS])
@after_each_step(
    id="pvc-whenscaled-only-condemned",
    says="whenScaled Delete removes claims of members that were scaled away, and of no others",
    source=_KEP,
    over="ordinal",
    premise=lambda claim_state, claim_state_before: _goes(claim_state, claim_state_before),
)
def only_condemned(
    claim_state: str, claim_state_before: str, wanted: int, ordinal: int, start: int
) -> Iterator[str]:
    if _goes(claim_state, claim_state_before) and ordinal - start < wanted:
        yield f"the claim of pod {ordinal}, which is wanted, is {claim_state}"


@under(CLAIMS, *CONFIRMED)
@always(
    id="seed-statefulset-claims-before-pod",
    says="the claim of a member exists before its pod runs anywhere",
    source=_STORAGE,
    over="ordinal",
    premise=lambda running: running > 0,
)
def claim_before_pod(claim_state: str, running: int, ordinal: int) -> Iterator[str]:
    if running > 0 and claim_state == "absent":
        yield f"containers of pod {ordinal} run without its claim"


@under(AT_ONCE, where=[CLAIMS])
@after_each_step(
    id="pvc-stale-claim-blocks-recreate",
    says="a member is not created while its claim is being deleted",
    source=_KEP,
    over="ordinal",
    premise=lambda claim_state_before: claim_state_before == "terminating",
)
def waits_for_claims(
    action: str, pod_uid: int, pod_uid_before: int, claim_state_before: str, ordinal: int
) -> Iterator[str]:
    if pod_uid and not pod_uid_before and claim_state_before == "terminating":
        yield f"pod {ordinal} is created while its claim is being deleted"


@under(
    CLAIMS,
    DROPPED_WHEN_SCALED,
    Precondition(
        "the set may be scaled down, and its claims be retained after all",
        lambda spec, around: (
            any(int(size) < spec.replicas for size in around.values("scale"))
            and any(each.endswith("Retain") for each in around.values("set-retention"))
        ),
    ),
    NO_CLAIM_DELETED,
)
@after_each_step(
    id="pvc-policy-change-race",
    says="once the policy is Retain, no claim of a member that was scaled away is deleted",
    source=_KEP,
    expected="refuted",
    over="ordinal",
    premise=lambda when_scaled_deletes, claim_state_before: (
        not when_scaled_deletes and claim_state_before == "there"
    ),
)
def policy_is_heeded(
    claim_state: str, claim_state_before: str, when_scaled_deletes: bool, ordinal: int
) -> Iterator[str]:
    if not when_scaled_deletes and _goes(claim_state, claim_state_before):
        yield f"the claim of pod {ordinal} is {claim_state} though it is to be retained"


@under(
    CLAIMS,
    DROPPED_WHEN_DELETED,
    Precondition(
        "members may be created, and then the set be deleted",
        lambda spec, around: (
            any(int(size) > spec.replicas for size in around.values("scale"))
            and around.values("delete")[:1] in (("background",), ("foreground",))
        ),
    ),
    none_of("the retention policy stays", "set-retention"),
)
@converges_to(
    id="whendeleted-leaves-no-claim",
    says="once the set is deleted with whenDeleted Delete, none of its claims is left",
    source=_PULLS + "142130",
    expected="refuted",
)
def leaves_no_claim(claim_state: All[str], set_there: bool) -> bool:
    return set_there or all(state == "absent" for state in claim_state.values())


@under(CLAIMS, SOME, does("delete-claim"))
@sometimes(
    id="deleted-claim-waits-for-its-pod",
    says="a claim that is deleted stays, terminating, while its pod runs",
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/"
    "#storage-object-in-use-protection",
)
def waits_for_its_pod(claim_state: All[str], running: All[int]) -> bool:
    return any(state == "terminating" and running[at] > 0 for at, state in claim_state.items())


DELETED_ONCE = Precondition(
    "a claim is deleted once at most", lambda spec, around: around.times("delete-claim") <= 1
)
"""When one is missing again the scheduler has nothing new to say of its pod, and nobody is told."""
SEEN_AS_IT_GOES = Precondition(
    "caches show that a claim is being deleted before it is gone: lag 0 or 1",
    lambda spec, around: around.lag <= 1,
    lambda around: evolve(around, lag=min(1, around.lag)),
)
"""
A sync that still finds the claim creates none, and is not told when it goes. One that finds it
going fails, and is tried again.
"""


@under(CLAIMS, KEPT_ALIVE, HEALTHY, DELETED_ONCE, SEEN_AS_IT_GOES, where=[does("delete-claim")])
@converges_to(
    id="pod-gets-its-claim",
    says="a pod whose claim is missing gets one in the end, or is replaced",
    source="https://github.com/kubernetes/kubernetes/issues/74374",
)
def gets_its_claim(claim_state: All[str], scheduling_due: All[bool]) -> bool:
    return not any(waits and claim_state[at] == "absent" for at, waits in scheduling_due.items())


PROMISES: tuple[Promise, ...] = (
    keeps_claims,
    only_condemned,
    claim_before_pod,
    waits_for_claims,
    policy_is_heeded,
    leaves_no_claim,
    waits_for_its_pod,
    gets_its_claim,
)
