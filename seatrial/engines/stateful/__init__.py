"""The Hypothesis engine: random runs of systems that are too large to be searched.

Hypothesis draws whole schedules; the rules are asked directly, and what they answered is remembered
by what they read. It shares the vocabulary with the explicit engine, and nothing else.
"""

from .schedule import Schedule, schedules
from .search import Pulse, hypothesize
from .visits import Visits

__all__ = ["Pulse", "Schedule", "Visits", "hypothesize", "schedules"]
