"""
Who does what to a StatefulSet and around it: the actions of its system, and what each writes.

:Omits: nothing: what an actor leaves out, its module says
"""

from seatrial.core import Action

from . import disruption, names, volumes
from . import statefulset_collector as collector
from . import statefulset_controller as controller
from . import statefulset_faults as faults
from . import statefulset_kubelet as kubelet
from . import statefulset_scheduler as scheduler
from . import statefulset_users as users
from .environment import Environment
from .nodes import notice
from .placement import Placement
from .statefulset_api import StatefulSetSpec
from .steps import Fair, Maker

__all__ = ["actions"]

_ORDINAL = ("ordinal",)
_NODE = ("node_at",)
_SYNC_ENDS = "set_sync set_key set_copy write_failures_left"
_SET = "stateful_set set_queue set_copy"
_POD = "pod pod_queue"
_CLAIM = "claim claim_queue"


def actions(
    spec: StatefulSetSpec, around: Environment, placement: Placement | None
) -> list[Action]:
    """All actions of a system; what nobody may do is not among them."""
    maker = Maker(around.level, around.lag)
    return [
        *_controller(maker, spec),
        *_scheduler(maker, placement),
        *_kubelets(maker, spec, around),
        *_users(maker, spec, around),
        *_collector(maker, spec, around, placement),
        *_faults(maker, around),
        *_nodes(maker, around),
        *(_volumes(maker) if volumes.attaches(spec, around) else ()),
    ]


def _controller(maker: Maker, spec: StatefulSetSpec) -> list[Action]:
    actor = "statefulset"
    found = [
        maker.of(actor, controller.observe, f"{_SYNC_ENDS} revisions", when="key_due"),
        maker.of(
            actor,
            controller.write_pod,
            f"{_SYNC_ENDS} {_POD}",
            over=_ORDINAL,
            part_of="sync",
            when="pod_write_due",
        ),
        maker.of(
            actor,
            controller.write_status,
            f"{_SYNC_ENDS} stateful_set set_queue",
            part_of="sync",
            when="status_write_due",
        ),
        maker.of(
            "watch",
            controller.deliver_set,
            "set_cache set_queue set_key",
            part_of="watch",
            when="set_event_due",
        ),
        maker.of(
            "watch",
            controller.deliver_pod,
            "pod_cache pod_queue set_key",
            over=_ORDINAL,
            part_of="watch",
            when="pod_event_due",
        ),
    ]
    if spec.has_claims:
        found += [
            maker.of(
                actor,
                controller.write_claim,
                f"{_SYNC_ENDS} {_CLAIM}",
                over=_ORDINAL,
                part_of="sync",
                when="claim_write_due",
            ),
            maker.of(
                "watch",
                controller.deliver_claim,
                "claim_cache claim_queue",
                over=_ORDINAL,
                part_of="watch",
                when="claim_event_due",
            ),
        ]
    if spec.min_ready_seconds > 0:
        found += [
            maker.of(
                "clock",
                kubelet.pass_min_ready_seconds,
                "pod pod_cache",
                over=_ORDINAL,
                when="waiting",
            ),
            maker.of("clock", controller.pass_requeue, "set_key"),
        ]
    return found


def _scheduler(maker: Maker, placement: Placement | None) -> list[Action]:
    actor, due = "scheduler", "scheduling_due"
    if placement is None:
        return [maker.of(actor, scheduler.schedule, _POD, over=_ORDINAL, when=due)]
    writes = f"{_POD} home" if placement.tied else _POD
    found = [maker.of(actor, scheduler.schedule_within, writes, over=_ORDINAL, when=due)]
    if placement.at_once:
        actor, due = "volume provisioner", "volume_due"
        found.append(maker.of(actor, scheduler.make_volume, "home", over=_ORDINAL, when=due))
    return found


