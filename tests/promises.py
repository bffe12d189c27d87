"""Small Deployments and their environments, in which promises are asked. A search is made once."""

from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Report, Verdict
from seatrial.engines.explore import explore
from seatrial.kinds import KINDS
from seatrial.model import Environment, api, environment, workload
from seatrial.properties import Promise, properties_for, workloads
from workloads import bound

BY_ID = {each.property.id: each for each in workloads.PROMISES}


@frozen
class Case:
    """A Deployment in an environment; with `ids`, only these promises are asked of it."""

    spec: api.DeploymentSpec
    around: Environment
    ids: tuple[str, ...] = ()

    def asked(self) -> tuple[Promise, ...]:
        """The promises that apply, or those that were named."""
        found = {each.id for each in properties_for(self.spec, self.around)}
        return tuple(BY_ID[each] for each in BY_ID if each in (self.ids or found))


def case(
    replicas: int = 1,
    surge: int | str = 1,
    unavailable: int | str = 0,
    *,
    recreate: bool = False,
    users: str = "set-image",
    faults: str = "none",
    level: environment.Level = "atomic",
    lag: int = 0,
    slow: int = 0,
    gates: str = "",
    kubernetes: str = environment.DEFAULT,
    ids: tuple[str, ...] = (),
    **spec: Any,
) -> Case:
    """A Deployment with these bounds, and what is done to it."""
    rolling = api.rolling_update(max_surge=bound(surge), max_unavailable=bound(unavailable))
    strategy = api.RECREATE if recreate else rolling
    return Case(
        api.DeploymentSpec(1, replicas, strategy=strategy, **spec),
        Environment(
            users=environment.budgets([users or "none"], "users"),
            faults=environment.budgets([faults or "none"], "faults"),
            level=level,
            lag=lag,
            slow=slow,
            gates=environment.feature_gates([gates], kubernetes),
            kubernetes=kubernetes,
        ),
        ids,
    )


WHERE = (
    case(),
    case(users="none"),
    case(2, users="set-image"),
    case(users="scale:0,scale:2"),
    case(users="set-image,undo", revision_history_limit=0),
    case(users="set-image,pause"),
    case(users="undo"),
    case(users="pause,undo"),
    case(faults="never-ready"),
    case(faults="never-ready", progress_deadline_seconds=None),
    case(users="set-image,pause", progress_deadline_seconds=None),
    case(users="pause"),
    case(recreate=True),
    case(recreate=True, faults="never-ready"),
    case(recreate=True, users="set-image,scale:2"),
    case(level="interleaved"),
    case(users="scale:2", level="interleaved"),
    case(faults="never-ready", level="interleaved"),
    case(2, users="scale:1,scale:2"),
)
"""Where some promises say nothing."""


@cache
def searched(of: Case) -> Report:
    """All states, and what is so of the promises that are asked."""
    system = workload.compose("small", of.spec, of.around)
    return explore(system, [each.property for each in of.asked()], threads=2)


def broken(promise: str, words: str, of: Case) -> Verdict:
    """
    The promise, broken in a case in which exactly one precondition is not met: the one so worded.

    With `words` empty all are met: the promise is refuted as it stands.
    """
    unmet = [each.words for each in BY_ID[promise].unmet(of.spec, of.around)]
    assert unmet == ([words] if words else [])
    asked = evolve(BY_ID[promise].property, expected="holds")
    system = workload.compose("small", of.spec, of.around)
    (verdict,) = explore(system, [asked], threads=2, first=True).verdicts
    assert verdict.status == "violated"
    return verdict


_HEAD = """\
# What is promised of workloads?

Each line is a property of a workload of its kind. It is asked *where* it has something to say, and
elsewhere it is not broken. It holds *if* all of its conditions are met: a run breaks it where one
is dropped (`seatrial check FILE --why ID`). The runs are pinned by the tests;
`tests/open_conditions.yaml` lists the conditions that have none yet. A promise that is expected to
be refuted is shown to be false where it is asked. One without conditions is broken where a rule of
a controller is wrong, as `tests/test_seeded_faults.py` has it.
Ids that begin with `seed-` are of sentences that are often said.
`python tests/promises.py` writes this page.
"""
_TABLE = """
## Of a {kind}

| id | promise | kind | expected | where | if |
| --- | --- | --- | --- | --- | --- |
"""


def document() -> str:
    """The page of the documentation on promises."""
    text = _HEAD
    for kind in KINDS.values():
        text += _TABLE.format(kind=kind.name)
        for each in kind.promises:
            of = each.property
            where, needed = (
                "; ".join(one.words for one in part) for part in (each.where, each.conditions)
            )
            cells = (f"`{of.id}`", of.says, of.kind, of.expected, where, needed)
            text += f"| {' | '.join(cells)} |\n"
    return text


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "promises.md"
    page.write_text(document(), encoding="utf-8")
