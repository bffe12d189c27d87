"""
A Deployment with everything around it, as a system: its controllers, kubelets, caches and users.

:Omits: what the modules of its parts omit, each under this word: collisions of hashes, adoption of
    pods; scheduling, nodes and Services; overlapping selectors.

The system starts settled: the manifest was applied long ago and rolled out.
"""

from collections.abc import Callable
from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import (
    Action,
    DeclarationError,
    Index,
    Parameter,
    System,
    Total,
    Variable,
    View,
    every,
)

from . import clock, delivery, failover, faults, guards, kubelet, replicaset, users
from . import deployment_controller as controller
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
from .controller import MAX_RETRIES, Key, Pending
from .controller_utils import Expectations, filter_active_pods
from .deployment import StatusWrite
from .deployment_conditions import (
    MINIMUM_REPLICAS_AVAILABLE,
    NEW_RS_AVAILABLE_REASON,
    deployment_complete,
    get_deployment_condition,
    has_progress_deadline,
)
from .deployment_util import max_surge, min_available
from .environment import MOST_REPLICAS, Environment
from .informer import Copy, Queue, behind
from .manifest_apps import DeploymentManifest
from .pods import Pods, as_seen, count, settled
from .replicaset import Working

__all__ = ["compose", "spec_of"]


# ---- views ------------------------------------------------------------------------------------


def deployment_cached(deployment_cache: Deployment | None) -> bool:
    """Whether the cache shows the Deployment."""
    return deployment_cache is not None


def replica_set_cached(replica_set_cache: ReplicaSet | None) -> bool:
    """Whether the cache shows the ReplicaSet."""
    return replica_set_cache is not None


def deployment_syncing(deployment_sync: Pending | None) -> bool:
    """Whether the Deployment controller is at it."""
    return deployment_sync is not None


def replica_set_syncing(replica_set_sync: Working) -> bool:
    """Whether the ReplicaSet controller is at it."""
    return replica_set_sync is not None


def replica_set_behind(replica_set_queue: Queue, template: int) -> Copy:
    """How the cached ReplicaSet stands to the API's."""
    return behind(replica_set_queue, template)


def replica_set_deleting(replica_set: ReplicaSet | None) -> bool:
    """Whether the ReplicaSet waits for its pods to go before it goes itself."""
    return replica_set is not None and replica_set.deleting


def revision_of(replica_set: ReplicaSet | None) -> int:
    """The revision of the ReplicaSet; 0 for none."""
    return 0 if replica_set is None or replica_set.revision is None else replica_set.revision


def owned(replica_set: ReplicaSet | None) -> bool:
    """Whether there is the ReplicaSet, and it belongs to a Deployment."""
    return replica_set is not None and replica_set.owner is not None


def cached_uid(deployment_cache: Deployment | None) -> int | None:
    """Which Deployment of the name the cache shows; None for none."""
    return None if deployment_cache is None else deployment_cache.uid


def live_uid(deployment: Deployment | None) -> int | None:
    """Which Deployment of the name there is; None for none."""
    return None if deployment is None else deployment.uid


def deployment_alive(deployment: Deployment | None) -> str:
    """Whether the Deployment is there: "alive", "deleting" or "gone"."""
    if deployment is None:
        return "gone"
    return "deleting" if deployment.deleting else "alive"


def desired(deployment: Deployment | None) -> int:
    """How many replicas the Deployment asks for; 0 where there is none."""
    return 0 if deployment is None else deployment.spec.replicas


def surge(deployment: Deployment | None) -> int:
    """By how much sizes may exceed `desired`: nothing where it is 0."""
    return 0 if not desired(deployment) or deployment is None else max_surge(deployment)


def spare(deployment: Deployment | None) -> int:
    """How many of `desired` may be unavailable; all of them outside of rolling updates."""
    return 0 if deployment is None else deployment.spec.replicas - min_available(deployment)


def target(deployment: Deployment | None) -> int:
    """The template that the Deployment asks for; 0 where there is none."""
    return 0 if deployment is None else deployment.spec.template


def paused(deployment: Deployment | None) -> bool:
    """Whether the Deployment is there and paused."""
    return deployment is not None and deployment.spec.paused


def progress(deployment: Deployment | None) -> str:
    """The reason of the Progressing condition; empty where there is no such condition."""
    if deployment is None:
        return ""
    condition = get_deployment_condition(deployment.status, "Progressing")
    return "" if condition is None or condition.reason is None else condition.reason


