"""
A Deployment with everything around it, as a system: its controllers, kubelets, caches and users.

:Omits: what the modules of its parts omit, each under this word: adoption of pods;
    scheduling, nodes and Services; overlapping selectors.

The system starts settled: the manifest was applied long ago and rolled out.
"""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from seatrial.core import (
    DeclarationError,
    Index,
    Parameter,
    System,
    Variable,
    every,
)

from . import collisions
from .api import (
    RECREATE,
    Deployment,
    DeploymentCondition,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    PodKind,
    ReplicaSet,
    ReplicaSetStatus,
    RollingUpdateDeployment,
)
from .controller import MAX_RETRIES, Key
from .controller_utils import Expectations
from .deployment_actions import actions
from .deployment_conditions import (
    MINIMUM_REPLICAS_AVAILABLE,
    NEW_RS_AVAILABLE_REASON,
    has_progress_deadline,
)
from .deployment_util import max_surge
from .environment import MOST_REPLICAS, Environment
from .manifest.deployment import DeploymentManifest
from .pods import settled
from .views import views

__all__ = ["check", "compose", "spec_of"]


# ---- the start --------------------------------------------------------------------------------


def spec_of(manifest: DeploymentManifest) -> DeploymentSpec:
    """The spec of a manifest, as the controllers read it."""
    strategy = RECREATE
    if manifest.strategy == "RollingUpdate":
        bounds = RollingUpdateDeployment(manifest.max_unavailable, manifest.max_surge)
        strategy = DeploymentStrategy("RollingUpdate", bounds)
    return DeploymentSpec(
        template=1,
        replicas=manifest.replicas,
        paused=manifest.paused,
        strategy=strategy,
        min_ready_seconds=manifest.min_ready_seconds,
        revision_history_limit=manifest.revision_history_limit,
        progress_deadline_seconds=manifest.progress_deadline_seconds,
    )


def _settled(spec: DeploymentSpec, counts_terminating: bool) -> tuple[Deployment, ReplicaSet]:
    """A Deployment whose first rollout is complete, and its ReplicaSet."""
    replicas, terminating = spec.replicas, 0 if counts_terminating else None
    conditions = [DeploymentCondition("Available", "True", MINIMUM_REPLICAS_AVAILABLE)]
    deployment = Deployment(spec, revision=1)
    if has_progress_deadline(deployment):
        reason = NEW_RS_AVAILABLE_REASON
        conditions.append(DeploymentCondition("Progressing", "True", reason))
    status = DeploymentStatus(
        replicas=replicas,
        updated_replicas=replicas,
        ready_replicas=replicas,
        available_replicas=replicas,
        terminating_replicas=terminating,
        conditions=tuple(conditions),
    )
    rs = ReplicaSet(
        template=1,
        created=1,
        replicas=replicas,
        min_ready_seconds=spec.min_ready_seconds,
        status=ReplicaSetStatus(replicas, replicas, replicas, replicas, terminating),
        desired_replicas=replicas,
        max_replicas=replicas + max_surge(deployment),
        revision=1,
    )
    return evolve(deployment, status=status), rs


# ---- the system -------------------------------------------------------------------------------


_PER_TEMPLATE = ("template",)


def compose(name: str, spec: DeploymentSpec, around: Environment) -> System:
    """
    A Deployment of this spec in this environment, as a system.

    Raises DeclarationError where the environment cannot be had.
    """
    check(spec, around)
    templates = 1 + around.times("set-image") + around.times("restart")
    members = tuple(range(1, templates + 1))
    deployment, rs = _settled(spec, around.gate("DeploymentReplicaSetTerminatingReplicas"))
    running = settled(PodKind("Running", ready=True, available=True), spec.replicas)

    def first(value: Any, others: Any) -> dict[int, Any]:
        return {each: value if each == 1 else others for each in members}

    budgets = {name: around.times(fault) for name, fault in _BUDGETS.items()}
    uid = {"newest_uid": 0} if around.creates_anew else {}
    early = {"early_left": around.slow} if around.slow else {}
    late = {"deployment_late": None, "replica_set_late": every(None)} if around.lands_late else {}
    nobody = frozenset[collisions.TakenName]()
    names = {"names_taken": nobody} if around.collides else {}
    never_ready = frozenset(members[1 : 1 + around.times("never-ready")])
    return System(
        name=name,
        indices=[Index("template", members)],
        parameters=[
            Parameter("manifest", spec),
            Parameter("min_ready_seconds", spec.min_ready_seconds),
            Parameter("templates", templates),
            Parameter("lag", around.lag),
            Parameter("sizes", tuple(int(each) for each in around.values("scale"))),
            Parameter("propagation", (around.values("delete") or ("background",))[0]),
            Parameter("never_ready", never_ready),
            Parameter("consistency_store", around.gate("StaleControllerConsistencyReplicaSet")),
            Parameter(
                "terminating_replicas", around.gate("DeploymentReplicaSetTerminatingReplicas")
            ),
            Parameter(
                "write_faults", around.times("write-failure") + around.times("write-unknown") > 0
            ),
            Parameter("collides", around.collides or around.finds_own),
            Parameter("gives_up", around.gives_up),
            Parameter("variant", around.rules),
            *(Parameter(name.removesuffix("_left"), times) for name, times in budgets.items()),
            *(() if around.collides else (Parameter("names_taken", nobody),)),
        ],
        variables=[
            *(Variable(each) for each in _SHARED),
            *(Variable(each, over=_PER_TEMPLATE) for each in _OF_A_TEMPLATE),
            *((Variable("deployment_late"),) if around.lands_late else ()),
            *((Variable("replica_set_late", over=_PER_TEMPLATE),) if around.lands_late else ()),
            *(Variable(each) for each in (*budgets, *early, *uid, *names)),
        ],
        views=views(spec, around),
        actions=actions(spec, around),
        initial=[
            {
                "deployment": deployment,
                "deployment_cache": deployment,
                "deployment_queue": (),
                "deployment_key": Key(),
                "deployment_sync": None,
                "deployment_copies": (None,) * (templates + 1),
                "deadline": "off",
                "newest_template": 1,
                "replica_set_queue": (),
                "pod_queue": (),
                "restarting": 0,
                "relisting": 0,
                "replica_set": first(rs, None),
                "replica_set_cache": first(rs, None),
                "replica_set_key": every(Key()),
                "replica_set_sync": every(None),
                "replica_set_copy": every(None),
                "expectations": every(Expectations()),
                "pods": first(running, settled(PodKind(), 0)),
                **late,
                **budgets,
                **early,
                **uid,
                **names,
            }
        ],
        assumptions=_assumptions(around),
    )


