"""What must hold: promises as values, with where they are made."""

from . import known_bugs, rollout

__all__ = ["known_bugs", "rollout"]
