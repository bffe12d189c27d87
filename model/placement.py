"""
Which nodes take a pod of a StatefulSet: what the scheduler asks of a node before it is chosen.

:Go: kubernetes v1.36.3 pkg/scheduler/framework/plugins: noderesources/fit.go (fitsRequest),
    nodeports, interpodaffinity/filtering.go (satisfyPodAntiAffinity),
    volumebinding/volume_binding.go (Filter), nodeaffinity, tainttoleration
:Docs: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/,
    https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
:Omits: pods of others, which take no room here; preemption; topology spread constraints; required
    affinity to pods; how many volumes a node takes; a new template that asks for more or for less;
    that labels and taints of a node change

Nothing of this is kept where all nodes take any number of pods, and any volume.
"""

from collections.abc import Sequence

from attrs import frozen

from .statefulset_api import GivenNode, StatefulSetSpec

__all__ = ["HOSTNAME", "Placement", "first_nodes", "fits", "placement_of"]

HOSTNAME = "kubernetes.io/hostname"


@frozen
class Placement:
    """What each node takes, by its number; the first of each is about n1."""

    takes: tuple[int | None, ...]
    """How many pods of the set: None for any number, 0 for none."""
    apart: tuple[tuple[str, ...], ...] = ()
    """For each topology of required anti-affinity, the domain of each node; "" for no domain."""
    homes: tuple[str, ...] = ()
    """In which domain a volume is that was made for a pod there; () where that does not matter."""
    at_once: bool = False
    """Whether volumes are made with their claims, wherever that may be (Immediate)."""

    @property
    def tied(self) -> bool:
        """Whether a pod has to be where its volume is."""
        return bool(self.homes)

    @property
    def limited(self) -> bool:
        """Whether some node that takes one pod may not take them all."""
        return bool(self.apart) or any(self.takes)

    @property
    def domains(self) -> tuple[str, ...]:
        """Where volumes can be, each once."""
        return tuple(dict.fromkeys(each for each in self.homes if each))


def placement_of(spec: StatefulSetSpec, nodes: int, most: int) -> Placement | None:
    """
    What so many nodes take, where a set has `most` pods at a time; None for anything.

    Without Node objects each node is like the others, and has a hostname of its own.
    """
    given = spec.given_nodes or tuple(GivenNode(f"n{at}") for at in range(1, nodes + 1))
    takes = tuple(_takes(each, spec.one_to_a_node, most) for each in given)
    apart = tuple(tuple(_domain(each, key) for each in given) for key in spec.apart_by if most > 1)
    apart = tuple(each for each in apart if not any(_implied(each, other) for other in apart))
    homes: tuple[str, ...] = ()
    if spec.volumes_in and len({_domain(each, spec.volumes_in) for each in given}) > 1:
        homes = tuple(_domain(each, spec.volumes_in) for each in given)
    if not apart and not homes and all(each is None for each in takes):
        return None
    return Placement(takes, apart, homes, spec.volumes_at_once and bool(homes))


def _implied(one: tuple[str, ...], by: tuple[str, ...]) -> bool:
    """Whether who is apart in another, coarser topology is so in this one: zones imply racks."""
    pairs = {(mine, around) for mine, around in zip(one, by, strict=True) if mine}
    within = "" not in by and len(pairs) == len({mine for mine, _ in pairs})
    return within and len(set(by)) < len(set(one))


def _takes(node: GivenNode, one_to_a_node: bool, most: int) -> int | None:
    if not node.admits:
        return 0
    room = most if node.room is None else node.room
    if one_to_a_node:
        room = min(room, 1)
    return None if room >= most else room


def _domain(node: GivenNode, key: str) -> str:
    """A kubelet gives its node this label, so that none is without."""
    name = node.name if key == HOSTNAME else ""
    return dict(node.labels).get(key, name)


def fits(placement: Placement, node: int, others: Sequence[int], home: str) -> bool:
    """
    Whether a node takes one more pod beside those on these nodes, with its volume at `home`.

    `home` is "" for a volume that is still to be made, where the pod will be.
    """
    most = placement.takes[node - 1]
    if most is not None and others.count(node) >= most:
        return False
    for domains in placement.apart:
        # A node without the label is in no domain, and keeps nobody apart.
        if domains[node - 1] and any(domains[at - 1] == domains[node - 1] for at in others):
            return False
    if not placement.tied:
        return True
    here = placement.homes[node - 1]
    return here != "" and (home == here or (home == "" and not placement.at_once))


def first_nodes(
    placement: Placement | None, nodes: int, pods: int, closed: Sequence[int] = ()
) -> list[int]:
    """
    Where the pods of a set are at first: one node after the other, as far as these take them.

    It ends with the first pod that no node takes; `closed` are nodes that take no new pods.
    """
    found: list[int] = []
    for place in range(pods):
        turn = [(place + more) % nodes + 1 for more in range(nodes)]
        open_to_it = (each for each in turn if each not in closed and _free(placement, each, found))
        node = next(open_to_it, None)
        if node is None:
            break
        found.append(node)
    return found


def _free(placement: Placement | None, node: int, others: Sequence[int]) -> bool:
    if placement is None:
        return True
    home = placement.homes[node - 1] if placement.tied else ""
    return fits(placement, node, others, home)
