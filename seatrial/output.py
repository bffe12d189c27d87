"""The report of a check as text: what was searched, the verdicts, warnings, counterexamples."""

from collections.abc import Sequence

from seatrial.core import Exploration, Sampling, Trace, Verdict
from seatrial.counterexamples import printable, render, show_value

from . import __version__
from .display import Look, Page
from .quantities import counted, show_seconds
from .run import Climbed, Place, Run
from .subject import not_met

__all__ = ["detail", "text_report"]

_MANY = 12
_LARGE = 10_000
"""From so many states on it is worth a warning where values or evaluations are many."""

NEVER = "never enabled in the states searched"

SETTLES = {
    "max-states": "raise or drop --max-states",
    "max-depth": "raise or drop --max-depth",
    "time-limit": "raise or drop --time-limit",
    "memory-limit": "raise or drop --memory-limit",
    "first": "drop --first",
    "interrupted": "let it run to its end",
    "runs": "explore a smaller one to its end (--engine explore), or raise --runs and --steps",
    "settled": "explore it (--engine explore)",
}


def text_report(run: Run, look: Look, *, traces: bool = True, all_values: bool = False) -> str:
    """The whole report; without `traces` no counterexample and no witness."""
    page = Page(look)
    _header(page, run)
    _exploration(page, run)
    _verdicts(page, run)
    _left_out(page, run)
    _warnings(page, run)
    if traces:
        asserted, refuted = run.violated(asserted=True), run.violated(asserted=False)
        _counterexamples(page, run, "Counterexamples", asserted, all_values)
        _counterexamples(page, run, "Refuted readings", refuted, all_values)
        _witnesses(page, run)
    _end(page, run)
    return "\n".join(page.lines) + "\n"


def _header(page: Page, run: Run) -> None:
    report = run.report
    given = dict(report.assumptions)
    unfair = given["users and faults"]
    page.put(f"seatrial {__version__}", style="head")
    if run.subject.story is not None:
        page.row("Checked", run.subject.story.about)
    else:
        page.row("System", report.system)
        parameters = ", ".join(f"{name}={show_value(value)}" for name, value in report.parameters)
        page.row("Parameters", parameters or "none")
    page.row("Assumptions", *(given["system"] or ["none"]))
    nothing = "not said" if run.subject.recipe is None else "nothing else is in these files"
    if run.subject.relies_on:
        page.row(
            "Relied on", f"by the annotations in its manifest: {', '.join(run.subject.relies_on)}"
        )
    page.row("Not modelled", *(run.subject.not_modelled or [nothing]))
    page.row("Fairness", f"{given['fairness']}, per action")
    page.row("Never fair", f"users and faults: {', '.join(unfair)}" if unfair else "nothing")
    page.row("Reductions", "; ".join(given["reductions"]) or "none")


def _exploration(page: Page, run: Run) -> None:
    found = run.report.exploration
    page.gap()
    reach = "all " if found.complete else "only "
    size = (
        f"{counted(found.states, _state(run))}, {counted(found.transitions, 'transition')},"
        f" to depth {found.depth}"
    )
    end = "complete" if found.complete else f"not complete: it {_ended(found.capped)}"
    if found.engine != "hypothesis":
        page.row("Explored", f"{reach}{size}; {end}")
    if found.sampling is not None:
        page.row("Random runs", *_sampling(found.sampling))
    page.row("Evaluations", f"{found.rule_evaluations:,} of rules, views and properties")
    # The only line that differs between two runs of one command.
    page.row("Cost", _cost(found))
    for note in found.notes:
        page.row("Note", note)
    if run.rungs:
        page.row("Ladder", *(_rung(each) for each in run.rungs), *_lacking(run))
    parts = [_part(each) for each in run.parts]
    if run.untried_parts:
        parts.append(f"not tried, for lack of time: {'; '.join(run.untried_parts)}")
    page.row("Parts", *parts)


