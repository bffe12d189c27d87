"""`seatrial trace confirm`: the syncs of a trace, asked of the real controllers."""

from collections.abc import Sequence
from pathlib import Path

from seatrial.core import DeclarationError
from seatrial.model import versions
from seatrial.oracle import Confirmed, Finding, Found, Oracle, Parted, Sync, confirm, find, found_in
from seatrial.oracle.subject import Ask

from .display import Look, Page
from .inspecting import Read, read_trace

__all__ = ["ALL", "PARTED", "SOME", "confirm_trace"]

ALL, PARTED, SOME = 0, 1, 3
"""Exit codes: all are confirmed, some part, some are neither."""


def confirm_trace(path: Path, look: Look) -> tuple[str, int]:
    """
    What the real controllers say to each sync of the trace in a file, and the exit code.

    Raises TraceFormatError and ReplayError as `read_trace` does, DeclarationError where it is the
    trace of an example, OracleMissing where there is no oracle of its release, OracleCrashed.
    """
    read = read_trace(path)
    if read.kubernetes is None:
        raise DeclarationError(
            f"{path} is a trace of an example, whose controllers are not those of Kubernetes; a"
            " trace of a Deployment, a StatefulSet or a Job can be confirmed"
        )
    release = versions.known(read.kubernetes)
    gates = dict(release.gates)
    with _oracle(release.version) as oracle:
        version = oracle.version
        found = found_in(read.trace, read.system.system, _asking(oracle, gates))
        findings = [confirm(each, found.ask, release.rules) for each in found.syncs]
    return _told(read, found, findings, version, release.rules, look)


def _oracle(version: str) -> Oracle:
    """The oracle that is there, if it is of the same minor release; else the one of that name."""
    oracle = Oracle()
    if oracle.version.split(".")[:2] == f"v{version}".split(".")[:2]:
        return oracle
    return Oracle(find(version))


def _asking(oracle: Oracle, gates: dict[str, bool]) -> Ask:
    """Ask with those gates only that the release has."""

    def ask(requests: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
        return oracle.ask(
            [{**each, "gates": _known(each.get("gates", {}), gates)} for each in requests]
        )

    return ask


def _known(given: object, gates: dict[str, bool]) -> dict[str, bool]:
    assert isinstance(given, dict)
    return {name: on for name, on in given.items() if name in gates}


# ---- words ------------------------------------------------------------------------------------


def _told(
    read: Read,
    found: Found,
    findings: Sequence[Finding],
    version: str,
    rules: frozenset[str],
    look: Look,
) -> tuple[str, int]:
    page, syncs = Page(look), found.syncs
    page.put(read.shown, style="head")
    column = max((len(each.name) for each in syncs), default=0)
    for sync, finding in zip(syncs, findings, strict=True):
        _row(page, sync, finding, column)
    if found.others:
        counted = ", ".join(f"{who} {n}" for who, n in sorted(found.others.items()))
        page.put(f"not asked, since no controller takes them: steps of {counted}")
    changed = sorted(_changed(read) - rules) if syncs else []
    code = _code(findings, changed)
    _verdict(page, syncs, findings, version, changed, code)
    return "\n".join(page.lines) + "\n", code


def _changed(read: Read) -> frozenset[str]:
    """The switches of rules with which the trace was made."""
    given = {each.name: each.value for each in read.system.system.parameters}
    found: frozenset[str] = given["variant"]
    return found


def _code(findings: Sequence[Finding], changed: Sequence[str]) -> int:
    if any(isinstance(each, Parted) for each in findings):
        return PARTED
    if changed or not all(isinstance(each, Confirmed) for each in findings):
        return SOME
    return ALL


def _row(page: Page, sync: Sync, finding: Finding, column: int) -> None:
    steps = f"step {sync.first}" if sync.first == sync.last else f"steps {sync.first}-{sync.last}"
    lead = f"  {steps:<12}  {sync.name:<{column}}  "
    says = "; ".join(sync.says)
    match finding:
        case Confirmed():
            verdict = "confirmed" if sync.ended else "confirmed as far as the trace goes"
        case Parted():
            verdict = "PARTS"
        case _:
            verdict = f"not confirmed: {finding.why}"
    style = {Confirmed: "holds", Parted: "violated"}.get(type(finding), "inconclusive")
    page.put(verdict, indent=lead, hang=len(lead), style=style)
    page.put(says, indent=" " * (len(lead) + 2))


def _verdict(
    page: Page,
    syncs: Sequence[Sync],
    findings: Sequence[Finding],
    version: str,
    changed: Sequence[str],
    code: int,
) -> None:
    real = f"Kubernetes {version}"
    if code == PARTED:
        sync, finding = next(
            (sync, each)
            for sync, each in zip(syncs, findings, strict=True)
            if isinstance(each, Parted)
        )
        page.put(f"at step {sync.first} the trace and {real} part:", style="violated")
        for line in finding.text.splitlines():
            # Values are long, and cut lines could not be compared.
            page.lines.append(f"  {line}" if line else "")
        return
    if not syncs:
        page.put("no controller acts in this trace: there is nothing to confirm")
        return
    confirmed = sum(isinstance(each, Confirmed) for each in findings)
    if confirmed == len(syncs) and not changed:
        page.put(f"each controller decision confirmed by {real}", style="holds")
        return
    page.put(
        f"{confirmed} of {len(syncs)} controller decisions confirmed by {real}",
        style="inconclusive",
    )
    if changed:
        page.put(
            f"the trace was made with changed rules ({', '.join(changed)}), which none of its syncs"
            " shows; rules of watches and users are not asked for"
        )
