"""The page on known bugs of the Job controller; `python tests/job_bugs_page.py` writes it."""

from pathlib import Path

import test_job_known_bugs
from job_promises import DEFECTS
from seatrial.model import Mutant, job_mutants, versions

_HEAD = """\
# Which known bugs of the Job controller can the model show?

As on the page of [known bugs](known-bugs.md): each is one switch of one rule, in
`model/job_mutants.py`, with a small Job in which a run breaks a promise of
[those of Jobs](promises.md#of-a-job). Without it the same promise holds in the same system.
`seatrial check --bug ID` shows the run.

- A **mutant** was fixed upstream, or never released; the switch brings the bug back.
- A **fix** is the other way round: v1.36.3 behaves like this, and so do the rules. Those here
  were found with this model; the switch is what would take them away. Of the first three the real
  controller and the API server's validation were asked, and they answer the same.
  `seatrial check --bug ID` shows the run and exits with 1; a manifest is checked with the fix by
  `seatrial check FILE.yaml --fix ID`.

Of the bugs that are known of Jobs one is not here: `job-stale-backoff-record-hits-new-job` needs a
second Job of the same name, which the model does not have. Of the fixes 1.37 has one:
with `--kubernetes 1.37` the promise that `job-orphan-finalizer-not-retried` breaks is asked, and
kept.

The last column is the number of steps of the run. With an asterisk it ends in a loop outside of a
goal, or where nothing can happen any more.

| id | what is wrong | reported in, or where | kind | what it breaks | run |
| --- | --- | --- | --- | --- | --- |
"""


def _row(bug: Mutant) -> str:
    shown = test_job_known_bugs.RUNS[bug.id]
    address = bug.source.split(" ")[0].rstrip(",")
    name = address.rsplit("/", 1)[1]
    label = f"#{name}" if name.isdecimal() else f"`{name}`"
    star = "*" if "loop" in shown.because or "stops" in shown.because else ""
    breaks = ", ".join(f"`{each}`" for each in bug.shows)
    cells = (f"`{bug.id}`", bug.about, f"[{label}]({address})", bug.kind, breaks)
    return f"| {' | '.join(cells)} | {shown.length}{star} |\n"


def _released(rule: str) -> str:
    """In which releases a mutant is how the controller works, and what is violated there."""
    having = [each for each in versions.READ_OF_JOBS if rule in versions.known(each).rules]
    breaks = " and ".join(f"`{each}`" for each in DEFECTS[rule])
    return f"- `{rule}` in {', '.join(having)}: {breaks} may be violated.\n"


_RELEASED = """
## Which of them do releases have?

With `--kubernetes VERSION` a release is checked as it is. What a bug of that release breaks is told
as violated, though all preconditions are met:

"""


def document() -> str:
    """The page as it should be."""
    rows = "".join(map(_row, job_mutants.MUTANTS))
    return _HEAD + rows + _RELEASED + "".join(map(_released, DEFECTS))


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "known-job-bugs.md"
    page.write_text(document(), encoding="utf-8")
