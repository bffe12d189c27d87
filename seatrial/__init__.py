"""
Puts Kubernetes workload controllers through their sea trials before anybody ships a change.

This is the public face: the vocabulary of `seatrial.core`, and the engines: `explore` visits every
reachable state, `hypothesize` takes random runs. Everything is imported when it is first asked for,
so that `import seatrial` is quick.

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

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .core import (
        Action,
        All,
        Change,
        DeclarationError,
        Exploration,
        Fairness,
        Index,
        Initial,
        Kind,
        Members,
        NotAFunction,
        Outcome,
        Outcomes,
        Own,
        Parameter,
        Population,
        Property,
        PropertyError,
        ReplayError,
        Report,
        RuleError,
        SeatrialError,
        Status,
        Step,
        System,
        Total,
        Trace,
        TraceFormatError,
        ValueRefused,
        Variable,
        Verdict,
        View,
        Violation,
        action,
        after_each_step,
        always,
        arith,
        at_least,
        at_most,
        choose,
        converges_to,
        deadlock_free,
        every,
        ground,
        no_hot_loop,
        outcome,
        replay,
        sometimes,
        split,
        view,
    )
    from .engines.explore import explore
    from .engines.stateful import hypothesize

__all__ = [  # noqa: RUF022 - what is ours first, then what `core` offers to authors of systems
    "__version__",
    "explore",
    "hypothesize",
    "Action",
    "All",
    "Change",
    "DeclarationError",
    "Exploration",
    "Fairness",
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
    "arith",
    "at_least",
    "at_most",
    "choose",
    "converges_to",
    "deadlock_free",
    "every",
    "ground",
    "no_hot_loop",
    "outcome",
    "replay",
    "sometimes",
    "split",
    "view",
]


if not TYPE_CHECKING:  # a type checker would take any name for one that exists
    from .lazy import lazily

    __getattr__ = lazily(
        __name__,
        __all__,
        {
            **dict.fromkeys(__all__, "core"),
            "explore": "engines.explore",
            "hypothesize": "engines.stateful",
        },
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
