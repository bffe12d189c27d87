"""What controllers, kubelets, caches and users do, as systems of `seatrial.core`."""

from . import rollout

__all__ = ["rollout"]