def _kubelets(maker: Maker, spec: StatefulSetSpec, around: Environment) -> list[Action]:
    found = [maker.of("kubelet", kubelet.run, f"{_POD} process", over=_ORDINAL, when="kubelet_due")]
    if around.times("container-exit") and spec.publishes is None:
        writes = f"{_POD} container_exits_left"
        found.append(maker.of("fault", kubelet.exit_container, writes, over=_ORDINAL, fair="none"))
    elif around.times("container-exit"):
        writes, due = "process container_exits_left", "kubelet_due"
        found += [
            maker.of("fault", kubelet.end_container, writes, over=_ORDINAL, fair="none"),
            maker.of("kubelet", kubelet.report_end, _POD, over=_ORDINAL, when=due),
        ]
    if around.times("unready"):
        writes = f"{_POD} unreadies_left"
        found.append(maker.of("fault", kubelet.fail_probe, writes, over=_ORDINAL, fair="none"))
    if spec.publishes is not None and around.times("stale-dns"):
        kept = "kept_answer stale_answers_left"
        found.append(maker.of("fault", names.keep_answer, kept, over=_ORDINAL, fair="none"))
        found.append(maker.of("resolver", names.forget_answer, "kept_answer"))
    if around.times("pod-failed"):
        writes = f"{_POD} process pod_failures_left"
        found.append(maker.of("fault", kubelet.fail, writes, over=_ORDINAL, fair="none"))
    return found


def _volumes(maker: Maker) -> list[Action]:
    actor = "attach/detach"
    return [
        maker.of(actor, volumes.attach, "attached", over=_ORDINAL, when="attach_due"),
        maker.of(actor, volumes.detach, "attached", over=_ORDINAL, when="detach_due"),
    ]


def _users(maker: Maker, spec: StatefulSetSpec, around: Environment) -> list[Action]:
    found = []
    for user, function, writes, over in (
        ("set-image", users.set_image, f"{_SET} newest_template set_images_left", ()),
        ("scale", users.scale, f"{_SET} scales_left", ()),
        ("set-partition", users.set_partition, f"{_SET} set_partitions_left", ()),
        ("set-retention", users.set_retention, f"{_SET} set_retentions_left", ()),
        ("undo", users.undo, f"{_SET} undos_left", ()),
        ("delete", users.delete, f"{_SET} deletes_left", ()),
        ("delete-pod", users.delete_pod, f"{_POD} delete_pods_left", _ORDINAL),
        ("force-delete", users.force_delete, f"{_POD} force_deletes_left", _ORDINAL),
        ("delete-claim", users.delete_claim, f"{_CLAIM} delete_claims_left", _ORDINAL),
        ("drain", users.drain, "nodes drains_left", _NODE),
        ("delete-node", users.delete_node, "nodes delete_nodes_left", _NODE),
        ("out-of-service", users.taint_out_of_service, "nodes out_of_services_left", _NODE),
    ):
        if around.times(user):
            found.append(maker.of("user", function, writes, over=over, fair="none"))
    if around.times("apply") and around.times("delete"):
        writes = f"{_SET} revisions applies_left"
        found.append(maker.of("user", users.create_anew, writes, fair="none"))
    if around.times("drain"):
        # Who comes back to a node that is drained is not among those that the drain waits for.
        fair: Fair = "none" if spec.tolerates.on_unschedulable else "weak"
        if spec.budget is None:
            found.append(maker.of("drain", disruption.drain_pod, _POD, over=_ORDINAL, fair=fair))
        else:
            writes = f"{_POD} budget_status"
            evict = disruption.evict_from_drained
            found.append(maker.of("drain", evict, writes, over=_ORDINAL, fair=fair))
            found.append(maker.of("disruption", disruption.count_healthy, "budget_status"))
    return found


