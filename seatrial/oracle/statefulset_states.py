"""What a sync of a StatefulSet rests on."""

from collections.abc import Mapping

from attrs import field, frozen

from seatrial.model import informer
from seatrial.model import statefulset_api as sts

__all__ = ["Start"]


@frozen(eq=False)
class Start:
    """
    A state in which a sync begins; pods and claims by ordinal.

    `cached` and `live` are None where the set is gone. `fails` is how many of its requests may
    fail, or be applied without the answer coming back.
    """

    cached: sts.StatefulSet | None
    live: sts.StatefulSet | None
    copy: informer.Copy
    revisions: tuple[int, ...]
    pods_cached: Mapping[int, sts.PodSeen] = field(factory=dict)
    pods: Mapping[int, sts.StatefulPod] = field(factory=dict)
    claims_cached: Mapping[int, sts.Claim] = field(factory=dict)
    claims: Mapping[int, sts.Claim] = field(factory=dict)
    max_unavailable: bool = False
    consistency_store: bool = True
    fails: int = 0
    claims_follow: bool = True
    """Whether the cache shows a change of a claim before it is asked for it again."""

    @property
    def spec(self) -> sts.StatefulSetSpec:
        """What is asked for, as far as it is known."""
        of = self.cached or self.live
        return sts.StatefulSetSpec() if of is None else of.spec