def _sampling(found: Sampling) -> list[str]:
    """What random runs there were, and what they came to."""
    began = f", from initial states and {found.starts} of the deepest" if found.starts else ""
    lines = [
        f"{_runs(found)} from seed {found.seed}{began}; they {_ended(found.capped)}",
        f"{counted(found.taken, 'step')}, {counted(found.states, 'distinct state')}, to depth"
        f" {found.depth}",
    ]
    if found.examples:
        lines.append(f"{found.examples:,} known violations were tried first")
    if found.runs and found.capped in ("time-limit", "memory-limit", "interrupted"):
        lines.append(f"the same runs, wherever: --runs {found.runs}")
    often = sorted(found.fired, key=lambda pair: -pair[1])
    listed = ", ".join(f"{name} {count:,}" for name, count in often[:_MANY] if count)
    lines.append(f"taken most often: {listed}" if listed else "no action was taken")
    return lines


def _runs(found: Sampling) -> str:
    return f"{counted(found.runs, 'run')} of up to {counted(found.steps, 'step')}"


def _cost(found: Exploration) -> str:
    spent = show_seconds(found.seconds)
    rate = found.transitions / max(found.seconds, 0.001)
    if found.engine == "hypothesis":
        return f"{spent}, {rate:,.0f} steps a second, shortening included"
    each = found.bytes_held // max(1, found.states)
    return f"{spent}, {rate:,.0f} transitions a second, {each:,} bytes a state, {found.kernel} loop"


def _rung(each: Climbed) -> str:
    found = each.exploration
    broken = f"; {counted(each.violated, 'promise')} broken" if each.violated else ""
    sampling = found.sampling
    drawn = "" if sampling is None else _runs(sampling)
    if found.engine == "hypothesis":
        states = counted(found.states, "state")
        return f"{each.name}: {drawn}, {states}, to depth {found.depth}{broken}"
    if drawn:
        broken = f"; then {drawn}{broken}"
    how = "complete" if found.complete else f"not complete: it {_ended(found.capped)}"
    return f"{each.name}: {counted(found.states, 'state')} to depth {found.depth}, {how}{broken}"


def _part(each: Climbed) -> str:
    asked = counted(each.asked, "promise")
    return f"{_rung(each)}; for {asked} with a precondition that is not met above"


def _lacking(run: Run) -> list[str]:
    """What a person would do to get higher than the last rung."""
    last = run.rungs[-1]
    if last.violated:
        return ["no finer steps were tried, since a promise is broken already"]
    if not last.exploration.complete:
        how = SETTLES.get(last.exploration.capped or "", "search on")
        lines = [f"for {last.name}: {how}"]
        if run.unsettled:
            lines.append(f"asked there only, and not settled: {', '.join(run.unsettled)}")
        return lines
    if run.untried:
        return [f"not tried, for lack of time: {', '.join(run.untried)}; raise --time-limit"]
    return []


def _ended(capped: str | None) -> str:
    known = {
        "interrupted": "was interrupted",
        "runs": "ended with the last run",
        "settled": "ended where nothing was open any more",
        "first": "ended at the first violation",
    }
    return known.get(capped or "", f"ended at {capped}")


def _state(run: Run) -> str:
    """States are fewer than there are where a reduction left some out."""
    used = {"symmetry", "partial order"} & {*run.report.exploration.reductions}
    return "representative state" if used else "state"