def complete(deployment: Deployment | None) -> bool:
    """Whether the status says that the rollout of the present template is complete."""
    return deployment is not None and deployment_complete(deployment, deployment.status)


def noted(replica_set: ReplicaSet | None) -> int | None:
    """How many replicas its Deployment had when the ReplicaSet was resized last."""
    return None if replica_set is None else replica_set.desired_replicas


def size(replica_set: ReplicaSet | None) -> int:
    """How many replicas the ReplicaSet asks for; 0 where there is none."""
    return 0 if replica_set is None else replica_set.replicas


def active(pods: Pods) -> int:
    """How many pods there are that are neither finished nor terminating."""
    return count(pods, lambda kind: kind.phase in ("Pending", "Running") and not kind.terminating)


def available(pods: Pods) -> int:
    """How many pods are available, and not about to go."""
    return count(pods, lambda kind: kind.available and not kind.terminating)


def ready(pods: Pods) -> int:
    """How many pods are ready, and not about to go."""
    return count(pods, lambda kind: kind.ready and not kind.terminating)


def terminating(pods: Pods) -> int:
    """How many pods are about to go."""
    return count(pods, lambda kind: kind.terminating)


def failed(pods: Pods) -> int:
    """How many pods have failed for good."""
    return count(pods, lambda kind: kind.phase == "Failed")


def rolls(deployment: Deployment | None) -> bool:
    """Whether the Deployment is there and not paused."""
    return deployment is not None and not deployment.spec.paused


def least_sent(deployment_sync: Pending | None) -> int:
    """The least number in a Deployment's status that is about to be sent; 0 for no status."""
    value = None if deployment_sync is None else deployment_sync.write.value
    return value.status.unavailable_replicas if isinstance(value, StatusWrite) else 0


def reported_available(replica_set: ReplicaSet | None) -> int:
    """How many available pods the ReplicaSet's status speaks of."""
    return 0 if replica_set is None else replica_set.status.available_replicas


def doomed_ready(pods: Pods) -> int:
    """How many pods that the cache shows as ready a sync has chosen to delete."""
    return pods.where(lambda pod: pod.doomed and pod.seen is not None and pod.seen.ready).total


