"""
Puts Kubernetes workload controllers through their sea trials before anybody ships a change.

This is the public face: the vocabulary of `seatrial.core`, and `explore`, the explicit-state
engine. Everything is imported when it is first asked for, so that `import seatrial` is quick.

>>> from seatrial import System, Variable, action, always, explore, outcome
>>> @action(writes="pods")
... def create(pods):
...     if pods < 4:
...         yield outcome("create", pods=pods + 1)
>>> @always(says="there are never more than three pods", source="the operator's README")
... def three_at_most(pods):
...     if pods > 3:
...         yield f"there are {pods} pods"
>>> system = System(name="pods", variables=[Variable("pods")], actions=[create],
...                 initial=[{"pods": 0}])
>>> explore(system, [three_at_most]).verdict("three-at-most").because
'there are 4 pods'
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .core import *  # noqa: F403
    from .engines.explore import explore

__all__ = [  # noqa: RUF022 - what is ours first, then the vocabulary as `core` lists it
    "__version__",
    "explore",
    "Action",
    "All",
    "Change",
    "Chooser",
    "DeclarationError",
    "Exploration",
    "Fairness",
    "Finding",
    "Ground",
    "GroundAction",
    "GroundOutcome",
    "GroundProperty",
    "GroundTotal",
    "GroundView",
    "Index",
    "Initial",
    "Kind",
    "Members",
    "NotAFunction",
    "Outcome",
    "Outcomes",
    "Own",
    "Parameter",
    "Population",
    "Property",
    "PropertyError",
    "ReplayError",
    "Report",
    "RuleError",
    "SeatrialError",
    "Status",
    "Step",
    "System",
    "Total",
    "Trace",
    "TraceFormatError",
    "ValueRefused",
    "Variable",
    "Verdict",
    "View",
    "Violation",
    "action",
    "after_each_step",
    "always",
    "answers",
    "arith",
    "at_least",
    "at_most",
    "check_value",
    "choose",
    "converges_to",
    "deadlock_free",
    "deciding",
    "enabled_steps",
    "every",
    "field_names",
    "ground",
    "ground_property",
    "no_hot_loop",
    "outcome",
    "replay",
    "same_value",
    "sometimes",
    "sort_key",
    "split",
    "step_of",
    "successor",
    "view",
    "where",
    "with_sets_reversed",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "explore":
        from .engines import explore as module
    else:
        from . import core as module
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