def _verdicts(page: Page, run: Run) -> None:
    found = run.report.exploration
    if found.complete:
        rung = f" ({run.rung})" if run.rungs else ""
        page.title(
            f"Verdicts on the {counted(found.states, _state(run))} reachable within the parameters"
            f" and assumptions above{rung}"
        )
    elif found.engine == "hypothesis":
        rung = f" ({run.rung})" if run.rungs else ""
        page.title(f"Verdicts of random runs{rung}: what was found, and never that something holds")
    else:
        page.title("Verdicts of a search that is not complete: only what was found is said")
    verdicts = run.report.verdicts
    if not verdicts:
        page.put("no property was asked", indent="  ")
    rows = [("Property", "Verdict", "Expected", "Detail", "")]
    rows += [
        (each.property.id, each.status, each.property.expected, detail(each, run), each.status)
        for each in verdicts
    ]
    first = min(max(len(row[0]) for row in rows), 40)
    for identity, status, expected, told, style in rows if verdicts else ():
        name = printable(identity, ascii=page.look.ascii)
        head = f"  {name:<{first}}  "
        lead = f"{head}{status:<12}  {expected:<8}  "
        at = len(page.lines)
        if page.look.width >= 80:
            page.put(told or "-", indent=lead, hang=len(lead))
        else:
            page.lines.append(lead.rstrip())
            if told and expected != "Expected":
                page.put(told, indent="    ")
        rest = page.lines[at][len(head) + len(status) :]
        page.lines[at] = head + page.styled(status, style) + rest


def detail(verdict: Verdict, run: Run) -> str:
    """What else there is to say of a verdict, in a few words; empty where there is nothing."""
    trace = verdict.trace
    if verdict.status == "inconclusive" and verdict.extreme is None and not _elsewhere(run):
        capped = run.report.exploration.capped
        if run.report.exploration.sampling is not None:
            return verdict.because
        return f"not settled before {'the interrupt' if capped == 'interrupted' else capped}"
    parts = [verdict.because] if verdict.because else []
    if verdict.property.id in run.places:
        parts.insert(0, f"at {run.places[verdict.property.id].rung}")
    if verdict.vacuous:
        parts.append("vacuous: its premise was never met")
    if trace is not None and verdict.status == "violated":
        parts.append(_length(verdict, trace))
    return "; ".join(parts)


def _elsewhere(run: Run) -> bool:
    """Whether the search was complete, so that something else made a verdict inconclusive."""
    return run.report.exploration.complete


def _length(verdict: Verdict, trace: Trace) -> str:
    steps = counted(trace.length, "step")
    if trace.loop is not None:
        return f"{steps} with the loop" if trace.loop < len(trace.steps) else f"after {steps}"
    text = f"shortest run: {steps}" if trace.shortest else steps
    if verdict.witness is not None and verdict.witness.length != trace.length:
        text += f"; to the value {verdict.extreme}: {verdict.witness.length}"
    return text


def warnings_of(run: Run) -> list[str]:
    """What makes the verdicts weaker than they look, each in a sentence."""
    found = run.report.exploration
    warnings = list(run.subject.warnings)
    asked = {each.property.id for each in run.report.verdicts}
    warnings += [
        not_met(each, words)
        for each, words in run.subject.left_out
        if each.id in asked and _left_out_at(run.place(each.id), each.id)
    ]
    warnings += [
        f"{each.property.id} is vacuous: its premise was met in no state searched"
        for each in run.report.verdicts
        if each.vacuous
    ]
    warnings += [
        f"{each.property.id} is listed as refuted, but holds within these bounds"
        for each in run.report.verdicts
        if each.property.expected == "refuted" and each.status in ("holds", "proved")
    ]
    if found.actions_never_fired:
        never = found.actions_never_fired
        more = f" and {len(never) - _MANY} more" if len(never) > _MANY else ""
        listed = ", ".join(never[:_MANY])
        told = "never taken in these runs" if found.engine == "hypothesis" else NEVER
        warnings.append(f"{told}: {listed}{more}")
    if found.widest and found.states >= _LARGE:
        names = ", ".join(found.widest)
        warnings.append(
            f"wide (harmless, a hint at cost), more than 1 % of the number of states: {names}"
        )
    return warnings


def _left_out_at(place: Place, property_id: str) -> bool:
    """Whether the promise has unmet preconditions there too: in a part, all of its own are met."""
    return any(each.id == property_id for each, _ in place.subject.left_out)


