"""What a trace shows, in words: the headline, the facts below it, and the argument at the end."""

from typing import Any, Literal

from seatrial.core import Ground, Property, SeatrialError, Trace, Verdict, ground_property

from .text import show_value

__all__ = ["Words"]

Rows = list[tuple[str, str]]


class Words:
    """
    The wording for one trace: of a counterexample, or of a witness.

    A witness belongs to a `sometimes` that is reached, or to a bound whose extreme value it shows.
    Given a property without verdict, a bound's trace is a counterexample if it says why.
    `witness` is given where the trace was read from a file: whether it is one.
    """

    def __init__(
        self,
        trace: Trace,
        subject: Verdict | Property,
        system: Ground | None,
        witness: bool | None = None,
        about: str = "",
    ) -> None:
        self._trace = trace
        self._about = about
        # Only a file says which it is; then what a search alone can know is the claim of the file.
        self._claimed = witness is not None
        self._system = system
        self._verdict = subject if isinstance(subject, Verdict) else None
        self._property = subject.property if isinstance(subject, Verdict) else subject
        self._bound = self._property.kind in ("at least", "at most")
        self.witness = self._is_witness() if witness is None else witness

    def _is_witness(self) -> bool:
        if self._verdict is not None:
            return self._verdict.status != "violated"
        kind = self._property.kind
        return kind == "sometimes" or (self._bound and not self._trace.because)

    @property
    def title(self) -> str:
        """The heading of the argument."""
        return "Witness" if self.witness else "Why"

    @property
    def mood(self) -> Literal["good", "bad", "unsure"]:
        """How the headline is to be coloured."""
        if self._verdict is not None and self._verdict.status == "inconclusive":
            return "unsure"
        return "good" if self.witness else "bad"

    def headline(self) -> str:
        """The property and its verdict; for bounds, the extreme value too."""
        status = self._verdict.status if self._verdict is not None else None
        says = {"violated": "is violated", "inconclusive": "is inconclusive", None: ""}
        word = says.get(status, status or "")
        if status is None:
            word = "is shown by a run" if self.witness else "is violated"
        head = f"{self._property.id} {word}"
        if status == "violated" and self._property.expected == "refuted":
            head += ", as expected"
        if self._property.kind == "sometimes" and status == "holds":
            head += ": some run gets there"
        if self._verdict is not None and self._verdict.extreme is not None:
            far = "" if status in ("holds", "proved") else " found"
            head += f": the {self._least()} value{far} is {self._verdict.extreme}"
        return head

    def _least(self) -> str:
        return "least" if self._property.kind == "at least" else "greatest"

    def facts(self) -> Rows:
        """What the run is of, what was promised and where, and how long the run is."""
        rows = [("system", self._of())]
        rows.append(("promise", self._property.says))
        if self._bound and (bound := self._bounds()):
            rows.append(("bound", bound))
        rows += [("source", self._property.source), ("run", self._length())]
        if self._verdict is not None and self._verdict.witness is not None:
            farther = self._verdict.witness.length
            if farther != self._trace.length:
                what = f"the {self._least()} value, {self._verdict.extreme}"
                rows.append(("extreme", f"{what}, is met after {farther} steps"))
        if self._verdict is not None and self._verdict.vacuous:
            rows.append(("vacuous", "the premise of the promise was never met"))
        return rows

    def _of(self) -> str:
        if self._about:
            return self._about
        if self._system is None:
            return self._trace.system
        parameters = self._system.system.parameters
        given = ", ".join(f"{each.name}={show_value(each.value)}" for each in parameters)
        return f"{self._trace.system} ({given})" if given else self._trace.system

    def _bounds(self) -> str:
        """The bound as a number, where it is one for all members of a family."""
        bounds: set[Any] = {self._property.bound}
        if self._system is not None:
            try:
                grounded = ground_property(self._system, self._property)
            except SeatrialError:  # a property of another system; the trace is shown all the same
                return ""
            bounds = {each.bound for each in grounded}
        numbers = [bound for bound in bounds if isinstance(bound, int)]
        return f"{self._property.kind} {numbers[0]}" if len(numbers) == len(bounds) == 1 else ""

    def _length(self) -> str:
        steps = self._trace.length
        if steps == 0:
            return "no step: the initial state itself"
        count = f"{steps} step{'s' if steps > 1 else ''}"
        if not self._trace.shortest:
            return f"{count}; a shorter one may exist"
        does = "breaks it"
        if self.witness:
            does = "gets to that value" if self._bound else "gets there"
        says = "the file says that " if self._claimed else ""
        return f"{count}; {says}no run {does} in fewer"

    def argument(self) -> Rows:
        """Let this be the state; then that is so; but the promise was another."""
        rows = [("Let", self._let())]
        reasons = self._reasons()
        rows += [("Then" if at == 0 else "and", each) for at, each in enumerate(reasons)]
        if not self.witness:
            rows.append(("But", f'{self._property.id} promises "{self._property.says}"'))
        return rows

    def _let(self) -> str:
        trace, last = self._trace, self._trace.length
        if trace.loop is not None and trace.loop < len(trace.steps):
            back = sum(not step.committed for step in trace.steps[: trace.loop])
            steps = f"step {last}" if back + 1 == last else f"steps {back + 1} to {last}"
            return f"{steps} be taken again and again, for ever"
        if trace.loop is not None:
            return f"state {last} stay for ever"
        if self._property.kind == "after each step" and last > 0:
            return f"step {last} lead from state {last - 1} to state {last}"
        which = f"the state after step {last}" if last else "the initial state"
        return f"state {last} be {which}"

    def _reasons(self) -> list[str]:
        if self._trace.because:
            return list(self._trace.because)
        if self._verdict is not None and self._verdict.because:
            return [self._verdict.because]
        state = f"state {self._trace.length}"
        if self._bound and self._verdict is not None and self._verdict.extreme is not None:
            if self._verdict.status == "violated":
                return [f"the value in {state} breaks the bound"]
            return [f"the value in {state} is {self._verdict.extreme}"]
        return {
            "sometimes": [f"what was asked for is so in {state}"],
            "deadlock free": [f"no action is enabled in {state}"],
            "converges to": ["the goal is not reached, or is left again"],
            "no hot loop": ["the work goes on, and nothing comes of it"],
        }.get(self._property.kind, [f"the promise is broken in {state}"])
