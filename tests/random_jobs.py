"""
Any Job in any environment, drawn from a seed: is every promise kept that applies there?

`python tests/random_jobs.py SEED COUNT` asks of so many seeds, and prints what is broken.
"""

import random
import sys
from typing import Any, Literal

from attrs import evolve

from job_promises import BY_ID, DEFECTS, Case
from random_search import MOST_STATES, Finding, ask, gates, named, searched
from seatrial.core import DeclarationError
from seatrial.model import (
    Environment,
    environment,
    job_api,
    job_mutants,
    job_workload,
    versions,
)

_USERS = (
    "set-parallelism:0",
    "set-parallelism:1",
    "set-parallelism:3",
    "set-parallelism:2@2",
    "set-backoff-limit:0",
    "set-backoff-limit:2",
    "set-active-deadline:0",
    "set-active-deadline:60",
    "set-active-deadline:none",
    "set-ttl:0",
    "set-ttl:none",
    "suspend",
    "suspend@2",
    "resume",
    "resume@2",
    "delete:background",
    "delete:foreground",
    "delete:orphan",
    "delete-pod",
    "delete-pod@2",
    "strip-finalizer",
)
_INDEXED_USERS = (
    "set-completions:0",
    "set-completions:1@2",
    "set-completions:1",
    "set-completions:2",
    "set-completions:3",
    "set-max-failed-indexes:0",
    "set-max-failed-indexes:none",
)
_FAULTS = (
    "container-exit",
    "container-exit@2",
    "container-exit@3",
    "container-exit:42",
    "container-exit:42@2",
    "controller-restart",
    "controller-restart@2",
    "failover",
    "write-failure",
    "write-failure@2",
    "write-unknown",
    "write-unknown@2",
    "expectations-expire",
    "relist",
    "relist@2",
    "node-crash",
    "node-crash@2",
    "node-off",
    "evict",
    "evict@2",
    "stale-api-server",
    "pod-condition",
    "pod-condition@2",
    "failover@2",
    "stale-api-server@2",
)
_FIXES = tuple(each.id for each in job_mutants.MUTANTS if each.kind == "fix")


def drawn(seed: int) -> Case:
    """The Job and the environment of this seed."""
    of = random.Random(seed)
    while True:
        spec = _spec(of)
        found = Case(spec, _environment(of, spec))
        try:
            job_workload.check(found.spec, found.around)
        except DeclarationError:
            continue
        return found


def _spec(of: random.Random) -> job_api.JobSpec:
    indexed = of.random() < 0.5
    completions = of.choice((0, 1, 1, 2, 2, 3) if indexed else (None, None, 0, 1, 1, 2, 2, 3))
    spec: dict[str, Any] = {
        "completions": completions,
        "parallelism": of.choice((0, 1, 1, 2, 2, 3)),
        "completion_mode": "Indexed" if indexed else "NonIndexed",
        "backoff_limit": of.choice((0, 0, 1, 1, 2, 3)),
        "pod_replacement_policy": of.choice(("TerminatingOrFailed", "Failed")),
        "suspend": of.random() < 0.1,
        "active_deadline_seconds": of.choice((None,) * 8 + (0, 60, 60)),
        "ttl_seconds_after_finished": of.choice((None, None, None, 0, 60)),
        "restart_policy": of.choice(("Never", "Never", "OnFailure")),
        "managed_by": of.choice((None,) * 30 + ("kubernetes.io/job-controller", "example.com/it")),
    }
    if indexed:
        spec |= _of_indexes(of, completions or 0)
    if of.random() < 0.3:
        per_index = spec.get("backoff_limit_per_index") is not None
        rules = tuple(_failure_rule(of, per_index) for _ in range(of.choice((1, 1, 2))))
        spec |= {"pod_failure_policy": rules, "pod_replacement_policy": "Failed"}
    if spec.get("backoff_limit_per_index") is not None or "pod_failure_policy" in spec:
        spec["restart_policy"] = "Never"
    return job_api.JobSpec(**spec)


