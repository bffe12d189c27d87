"""Random rules and claims: what the symbolic engine says of them, and what Python says.

Of a rule every path is compared, at numbers around zero. A claim is a theorem about a small box of
numbers; `prove_claim` is compared with explore, and with Python at every number of the box.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

import z3

from in_formulas import P, X, Y, in_python, said
from seatrial.core import Hypothesis, NotSymbolic, OneOf, RuleError, Theorem, Whole, as_system
from seatrial.core.choice import answers
from seatrial.core.theorem import Ranges, broken
from seatrial.engines.explore import explore
from seatrial.engines.prove import paths as of_paths
from seatrial.engines.prove.claims import Proof, prove_claim
from seatrial.engines.prove.fragment import check_fragment
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Run
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.terms import SymBool, SymInt

from .writing import HEAD, Compared, Writer, module_of

__all__ = ["claim_compared", "claim_source", "rule_compared", "rule_source"]

XS, YS = (-3, -1, 0, 1, 2, 3, 5), (-2, 0, 1, 2, 4)
_WORK = 200_000
"""What one question about a path may cost; five thousandths of what it may cost otherwise."""


def rule_source(seed: int) -> str:
    """A module whose last function is `rule(x, y, p)`."""
    writer = Writer(seed)
    lines = [HEAD, *writer.some_helpers(0, 1, 2)]
    known = ["x", "y"]
    lines += ["", "", "def rule(x, y, p):", *writer.block(known, 2, "    ")]
    lines += [f"    return ({', '.join(dict.fromkeys(known[-4:]))},)"]
    return "\n".join(lines) + "\n"


def rule_compared(seed: int, most_paths: int = 60) -> Compared:
    """What a rule says of unknown numbers, and Python of each; every other one without helpers."""
    helped = seed % 2 == 0
    rule: Any = module_of(rule_source(seed), f"random_rule_{seed}").__dict__["rule"]
    try:
        check_fragment(rule)
        with patch.object(of_paths, "_FEASIBILITY", _WORK):
            run = Run(helpers=Helpers(rule) if helped else None, most_paths=most_paths)
            paths = run.explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))
    except NotSymbolic as error:
        return Compared((f"refused: {error}",))
    for x, y, p in itertools.product(XS, YS, (False, True)):
        pairs = [(X, z3.IntVal(x)), (Y, z3.IntVal(y)), (P, z3.BoolVal(p))]
        taken = [
            path for path in paths if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs)))
        ]
        told = [said(path.result, pairs) for path in taken]
        wanted = [in_python(rule, x, y, p)]
        if repr(told) != repr(wanted):
            return Compared((), f"of {x}, {y}, {p} it says {told}, and Python {wanted}")
    return Compared(("as Python",))


# ---- claims -----------------------------------------------------------------------------------


def claim_source(seed: int) -> str:
    """A module with `claim(x, y, p)` and the hypotheses `holds0`, `holds1`."""
    writer = Writer(seed, choices=True)
    lines = [HEAD, *writer.some_helpers(0, 0, 1, 2)]
    for at in range(2):
        a, b = writer.number(["x", "y"], 1), writer.number(["x", "y"], 1)
        sign = writer.random.choice(("<", "<=", "!=", ">="))
        lines += ["", "", f"def holds{at}(x, y, p):", f"    return {a} {sign} {b}"]
    known = ["x", "y"]
    lines += ["", "", "def claim(x, y, p):"]
    lines += writer.block(known, writer.random.choice((0, 1, 2)), "    ")
    for at in range(writer.random.choice((1, 1, 2))):
        # Most claims that are drawn would be false: what is to be broken is drawn to be rare.
        wrong = " and ".join(writer.truth(known, 2) for _ in range(writer.random.choice((1, 2, 3))))
        lines += [f"    if {wrong}:", f"        yield 'it is broken in way {at}'"]
    return "\n".join(lines) + "\n"


def _ranges(writer: Writer) -> Ranges:
    """Two small ranges of integers, of which one may have no end, and both truth values."""
    rng = writer.random
    low, other = rng.choice((-3, -2, 0, 1)), rng.choice((-4, -1, 0, 2))
    x: Whole | OneOf = Whole(low, low + rng.choice((0, 3, 5)))
    if rng.random() < 0.15:
        x = Whole(low)
    y: Whole | OneOf = Whole(other, other + rng.choice((1, 3, 4)))
    if rng.random() < 0.15:
        y = OneOf((other, other + 3))
    return (("x", x), ("y", y), ("p", OneOf((False, True))))


def _claimed(seed: int) -> Theorem:
    module = module_of(claim_source(seed), f"random_claim_{seed}").__dict__
    writer = Writer(seed)
    assumed = [Hypothesis(f"hypothesis {at}", module[f"holds{at}"]) for at in range(2)]
    return Theorem(
        id=f"claim-{seed}",
        says="a random claim",
        source="random",
        claim=module["claim"],
        ranges=_ranges(writer),
        hypotheses=tuple(assumed[: writer.random.choice((0, 0, 1, 2))]),
    )


_FURTHER = 5
"""So many numbers are tried of a range that has no end."""


def _box(theorem: Theorem) -> list[dict[str, Any]]:
    choices = [
        each.values
        if isinstance(each, OneOf)
        else range(each.low, (each.low + _FURTHER if each.high is None else each.high) + 1)
        for _, each in theorem.ranges
    ]
    names = [name for name, _ in theorem.ranges]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*choices)]


def _in_python(theorem: Theorem, values: Mapping[str, Any]) -> Iterator[tuple[str, ...] | None]:
    """What the claim says of numbers, for all answers to its choices; what it raises is broken."""

    def asked() -> tuple[str, ...] | None:
        try:
            return broken(theorem, values)
        except Exception as error:
            return (f"{type(error).__name__}",)

    for found, _ in answers(asked):
        yield found


def _size(values: Mapping[str, Any]) -> int:
    return sum(abs(each) for each in values.values() if type(each) is int)


def claim_compared(seed: int, query_ms: int = 2_000) -> Compared:
    """
    What `prove` says of a claim, and Python at every number of a box; and explore, where it can.

    What is open is no flaw, unless it says that no numbers meet the hypotheses and some do.
    """
    theorem = _claimed(seed)
    whole = all(isinstance(each, OneOf) or each.high is not None for _, each in theorem.ranges)
    starts = _box(theorem)
    try:
        told = [list(_in_python(theorem, each)) for each in starts]
    except RuleError:
        return Compared(("too many choices",))
    wrong = [each for each, ways in zip(starts, told, strict=True) if any(ways)]
    with patch.object(of_paths, "_FEASIBILITY", _WORK):
        proof = prove_claim(theorem, Queries(Limits(query_ms)))
    flaw = _not_explored(theorem, starts, wrong)
    if proof.status == "inconclusive":
        met = [each for each, ways in zip(starts, told, strict=True) if () in ways]
        if "meet all hypotheses" in proof.because and met:
            flaw = f"it says {proof.because}, and {met[0]} does"
        return Compared((f"inconclusive: {proof.because}",), flaw)
    return Compared((proof.status,), _flaw(theorem, proof, wrong, whole) or flaw)


def _flaw(theorem: Theorem, proof: Proof, wrong: list[dict[str, Any]], whole: bool) -> str:
    if proof.status == "proved":
        if wrong:
            return f"it is proved, and Python breaks it with {wrong[0]}"
        if not any(found == () for found in _in_python(theorem, dict(proof.witness))):
            return f"its witness {proof.witness} does not meet all hypotheses"
        return ""
    values = dict(proof.values)
    if not any(_in_python(theorem, values)):
        return f"it is violated with {values}, and Python does not break it"
    if not all(allowed.allows(values[name]) for name, allowed in theorem.ranges):
        return f"it is violated with {values}, which is out of its ranges"
    if proof.least and wrong and min(map(_size, wrong)) < _size(values):
        return f"{values} is said to be least, and {min(wrong, key=_size)} breaks it, too"
    if proof.least and whole and min(map(_size, wrong)) != _size(values):
        return f"{values} is said to be least, and {min(wrong, key=_size)} is"
    return ""


def _not_explored(
    theorem: Theorem, starts: list[dict[str, Any]], wrong: list[dict[str, Any]]
) -> str:
    """Explore and Python, where no rule raises: that ends an exploration."""
    system, promise = as_system(theorem, starts)
    try:
        status = explore(system, [promise], kernel="plain", threads=1).verdict(theorem.id).status
    except RuleError:
        return ""
    if status != ("violated" if wrong else "holds"):
        return f"explore says {status}, and Python breaks it with {wrong[:1]}"
    return ""