def spared_unready(pods: Pods) -> int:
    """How many active pods that the cache shows as not ready no sync has chosen to delete."""
    left = pods.where(lambda pod: not pod.doomed and not pod.orphaned)
    return filter_active_pods(as_seen(left)).where(lambda kind: not kind.ready).total


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
    _check(spec, around)
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
            Parameter("gives_up", around.gives_up),
            Parameter("variant", around.rules),
            *(Parameter(name.removesuffix("_left"), times) for name, times in budgets.items()),
        ],
        variables=[
            *(Variable(each) for each in _SHARED),
            *(Variable(each, over=_PER_TEMPLATE) for each in _OF_A_TEMPLATE),
            *((Variable("deployment_late"),) if around.lands_late else ()),
            *((Variable("replica_set_late", over=_PER_TEMPLATE),) if around.lands_late else ()),
            *(Variable(each) for each in (*budgets, *early, *uid)),
        ],
        views=_views(spec, around.level),
        actions=_actions(spec, around),
        initial=[
            {
                "deployment": deployment,
                "deployment_cache": deployment,
                "deployment_queue": (),
                "deployment_key": Key(),
                "deployment_sync": None,
                "deployment_copies": (Copy(),) * (templates + 1),
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
                "replica_set_copy": every(Copy()),
                "expectations": every(Expectations()),
                "pods": first(running, settled(PodKind(), 0)),
                **late,
                **budgets,
                **early,
                **uid,
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
    "controller_restarts_left": "controller-restart",
    "failovers_left": "failover",
    "write_failures_left": "write-failure",
    "write_unknowns_left": "write-unknown",
    "expectations_expire_left": "expectations-expire",
    "relists_left": "relist",
}


def _check(spec: DeploymentSpec, around: Environment) -> None:
    if len(around.values("delete")) > 1:
        raise DeclarationError("--users: delete is given with two propagations; give one")
    if around.times("relist") and around.lag < 2:
        raise DeclarationError("--faults relist needs --lag 2: one event is delivered, not lost")
    sizes = [spec.replicas, *map(int, around.values("scale"))]
    if max(sizes) > MOST_REPLICAS:
        raise DeclarationError(
            f"{max(sizes)} replicas are more than the {MOST_REPLICAS} that are explored; the"
            " same promises can be checked with fewer"
        )


def _views(spec: DeploymentSpec, level: str) -> list[View | Total]:
    shared: list[Callable[..., Any]] = [
        controller.copies_of_caches,
        clock.deployment_busy,
        guards.deployment_event_due,
        guards.deployment_key_due,
        guards.deployment_write_due,
        guards.watches_idle,
        cached_uid,
        deployment_cached,
        deployment_syncing,
        live_uid,
        deployment_alive,
        desired,
        surge,
        spare,
        target,
        paused,
        progress,
        complete,
        rolls,
        least_sent,
    ]
    one: list[Callable[..., Any]] = [
        clock.replica_set_busy,
        guards.listing_due,
        guards.pod_creation_due,
        guards.pod_deletion_due,
        guards.pod_event_due,
        guards.replica_set_event_due,
        guards.replica_set_key_due,
        guards.replica_set_write_due,
        guards.status_write_due,
        clock.pods_busy,
        clock.waiting_to_be_available,
        delivery.own_writes_unseen,
        replica_set_cached,
        replica_set_syncing,
        replica_set_behind,
        replica_set_deleting,
        revision_of,
        owned,
        size,
        active,
        available,
        ready,
        terminating,
        failed,
        noted,
        reported_available,
    ]
    if level != "atomic":
        one += [doomed_ready, spared_unready]
    if spec.strategy.type == "Recreate":
        one += [controller.unfinished, delivery.seen_pods]
    return [
        *(View(each.__name__, each) for each in shared),
        *(View(each.__name__, each, over=_PER_TEMPLATE) for each in one),
        *(Total(f"total_{each}", of=each) for each in _ADDED_UP),
    ]


_ADDED_UP = ("size", "active", "available", "ready", "terminating")

Fair = Literal["weak", "none"]


@frozen
class _Maker:
    """Makes actions; `committed` are those that follow at once at this level and lag."""

    level: str
    lag: int
    whole_observation: bool

    def of(
        self,
        actor: str,
        function: Callable[..., Any],
        writes: str,
        *,
        each: bool = False,
        fair: Fair = "weak",
        part_of: Literal["list", "sync", "watch", "step", None] = None,
        when: str | None = None,
    ) -> Action:
        """
        An action, asked only `when` that view is true.

        As `part_of` a sync or of a watch it follows at once where these are one step.
        """
        at_once = (
            part_of == "step"
            or (part_of == "list" and self.whole_observation)
            or (part_of == "sync" and self.level == "atomic")
            or (part_of == "watch" and self.lag == 0)
        )
        return Action(
            name=f"{function.__name__}",
            actor=actor,
            function=function,
            writes=tuple(writes.split()),
            over=_PER_TEMPLATE if each else (),
            fair=fair,
            committed=at_once,
            when=when,
        )


_DC_ENDS = (
    "deployment_sync deployment_key deployment_copies write_failures_left write_unknowns_left"
)
_RS_ENDS = (
    "replica_set_sync replica_set_key replica_set_copy write_failures_left write_unknowns_left"
)
_USER = "deployment deployment_queue deployment_copies"


def _actions(spec: DeploymentSpec, around: Environment) -> list[Action]:
    # To list pods later than expectations are read only delays what is decided, so it is a step of
    # its own just where everything is, or where the order of the two may be another one.
    late = "rc-expectations-checked-after-pod-list" in around.variant
    whole = around.level != "faulty" and not late
    maker = _Maker(around.level, around.lag, whole)
    recreate = spec.strategy.type == "Recreate"
    return [
        *_kubelet(maker, around),
        *_replica_set_controller(maker),
        *_deployment_controller(maker, recreate),
        *_watches(maker, recreate, around),
        *_clock(maker, spec, around.slow > 0),
        *_users(maker, around),
        *_faults(maker, around),
    ]


def _kubelet(maker: _Maker, around: Environment) -> list[Action]:
    pods = "pods pod_queue"
    found = [
        maker.of("kubelet", kubelet.start, pods, each=True),
        maker.of("kubelet", kubelet.become_ready, pods, each=True),
        maker.of("kubelet", kubelet.finish, pods, each=True),
    ]
    for fault, function, left in (
        ("container-exit", kubelet.exit_container, "container_exits_left"),
        ("unready", kubelet.become_unready, "unreadies_left"),
        ("pod-failed", kubelet.fail, "pod_failures_left"),
    ):
        if around.times(fault):
            found.append(maker.of("fault", function, f"{pods} {left}", each=True, fair="none"))
    return found


def _replica_set_controller(maker: _Maker) -> list[Action]:
    actor, rs = "replicaset", replicaset
    return [
        maker.of(
            actor,
            rs.start_sync,
            "replica_set_key replica_set_sync replica_set_copy expectations",
            each=True,
            when="replica_set_key_due",
        ),
        maker.of(
            actor,
            rs.list_pods,
            f"{_RS_ENDS} pods expectations",
            each=True,
            part_of="list",
            when="listing_due",
        ),
        maker.of(
            actor,
            rs.create_pod,
            f"{_RS_ENDS} pods pod_queue expectations",
            each=True,
            part_of="sync",
            when="pod_creation_due",
        ),
        maker.of(
            actor,
            rs.delete_pod,
            f"{_RS_ENDS} pods pod_queue expectations",
            each=True,
            part_of="sync",
            when="pod_deletion_due",
        ),
        maker.of(
            actor,
            rs.write_status,
            f"{_RS_ENDS} replica_set replica_set_queue deployment_copies",
            each=True,
            part_of="sync",
            when="status_write_due",
        ),
    ]


def _deployment_controller(maker: _Maker, recreate: bool) -> list[Action]:
    actor = "deployment"
    observe = controller.observe_for_recreate if recreate else controller.observe
    return [
        maker.of(
            actor,
            observe,
            "deployment_key deployment_sync deployment_copies",
            when="deployment_key_due",
        ),
        maker.of(
            actor,
            controller.write_deployment,
            f"{_DC_ENDS} deployment deployment_queue deadline",
            part_of="sync",
            when="deployment_write_due",
        ),
        maker.of(
            actor,
            controller.write_replica_set,
            f"{_DC_ENDS} replica_set replica_set_queue replica_set_copy pods",
            each=True,
            part_of="sync",
            when="replica_set_write_due",
        ),
    ]


def _watches(maker: _Maker, recreate: bool, around: Environment) -> list[Action]:
    told: Any = failover if around.lands_late else delivery
    late = " deployment_late" if around.lands_late else ""
    deliver_pod = delivery.deliver_pod_for_recreate if recreate else delivery.deliver_pod
    pod_writes = "pods pod_queue expectations replica_set_key"
    return [
        maker.of(
            "watch",
            told.deliver_deployment,
            f"deployment_cache deployment_queue deployment_key{late}",
            part_of="watch",
            when="deployment_event_due",
        ),
        maker.of(
            "watch",
            told.deliver_replica_set,
            "replica_set_cache replica_set_queue replica_set_key deployment_key expectations"
            + (f" replica_set_late{late}" if around.lands_late else ""),
            each=True,
            part_of="watch",
            when="replica_set_event_due",
        ),
        maker.of(
            "watch",
            deliver_pod,
            pod_writes + (" deployment_key" if recreate else ""),
            each=True,
            part_of="watch",
            when="pod_event_due",
        ),
    ]


def _clock(maker: _Maker, spec: DeploymentSpec, slow: bool) -> list[Action]:
    found = []
    if spec.min_ready_seconds > 0:
        found += [
            maker.of("clock", clock.pass_min_ready_seconds, "pods", each=True, when="watches_idle"),
            maker.of(
                "clock", clock.pass_requeue, "replica_set_key", each=True, when="watches_idle"
            ),
        ]
    if has_progress_deadline(Deployment(spec)):
        found.append(
            maker.of("clock", clock.pass_deadline, "deadline deployment_key", when="watches_idle")
        )
    if slow:
        found += [_early(maker, each) for each in found]
    return found


def _early(maker: _Maker, timely: Action) -> Action:
    """The same timer, going off while something else could happen."""
    name = f"{timely.name}_early"
    return maker.of(
        "clock",
        getattr(clock, name),
        " ".join((*timely.writes, "early_left")),
        each=bool(timely.over),
        fair="none",
    )


def _users(maker: _Maker, around: Environment) -> list[Action]:
    found = []
    for user, function, more in (
        ("set-image", users.set_image, "newest_template set_images_left"),
        ("restart", users.restart, "newest_template restarts_left"),
        ("scale", users.scale, "scales_left"),
        ("undo", users.undo, "undos_left"),
        ("pause", users.pause, "pauses_left"),
        ("resume", users.resume, "resumes_left"),
        ("apply", users.apply, "applies_left"),
        ("delete", users.delete, "deletes_left"),
    ):
        if around.times(user):
            found.append(maker.of("user", function, f"{_USER} {more}", fair="none"))
    if around.creates_anew:
        found.append(
            maker.of(
                "user",
                users.create_anew,
                f"{_USER} applies_left newest_uid deadline",
                fair="none",
            )
        )
    collector = "garbage collector"
    found.append(maker.of(collector, kubelet.collect_pod, "pods pod_queue", each=True))
    if around.times("delete"):
        found += [
            maker.of(
                collector,
                users.collect_replica_set,
                "replica_set replica_set_queue replica_set_copy deployment_copies pods",
                each=True,
            ),
            maker.of(collector, users.finish_deletion, _USER),
        ]
    return found


def _faults(maker: _Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function in (
        ("controller-restart", faults.restart_controllers),
        ("failover", failover.fail_over),
    ):
        if around.times(fault):
            left = f"{fault.replace('-', '_')}s_left"
            found.append(maker.of("fault", function, f"restarting {left}", fair="none"))
    if around.times("controller-restart") or around.times("failover"):
        found += _lists_anew(maker, around.lands_late)
    if around.lands_late:
        found += _former_leader(maker)
    if around.times("expectations-expire"):
        found.append(
            maker.of(
                "fault",
                faults.expire_expectations,
                "expectations expectations_expire_left",
                each=True,
                fair="none",
            )
        )
    if around.times("relist"):
        found += [
            maker.of("fault", faults.relist_pods, "relisting relists_left pod_queue", fair="none"),
            maker.of(
                "fault",
                faults.relist_pods_of,
                "relisting pods expectations replica_set_key",
                each=True,
                fair="none",
                part_of="step",
            ),
        ]
    return found


def _lists_anew(maker: _Maker, lands_late: bool) -> list[Action]:
    """What a process does that starts: parts of the step that ends the one before."""
    of_one: Callable[..., Any] = faults.restart_replica_set_controller
    of_all: Callable[..., Any] = faults.restart_deployment_controller
    writes = {
        "one": "restarting replica_set_cache replica_set_sync replica_set_copy replica_set_key"
        " expectations pods",
        "all": "restarting deployment_cache deployment_sync deployment_copies deployment_key"
        " deployment_queue replica_set_queue pod_queue",
    }
    if lands_late:
        of_one, of_all = failover.take_over_replica_set, failover.take_over_deployment
        writes["one"] += " replica_set_late"
        writes["all"] += " deployment_late"
    return [
        maker.of("fault", of_one, writes["one"], each=True, fair="none", part_of="step"),
        maker.of("fault", of_all, writes["all"], fair="none", part_of="step"),
    ]


def _former_leader(maker: _Maker) -> list[Action]:
    actor = "former leader"
    rs = "replica_set replica_set_queue replica_set_copy deployment_copies"
    pods = "pods pod_queue"
    return [
        maker.of(
            actor,
            failover.land_deployment_write,
            "deployment_late deployment deployment_queue deployment_copies deadline",
            fair="none",
        ),
        maker.of(
            actor,
            failover.land_replica_set_write,
            f"deployment_late {rs} pods",
            each=True,
            fair="none",
        ),
        maker.of(
            actor, failover.land_status_write, f"replica_set_late {rs}", each=True, fair="none"
        ),
        maker.of(
            actor, failover.land_pod_creation, f"replica_set_late {pods}", each=True, fair="none"
        ),
        maker.of(actor, failover.land_pod_deletion, pods, each=True, fair="none"),
    ]


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
    if around.lag:
        texts.append(f"a writer waits while {around.lag} events of its kind are on their way")
    if 0 < around.times("write-failure") <= MAX_RETRIES:
        texts.append(
            f"no key is given up: that takes {MAX_RETRIES + 1} syncs in a row that fail, more than"
            " requests may fail here; conflicts end before"
        )
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts
