"""
A Deployment with everything around it, as a system: its controllers, kubelets, caches and users.

:Omits: what the modules of its parts omit, each under this word: adoption of pods;
    scheduling, nodes and Services; overlapping selectors.

The system starts settled: the manifest was applied long ago and rolled out.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import (
    Action,
    DeclarationError,
    Index,
    Parameter,
    System,
    Variable,
    every,
)

from . import clock, collisions, delivery, failover, faults, kubelet, replicaset, users
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
from .controller import MAX_RETRIES, Key
from .controller_utils import Expectations
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
        actions=_actions(spec, around),
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
        *_deployment_controller(maker, recreate, around),
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


def _deployment_controller(maker: _Maker, recreate: bool, around: Environment) -> list[Action]:
    actor = "deployment"
    writes = f"{_DC_ENDS} replica_set replica_set_queue replica_set_copy pods"
    write_replica_set: Callable[..., Any] = controller.write_replica_set
    if around.collides or around.finds_own:
        write_replica_set = collisions.write_replica_set
    if around.collides:
        writes += " names_taken hash_collisions_left"
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
            write_replica_set,
            writes,
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
    unseen = []
    if around.collides and around.lag > 0:
        unseen = [maker.of("watch", collisions.show_taken_name, "names_taken")]
    return [
        *unseen,
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
            maker.of(
                "clock",
                clock.pass_min_ready_seconds,
                "pods replica_set_key",
                each=True,
                when="watches_idle",
            ),
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
        found += _former_leader(maker, around.collides)
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


def _former_leader(maker: _Maker, collides: bool) -> list[Action]:
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
            when="late_name_is_free" if collides else None,
        ),
        maker.of(
            actor, failover.land_status_write, f"replica_set_late {rs}", each=True, fair="none"
        ),
        maker.of(
            actor, failover.land_pod_creation, f"replica_set_late {pods}", each=True, fair="none"
        ),
        maker.of(actor, failover.land_pod_deletion, pods, each=True, fair="none"),
    ]


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
