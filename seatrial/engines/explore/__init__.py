"""The explicit-state engine: every reachable state within stated bounds.

Each rule is asked once for each distinct input; the search itself runs on packed integers.
"""

from .clock import now
from .plain import Pulse
from .search import Kernel, explore

__all__ = ["Kernel", "Pulse", "explore", "now"]
