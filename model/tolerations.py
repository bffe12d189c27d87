"""
Which taints of nodes the pods of a StatefulSet tolerate, of those that nodes get here.

:Go: kubernetes v1.36.3 pkg/controller/tainteviction/taint_eviction.go (processPodOnNode),
    plugin/pkg/admission/defaulttolerationseconds/admission.go,
    staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go (GetMatchingTolerations)
:Docs: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
:Omits: taints that no node has here: not-ready, pressure, those of administrators. Out-of-service
    is put as it is documented: `node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

__all__ = ["Tolerations", "tolerating", "tolerations_of"]

_UNREACHABLE = "node.kubernetes.io/unreachable"
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


@frozen
class Tolerations:
    """What becomes of a pod on a tainted node, and on which it may be put."""

    leaves_unreachable: bool = True
    """Whether it is evicted from an unreachable node, be it after a while."""
    leaves_out_of_service: bool = True
    """Whether it is evicted from a node that is out of service."""
    on_unreachable: bool = False
    """Whether it may be put on a node that is unreachable."""
    on_out_of_service: bool = False
    """Whether it may be put on a node that is out of service."""
    on_unschedulable: bool = False
    """Whether it may be put on a node that is cordoned."""


Toleration = Mapping[str, Any]


def tolerations_of(given: Iterable[Toleration]) -> Tolerations:
    """
    What tolerations mean that stand in a template, with those that every pod gets.

    >>> tolerations_of([{"operator": "Exists"}]).leaves_unreachable
    False
    >>> tolerations_of([{"key": "dedicated", "value": "db"}]) == Tolerations()
    True
    """
    written = tuple(given)
    unreachable = _first(written, _UNREACHABLE, "", "NoExecute")
    fenced = _first(written, _OUT_OF_SERVICE, "nodeshutdown", "NoExecute")
    # A pod that says nothing of it tolerates an unreachable node for five minutes.
    said = any(_names(each, _UNREACHABLE) for each in written)
    stays = unreachable is not None or not said
    return Tolerations(
        leaves_unreachable=not _for_ever(unreachable),
        leaves_out_of_service=not _for_ever(fenced),
        on_unreachable=stays and _first(written, _UNREACHABLE, "", "NoSchedule") is not None,
        on_out_of_service=fenced is not None,
        on_unschedulable=_first(written, _UNSCHEDULABLE, "", "NoSchedule") is not None,
    )


def tolerating(
    tolerations: Iterable[Toleration], key: str, value: str, effect: str
) -> tuple[Toleration, ...]:
    """Those that tolerate a taint with this key, value and effect."""
    return tuple(each for each in tolerations if _tolerates(each, key, value, effect))


def _names(toleration: Toleration, key: str) -> bool:
    """Whether the five minutes are not added for it. Go: Admit"""
    effect = toleration.get("effect") or "NoExecute"
    return effect == "NoExecute" and toleration.get("key", "") in (key, "")


def _first(
    tolerations: Iterable[Toleration], key: str, value: str, effect: str
) -> Toleration | None:
    """The first that tolerates a taint; the others do not count. Go: GetMatchingTolerations"""
    return next((each for each in tolerations if _tolerates(each, key, value, effect)), None)


def _tolerates(toleration: Toleration, key: str, value: str, effect: str) -> bool:
    """Operators that compare numbers tolerate none of these. Go: ToleratesTaint"""
    if (toleration.get("effect") or effect) != effect:
        return False
    operator = toleration.get("operator") or "Equal"
    if (toleration.get("key") or key) != key:
        return False
    if operator == "Exists":
        return True
    return operator == "Equal" and (toleration.get("value") or "") == value


def _for_ever(toleration: Toleration | None) -> bool:
    return toleration is not None and toleration.get("tolerationSeconds") is None
