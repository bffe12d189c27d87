"""
The report of a check as JUnit XML, which CI systems show as a list of tests.

There is no standard of it; this is the part that all readers agree on. What was not settled is an
error, not a skipped test: dashboards show what is skipped as green.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from .outcomes import Outcome, outcomes
from .run import Run

__all__ = ["junit_report"]

# What XML 1.0 has no place for, not even as a reference.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {"failed": "PromiseBroken", "inconclusive": "Inconclusive"}


def junit_report(runs: Sequence[Run]) -> str:
    """The document: a suite for each workload, a case for each promise."""
    root = ElementTree.Element("testsuites", name="seatrial")
    for run in runs:
        _suite(root, run)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(each.get(name, "0")) for each in root)))
    root.set("time", f"{sum(float(each.get('time', '0')) for each in root):.3f}")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, run: Run) -> None:
    found = list(outcomes(run, run.report.system))
    results = [each.result for each in found]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_text(run.report.system),
        tests=str(len(found)),
        failures=str(results.count("failed")),
        errors=str(results.count("inconclusive")),
        skipped=str(results.count("refuted")),
        time=f"{run.report.exploration.seconds:.3f}",
    )
    for each in found:
        _case(suite, run, each)


def _case(suite: ElementTree.Element, run: Run, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(run.report.system), name=_text(outcome.id), time="0"
    )
    position = run.positions.get(outcome.id)
    if position is not None:
        case.set("file", _text(position.file))
        case.set("line", str(max(position.line, 1)))
    properties = ElementTree.SubElement(case, "properties")
    figures = dict(outcome.figures)
    if outcome.id in run.traces:
        figures["attachment"] = str(run.traces[outcome.id])
    for name, value in figures.items():
        ElementTree.SubElement(properties, "property", name=name, value=_text(value))
    if outcome.result == "refuted":
        ElementTree.SubElement(case, "skipped", message=_text(outcome.line))
    elif outcome.result in _TYPES:
        tag = "failure" if outcome.result == "failed" else "error"
        kind = _TYPES[outcome.result]
        told = ElementTree.SubElement(case, tag, type=kind, message=_text(outcome.line))
        told.text = _text(outcome.text)


def _text(text: str) -> str:
    return _NO_XML.sub("?", text)
