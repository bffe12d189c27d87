"""What is promised of members that one StatefulSet hands over to another."""

from collections.abc import Iterator

from seatrial.core import All, Property, always, converges_to
from seatrial.model import migration, statefulset_api

__all__ = ["PROPERTIES"]

_KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/3335-statefulset-slice"


@always(
    id="kep3335-slice-migration-unique",
    says="members that move between two sets run at most once for each ordinal, if each is stopped"
    " in the source first",
    source=_KEP,
    premise=lambda moving: moving,
)
def unique(process: All[migration.Running], replicas: int) -> Iterator[str]:
    for at in range(replicas):
        runs = sum(len(each[at]) for each in process.values())
        if runs > 1:
            yield f"{runs} processes of ordinal {at} run at the same time"


@converges_to(
    id="slice-migration-completes",
    says="in the end all members are those of the destination, and available",
    source=_KEP,
)
def completes(
    members: All[migration.Members],
    stateful_set: All[statefulset_api.StatefulSet],
    replicas: int,
) -> bool:
    there = members[migration.DESTINATION]
    return stateful_set[migration.DESTINATION].spec.replicas == replicas and all(
        pod is not None and pod.kind.available for pod in there
    )


PROPERTIES: tuple[Property, ...] = (unique, completes)