def _collector(
    maker: Maker, spec: StatefulSetSpec, around: Environment, placement: Placement | None
) -> list[Action]:
    actor, found = "garbage collector", []
    if around.times("delete"):
        found += [
            maker.of(actor, collector.collect_pod, _POD, over=_ORDINAL),
            maker.of(actor, collector.finish_deletion, _SET),
        ]
    if spec.has_claims:
        released = f"{_CLAIM} attached process" if volumes.attaches(spec, around) else _CLAIM
        if placement is not None and placement.tied:
            released += " home"
        found += [
            maker.of(actor, collector.collect_claim, _CLAIM, over=_ORDINAL, when="claim_owned"),
            maker.of(
                actor, collector.release_claim, released, over=_ORDINAL, when="claim_terminating"
            ),
        ]
    return found


def _faults(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function, writes in (
        ("controller-restart", faults.restart_controller, "controller_restarts_left"),
        ("second-controller", faults.second_controller, "former_sync second_controllers_left"),
    ):
        if around.times(fault):
            writes += " restarting set_queue pod_queue claim_queue"
            found.append(maker.of("fault", function, writes, fair="none"))
    if around.times("controller-restart") or around.times("second-controller"):
        found += [
            maker.of(
                "fault",
                faults.lists_pods_anew,
                "restarting pod_cache claim_cache pod_queue",
                over=_ORDINAL,
                fair="none",
                part_of="step",
                when="lists_pods_now",
            ),
            maker.of(
                "fault",
                faults.lists_anew,
                "restarting set_cache set_key set_sync set_copy",
                fair="none",
                part_of="step",
                when="lists_now",
            ),
        ]
    if around.times("second-controller"):
        former, own = "former controller", "former_sync"
        found += [
            maker.of(former, faults.land_pod_write, f"{_POD} {own}", over=_ORDINAL, fair="none"),
            maker.of(
                former, faults.land_claim_write, f"{_CLAIM} {own}", over=_ORDINAL, fair="none"
            ),
            maker.of(former, faults.land_status_write, f"{_SET} {own}", fair="none"),
        ]
    if around.collects_late:
        own = "former_collects"
        writes = f"former_sync {own} restarting set_queue pod_queue claim_queue"
        found += [
            maker.of(
                "fault",
                faults.second_collector,
                f"{writes} second_controllers_left",
                over=_ORDINAL,
                fair="none",
                when="lost_pod_due",
            ),
            maker.of(
                "former collector",
                faults.land_collection,
                f"{_POD} {own}",
                over=_ORDINAL,
                fair="none",
            ),
        ]
    return found


def _nodes(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function, writes in (
        ("node-crash", faults.crash, "nodes process node_crashes_left"),
        ("node-partition", faults.cut_off, "nodes node_partitions_left"),
        ("node-off", faults.switch_off, "nodes process node_offs_left"),
        ("kubelet-restart", faults.restart_kubelet, "nodes kubelet_restarts_left"),
    ):
        if around.times(fault):
            found.append(maker.of("fault", function, writes, over=_NODE, fair="none"))
    if around.times("stale-api-server"):
        found += [
            maker.of(
                "fault",
                faults.fall_behind,
                "snapshot stale_api_servers_left",
                fair="none",
            ),
            maker.of("API server", faults.catch_up, "snapshot"),
            maker.of("kubelet", kubelet.start_what_was, "process", over=_ORDINAL, fair="none"),
        ]
    if around.times("node-crash") or around.times("node-partition"):
        found.append(maker.of("fault", faults.come_back, "nodes", over=_NODE, fair="none"))
    if around.loses_nodes:
        found += [
            maker.of("node lifecycle", notice, "nodes", over=_NODE),
            maker.of(
                "node lifecycle", kubelet.mark_not_ready, _POD, over=_ORDINAL, when="lost_pod_due"
            ),
            maker.of("taint eviction", kubelet.evict, _POD, over=_ORDINAL, when="lost_pod_due"),
        ]
    if around.times("delete-node") or around.times("out-of-service"):
        found.append(
            maker.of(
                "pod garbage collector",
                kubelet.collect_lost_pod,
                _POD,
                over=_ORDINAL,
                when="lost_pod_due",
            )
        )
    return found