def _left_out(page: Page, run: Run) -> None:
    """Promises that were not asked, by the precondition that is not met."""
    asked = {each.property.id for each in run.report.verdicts}
    unmet: dict[str, list[str]] = {}
    for each, words in run.subject.left_out:
        if each.id not in asked and each.expected == "holds":
            unmet.setdefault("; ".join(words), []).append(each.id)
    if unmet and len(asked) > 1:
        page.title("Not asked, since a precondition is not met (--property ID asks nevertheless)")
        for precondition, ids in unmet.items():
            page.put(f"{precondition}: {', '.join(ids)}", indent="  - ", hang=4)


def _warnings(page: Page, run: Run) -> None:
    warnings = warnings_of(run)
    if not warnings:
        return
    page.title("Warnings")
    for each in warnings:
        page.put(each, indent="  - ", hang=4, style="warning")


def _counterexamples(
    page: Page, run: Run, title: str, verdicts: Sequence[Verdict], all_values: bool
) -> None:
    shown = [each for each in verdicts if each.trace is not None]
    if not shown:
        return
    page.title(title)
    if title == "Refuted readings":
        counts = "they count with --strict" if not run.strict else "--strict lets them count"
        page.put(f"Promises listed as false, and the runs that show it; {counts}.")
    for each in shown:
        assert each.trace is not None
        page.gap()
        place = run.place(each.property.id)
        text = render(
            each.trace,
            each,
            system=place.system,
            command=place.command if run.rungs else "",
            story=place.subject.story,
            width=page.look.width,
            color=page.look.color,
            ascii=page.look.ascii,
            all_values=all_values,
        )
        page.lines += text.rstrip("\n").split("\n")
        if each.property.id in run.traces:
            page.gap()
            page.put(f"written to {run.traces[each.property.id]}", indent="  ")


def _witnesses(page: Page, run: Run) -> None:
    rows = [
        (verdict.property.id, _witness(verdict, verdict.trace))
        for verdict in run.report.verdicts
        if verdict.trace is not None and verdict.status != "violated"
    ]
    if not rows:
        return
    page.title("Witnesses")
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        page.put(text, indent=f"  {name:<{width}}  ")


def _witness(verdict: Verdict, trace: Trace) -> str:
    what = f"the value {verdict.extreme}" if verdict.extreme is not None else "reached"
    if trace.length == 0:
        return f"{what} in the initial state"
    end = ", the fewest" if trace.shortest else ""
    return f"{what} after {counted(trace.length, 'step')}{end}"


def _end(page: Page, run: Run) -> None:
    page.gap()
    code = run.exit_code
    style = {0: "holds", 1: "violated"}.get(code, "inconclusive")
    page.put(f"Exit code {code}: {_meaning(run, code)}", style=style)
    page.put("To run it again:")
    # Commands are never wrapped: they are there to be copied.
    page.lines.append(f"  {printable(run.command, ascii=page.look.ascii)}")


def _meaning(run: Run, code: int) -> str:
    report = run.report
    if code == 1:
        broken = run.violated(asserted=True)
        broken += run.violated(asserted=False) if run.strict else []
        return f"violated: {', '.join(each.property.id for each in broken)}"
    if code == 3 and report.exploration.complete:
        return "inconclusive: all states were searched, but not every promise is settled; see above"
    if code == 3:
        capped = report.exploration.capped or ""
        how = SETTLES.get(capped, "search further")
        return f"inconclusive, the search {_ended(capped)}; to settle it, {how}"
    asserted = [each for each in report.verdicts if run.strict or each.property.expected == "holds"]
    if not asserted:
        false_ones = ", ".join(each.property.id for each in run.violated(asserted=False))
        if false_ones:
            return f"nothing is asserted; refuted as listed: {false_ones} (--strict counts it)"
        return "no property is asserted"
    text = "every asserted property holds within the bounds above"
    refuted = run.violated(asserted=False)
    if refuted:
        text += f"; refuted as listed: {', '.join(each.property.id for each in refuted)}"
    return text
