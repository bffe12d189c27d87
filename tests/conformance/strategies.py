"""States of `states` as Hypothesis draws them."""

from hypothesis import strategies as st

from seatrial.oracle.cases import Case

from . import states
from .chance import Drawn

__all__ = ["arbitrary_deployments", "arbitrary_replica_sets"]


@st.composite
def arbitrary_replica_sets(draw: st.DrawFn) -> Case:
    """Any sync of a ReplicaSet."""
    return states.arbitrary_replica_set(Drawn(draw))


@st.composite
def arbitrary_deployments(draw: st.DrawFn) -> Case:
    """Any sync of a Deployment."""
    return states.arbitrary_deployments(Drawn(draw))[-1]
