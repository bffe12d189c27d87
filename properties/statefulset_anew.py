"""What becomes of the members when a StatefulSet is deleted and applied again."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, converges_to, sometimes

from .promise import Promise, deleted, does, under
from .statefulset_promise import (
    BLOCK_OR_ORDERED,
    CLAIMS,
    CLAIMS_WAIT,
    DROPPED_WHEN_DELETED,
    HEALTHY,
    LOOKED_AT_AGAIN,
    NO_CLAIM_DELETED,
    PLACED,
    SOME,
    none_of,
)

__all__ = ["NOTHING_ELSE", "PROMISES"]

_GC = "https://kubernetes.io/docs/concepts/architecture/garbage-collection/"
_DELETING = (
    "https://kubernetes.io/docs/tasks/run-application/delete-stateful-set/#deleting-a-statefulset"
)
_ANEW = (does("delete"), does("apply"))
NOTHING_ELSE = none_of(
    "nobody changes the set, its pods or its nodes otherwise",
    "set-image",
    "undo",
    "scale",
    "delete-pod",
    "force-delete",
    "drain",
    "delete-node",
    "out-of-service",
    "pod-failed",
    "node-crash",
    "node-off",
    "node-partition",
)


@under(
    HEALTHY,
    CLAIMS_WAIT,
    NO_CLAIM_DELETED,
    BLOCK_OR_ORDERED,
    PLACED,
    LOOKED_AT_AGAIN,
    where=_ANEW,
)
@converges_to(
    id="created-anew-comes-to-its-size",
    says="a set that is deleted and applied again has in the end as many members as are asked for,"
    " all available, and no other",
    source=_DELETING,
)
def comes_to_its_size_anew(
    pod_state: All[str], wanted: int, start: int, set_uid: int | None
) -> bool:
    return set_uid is None or all(
        state == ("available" if start <= at < start + wanted else "absent")
        for at, state in pod_state.items()
    )


@under(HEALTHY, where=_ANEW)
@converges_to(
    id="created-anew-controls-its-members",
    says="in the end all members are controlled by the set that there is, orphans too",
    source=_DELETING,
)
def controls_its_members(
    pod_owner: All[int | None], pod_state: All[str], set_uid: int | None
) -> bool:
    return set_uid is None or all(
        pod_owner[at] == set_uid for at, state in pod_state.items() if state != "absent"
    )


@under(deleted("orphan"), NOTHING_ELSE, where=[does("apply"), SOME])
@after_each_step(
    id="orphans-live-on",
    says="--cascade=orphan and applying the same manifest again replaces no member",
    source=_DELETING,
    over="ordinal",
    premise=lambda set_uid, pod_uid: set_uid is not None and set_uid < 0 and pod_uid > 0,
)
def orphans_live_on(
    pod_uid: int, pod_uid_before: int, pod_state: str, ordinal: int
) -> Iterator[str]:
    if pod_uid != pod_uid_before:
        yield f"pod {ordinal} is another one"
    elif pod_state == "terminating":
        yield f"pod {ordinal} terminates"


@under(deleted("background"), does("apply"), SOME)
@sometimes(
    id="former-members-keep-their-names",
    says="a set that is created anew waits for the pods of its predecessor to go",
    source=_GC,
)
def waits_for_former_members(pod_owner: All[int | None], set_uid: int | None) -> bool:
    # A pod of the former set is there, and the new set has all of its members yet to create.
    return set_uid is not None and set_uid < 0 and 0 in pod_owner.values()


@under(*_ANEW, deleted("background"), CLAIMS, DROPPED_WHEN_DELETED, SOME)
@after_each_step(
    id="created-anew-keeps-its-claims",
    says="a member that a set created anew is not taken its claim",
    source="what applying a manifest again is taken for",
    expected="refuted",
    over="ordinal",
    premise=lambda pod_owner: pod_owner is not None and pod_owner < 0,
)
def keeps_its_claims_anew(
    pod_owner: int | None, claim_state: str, claim_state_before: str, ordinal: int
) -> Iterator[str]:
    of_new = pod_owner is not None and pod_owner < 0
    if of_new and claim_state_before == "there" and claim_state == "terminating":
        yield f"the claim of pod {ordinal}, which the new set created, is being deleted"


PROMISES: tuple[Promise, ...] = (
    comes_to_its_size_anew,
    controls_its_members,
    orphans_live_on,
    waits_for_former_members,
    keeps_its_claims_anew,
)