def _of_indexes(of: random.Random, completions: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if of.random() < 0.5:
        found["backoff_limit_per_index"] = of.choice((0, 0, 1, 2))
        found["backoff_limit"] = of.choice((0, 1, 2, 2**31 - 1, 2**31 - 1))
        if of.random() < 0.5:
            found["max_failed_indexes"] = of.randint(0, completions)
    if completions and of.random() < 0.3:
        last = of.randrange(completions)
        rules = (
            job_api.SuccessRule(succeeded_indexes=str(last)),
            job_api.SuccessRule(succeeded_count=of.randint(1, completions)),
            job_api.SuccessRule(f"0-{last}" if last else "0", of.randint(1, last + 1)),
        )
        found["success_policy"] = tuple(of.sample(rules, of.choice((1, 1, 2))))
    return found


def _failure_rule(of: random.Random, per_index: bool) -> job_api.FailureRule:
    actions: list[Literal["FailJob", "FailIndex", "Ignore", "Count"]]
    actions = ["FailJob", "Ignore", "Count"]
    if per_index:
        actions.append("FailIndex")
    action = of.choice(actions)
    if of.random() < 0.5:
        asked = of.choice((job_api.DISRUPTION_TARGET, "ConfigIssue"))
        return job_api.FailureRule(action, on_pod_conditions=((asked, "True"),))
    codes = of.choice(
        (
            job_api.ExitCodes("In", (1,)),
            job_api.ExitCodes("In", (42,)),
            job_api.ExitCodes("In", (137, 143)),
            job_api.ExitCodes("NotIn", (42,)),
            job_api.ExitCodes("NotIn", (1, 137)),
        )
    )
    return job_api.FailureRule(action, on_exit_codes=codes)


def _environment(of: random.Random, spec: job_api.JobSpec) -> Environment:
    kubernetes = of.choice((environment.DEFAULT, environment.DEFAULT, *versions.READ_OF_JOBS))
    users = (*_USERS, *(_INDEXED_USERS if spec.indexed else ()))
    return Environment(
        users=environment.budgets(named(of, users, (0, 0, 1, 1, 2, 3)), "users"),
        faults=environment.budgets(named(of, _FAULTS, (0, 1, 1, 2, 3)), "faults"),
        level=of.choice(("atomic", "atomic", "interleaved", "faulty")),
        lag=of.choice((0, 1, 1, 2, 2)),
        slow=of.choice((0, 0, 0, 1, 2)),
        gates=gates(of, kubernetes),
        kubernetes=kubernetes,
        variant=frozenset(each for each in _FIXES if of.random() < 0.03),
    )


def asked(of: Case, most_states: int = MOST_STATES) -> Finding:
    """Ask all that is to hold there; what a listed bug of the release breaks is no finding."""
    system = job_workload.compose("random", of.spec, of.around)
    found = searched(of, system, (each.property for each in of.asked()), most_states)
    broken = {each.property.id for each in found.report.verdicts if each.status == "violated"}
    listed = {
        each
        for rule in versions.known(of.around.kubernetes).rules
        for each in DEFECTS.get(rule, ())
    }
    if not broken & listed:
        return found
    mended = asked(evolve(of, around=_mended(of.around), ids=tuple(broken & listed)), most_states)
    others = (each for each in found.broken if each.split(":")[0] not in listed)
    return evolve(found, broken=(*others, *mended.broken))


def _mended(around: Environment) -> Environment:
    """The same with the rules of the release that is modelled most closely; gates stay."""
    return evolve(around, kubernetes=environment.DEFAULT)


if __name__ == "__main__":
    promises = [each.property for each in BY_ID.values()]
    ask(lambda seed: asked(drawn(seed)), int(sys.argv[1]), int(sys.argv[2]), promises)
