"""What must hold: promises as values, with where they are made."""

from . import rollout

__all__ = ["rollout"]