_SHARED = (
    "deployment",
    "deployment_cache",
    "deployment_queue",
    "deployment_key",
    "deployment_sync",
    "deployment_copies",
    "deadline",
    "newest_template",
    "replica_set_queue",
    "pod_queue",
    "restarting",
    "relisting",
)
_OF_A_TEMPLATE = (
    "replica_set",
    "replica_set_cache",
    "replica_set_key",
    "replica_set_sync",
    "replica_set_copy",
    "expectations",
    "pods",
)
_BUDGETS = {
    "set_images_left": "set-image",
    "restarts_left": "restart",
    "scales_left": "scale",
    "undos_left": "undo",
    "pauses_left": "pause",
    "resumes_left": "resume",
    "applies_left": "apply",
    "deletes_left": "delete",
    "container_exits_left": "container-exit",
    "unreadies_left": "unready",
    "pod_failures_left": "pod-failed",
    "unschedulables_left": "unschedulable",
    "controller_restarts_left": "controller-restart",
    "failovers_left": "failover",
    "write_failures_left": "write-failure",
    "write_unknowns_left": "write-unknown",
    "expectations_expire_left": "expectations-expire",
    "hash_collisions_left": "hash-collision",
    "relists_left": "relist",
}


def check(spec: DeploymentSpec, around: Environment) -> None:
    """Raises DeclarationError for what cannot be, or cannot be explored, around a Deployment."""
    if len(around.values("delete")) > 1:
        raise DeclarationError("--users: delete is given with two propagations; give one")
    if around.times("relist") and around.lag < 2:
        raise DeclarationError("--faults relist needs --lag 2: one event is delivered, not lost")
    if spec.replicas > MOST_REPLICAS:
        raise DeclarationError(
            f"spec.replicas: {spec.replicas} replicas are more than the {MOST_REPLICAS} that are"
            " explored; the same promises can be checked with fewer"
        )


def _of_one_template(around: Environment) -> Iterator[str]:
    """What is not modelled of two ReplicaSets of one template, where there might be two."""
    if around.creates_anew:
        orphaned = around.values("delete") == ("orphan",)
        yield (
            "a Deployment is created anew only once its controller knows that the one before is"
            f" gone and that its ReplicaSets are {'orphans' if orphaned else 'gone too'}"
        )
    unseen = around.lag > 1 or around.lands_late
    again = around.collides and unseen and around.times("undo") + around.times("apply") > 0
    if again or (around.creates_anew and around.level != "atomic"):
        yield "no Deployment has two ReplicaSets of one template"


def _assumptions(around: Environment) -> list[str]:
    gates = ", ".join(f"{name}={str(on).lower()}" for name, on in around.gates)
    texts = [
        f"Kubernetes {around.kubernetes}; feature gates {gates}",
        f"level {around.level}, lag {around.lag}",
        f"users: {', '.join(map(str, around.users)) or 'none'}",
        f"faults: {', '.join(map(str, around.faults)) or 'none'}",
        "the rollout of the manifest is complete at the start",
        f"clock {around.clock}: time passes only when nothing else can happen",
    ]
    if around.slow:
        texts[-1] += f", but for {around.slow} timers, which may go off early"
    if around.waits:
        texts.append("any pod may find no node or no volume, and stay pending, for ever or not")
    if around.lag:
        texts.append(f"a writer waits while {around.lag} events of its kind are on their way")
    if around.collides:
        texts.append("a name that is taken stays so")
        if around.lag > 0 and not around.gives_up:
            texts.append(
                f"a cache shows who has a name before {MAX_RETRIES + 1} syncs in a row have failed"
                " for it"
            )
    texts += _of_one_template(around)
    if 0 < around.times("write-failure") <= MAX_RETRIES:
        texts.append(
            f"no key is given up: that takes {MAX_RETRIES + 1} syncs in a row that fail, more than"
            " requests may fail here; conflicts end before"
        )
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts
