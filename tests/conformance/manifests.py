"""
Hold the manifest reader against the API server: what it refuses, and what it stores.

    python -m conformance.manifests record
    python -m conformance.manifests run [--count N] [--seed N]

Both need Go once: `make manifest-oracle`. `record` writes the cases that the ordinary tests check;
`run` compares fresh ones and ends with how many there were, 1 where something differs.
"""

import argparse
import copy
import json
import lzma
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from given_manifests import GATE
from seatrial.model import ManifestError, Workload, parse_manifests
from valid_manifests import CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, STATEFUL_SETS

from .suspects import CUSTOM, IN_PODS, NAMES, TEMPLATE_LABELS, VALUES, schedule

__all__ = ["RECORDED", "Case", "difference", "draw", "read"]

ORACLE = Path(__file__).parents[2] / "build" / "oracle" / "manifests"
RECORDED = Path(__file__).parent / "recorded" / "manifests.jsonl.xz"
_MADE_UP = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NAMED = ("job-name", "batch.kubernetes.io/job-name")

Object = dict[str, Any]


@frozen
class Case:
    """A manifest, the feature gates that are on, and the API server's answer."""

    manifest: Object
    gates: tuple[str, ...]
    answer: Object


def difference(case: Case) -> str | None:
    """Where the reader and the API server do not agree about a manifest; None where they do."""
    refused = {"refused", "undecoded", "crashed"} & case.answer.keys()
    try:
        mine = _only(case.manifest, case.gates)
    except ManifestError as error:
        return None if refused else f"refused here only: {error}"
    if refused:
        return f"refused there only: {case.answer}"
    stored = _comparable(_only(_as_given(case.answer["stored"]), case.gates).document())
    document = _comparable(mine.document())
    return None if document == stored else f"{document} was stored as {stored}"


def _only(manifest: Object, gates: Sequence[str]) -> Workload:
    found = parse_manifests(json.dumps(manifest), "it.yaml", gates)
    (one,) = (*found.workloads, *found.unmodelled)
    return one


def _as_given(stored: Object) -> Object:
    """What was stored, without what only the API server writes."""
    given = copy.deepcopy(stored)
    given.pop("status", None)
    given["metadata"].pop("uid", None)
    annotations = given["metadata"].get("annotations", {})
    annotations.pop("deprecated.daemonset.template.generation", None)
    if given["kind"] == "Job" and not given["spec"].get("manualSelector"):
        del given["spec"]["selector"]
        _without(given["spec"]["template"].get("metadata", {}), _MADE_UP)
    return given


def _comparable(document: Object) -> Object:
    """A document without the labels that a Job gets, which end up on the Job itself as well."""
    if document["kind"] == "Job":
        _without(document["metadata"], (*_MADE_UP, *_NAMED))
        template = document["spec"]["template"]
        _without(template.get("metadata", {}), (*_MADE_UP, *_NAMED))
        if not template.get("metadata", {}).get("labels"):
            template.get("metadata", {}).pop("labels", None)
        if not template.get("metadata"):
            template.pop("metadata", None)
    return document


def _without(metadata: Object, labels: Sequence[str]) -> None:
    for label in labels:
        metadata.get("labels", {}).pop(label, None)


# ---- cases --------------------------------------------------------------------------------------


def draw(count: int, number: int) -> list[Object]:
    """Manifests of all kinds with up to three mistakes each; the same seed gives the same."""
    chance = random.Random(number)
    found: list[Object] = []

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(STATEFUL_SETS, JOBS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS))
    def collect(manifest: Object) -> None:
        found.append(_mistaken(json.loads(json.dumps(manifest)), chance))

    collect()
    return found


def _mistaken(manifest: Object, chance: random.Random) -> Object:
    kind, spec = manifest["kind"], manifest["spec"]
    if kind == "CronJob" and chance.random() < 0.7:
        spec["schedule"] = schedule(chance)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        field, values = chance.choice(CUSTOM[kind])
        places = list(_places(spec))
        if chance.random() < 0.5:
            spec[field] = copy.deepcopy(chance.choice(values))
        elif places:
            around, step = chance.choice(places)
            around[step] = copy.deepcopy(chance.choice(VALUES))
    template = _template(spec if kind != "CronJob" else spec.get("jobTemplate"))
    if template is not None and chance.random() < 0.25:
        field, values = chance.choice(IN_PODS)
        template["spec"][field] = copy.deepcopy(chance.choice(values))
    if template is not None and chance.random() < 0.1:
        template["metadata"] = {"labels": chance.choice(TEMPLATE_LABELS)}
    if chance.random() < 0.1:
        manifest["metadata"]["name"] = chance.choice(NAMES)
    return manifest


def _template(around: Any) -> Object | None:
    for step in ("spec", "template"):
        inner = around.get(step) if isinstance(around, dict) else None
        around = inner if isinstance(inner, dict) or step == "template" else around
    valid = isinstance(around, dict) and isinstance(around.get("spec"), dict)
    return around if valid else None


def _places(around: Any) -> Iterator[tuple[Any, Any]]:
    steps = around if isinstance(around, dict) else range(len(around))
    for step in steps:
        yield around, step
        if isinstance(around[step], dict | list):
            yield from _places(around[step])


def asked(manifests: Sequence[Object], gates: Sequence[str]) -> list[Case]:
    """What the API server says to each."""
    command = [str(ORACLE), *([",".join(f"{gate}=true" for gate in gates)] if gates else [])]
    text = "".join(json.dumps(each) + "\n" for each in manifests)
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    return [
        Case(each, tuple(gates), json.loads(line))
        for each, line in zip(manifests, lines, strict=True)
    ]


def read() -> Iterator[Case]:
    """The recorded cases."""
    with lzma.open(RECORDED, "rt", encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            yield Case(found["manifest"], tuple(found["gates"]), found["answer"])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="conformance.manifests")
    parser.add_argument("what", choices=("record", "run"))
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if not ORACLE.exists():
        print("the oracle is not built; run make manifest-oracle", file=sys.stderr)
        return 2
    half = options.count // 2
    cases = asked(draw(half, options.seed), ())
    cases += asked(draw(half, options.seed + 1_000_000), tuple(GATE))
    if options.what == "record":
        with lzma.open(RECORDED, "wt", encoding="utf-8", preset=9) as file:
            for each in cases:
                line = {"manifest": each.manifest, "gates": each.gates, "answer": each.answer}
                file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    found = [(each, difference(each)) for each in cases]
    for each, words in found:
        if words is not None:
            print(f"{json.dumps(each.manifest)}\n    {words}")
    kinds = Counter((each.manifest["kind"], *each.answer.keys() - {"warnings"}) for each in cases)
    for key, number in sorted(kinds.items()):
        print(*key, number)
    return int(any(words is not None for _, words in found))


if __name__ == "__main__":
    sys.exit(main())
