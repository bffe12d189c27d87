"""Nodes and StorageClasses beside a StatefulSet: which pods they take, and what stays unread."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from given_manifests import outcome, spoiled
from seatrial.model import ManifestError, Manifests, parse_manifests, statefulset_workload

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
BLOCKS = "can write to or block"


def db(pod: dict[str, Any] | None = None, claims: tuple[str | None, ...] = ()) -> dict[str, Any]:
    """A StatefulSet with this in the spec of its pods, and claims of these StorageClasses."""
    labels = {"app": "db"}
    container = {"name": "c", "image": "registry:3"}
    templates = [
        {
            "metadata": {"name": f"data{at}"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                **({} if name is None else {"storageClassName": name}),
            },
        }
        for at, name in enumerate(claims)
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], **(pod or {})},
            },
            "volumeClaimTemplates": templates,
        },
    }


def node(name: str = "a", labels: Any = None, spec: Any = None, status: Any = None) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec or {},
        **({} if status is None else {"status": status}),
    }


def storage(name: str = "fast", mode: str = "WaitForFirstConsumer", **fields: Any) -> Any:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": mode,
        **fields,
    }


def read(*objects: Any) -> Manifests:
    return parse_manifests(yaml.safe_dump_all(objects), "db.yaml")


def spec_of(*objects: Any) -> Any:
    (workload,) = read(*objects).stateful_sets
    return statefulset_workload.spec_of(workload)


def admitted(pod: dict[str, Any], *nodes: Any) -> list[bool]:
    return [each.admits for each in spec_of(db(pod), *nodes).given_nodes]


def unread(*objects: Any) -> dict[str, str]:
    """The effect of each field and each object that is not modelled."""
    return {each.field or each.kind: each.effect for each in read(*objects).not_modelled}


# ---- which nodes ------------------------------------------------------------------------------


def affinity(*expressions: Any, fields: Any = None) -> dict[str, Any]:
    term = {"matchExpressions": list(expressions), **({"matchFields": fields} if fields else {})}
    required = {"nodeSelectorTerms": [term]}
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    }


@pytest.mark.parametrize(
    ("pod", "takes"),
    [
        ({}, [True, True]),
        ({"nodeSelector": {"disk": "ssd"}}, [True, False]),
        ({"nodeSelector": {"disk": "ssd", "cores": "4"}}, [False, False]),
        (affinity({"key": "disk", "operator": "In", "values": ["hdd", "tape"]}), [False, True]),
        (affinity({"key": "disk", "operator": "NotIn", "values": ["hdd"]}), [True, False]),
        (affinity({"key": "cores", "operator": "Exists"}), [True, True]),
        (affinity({"key": "cores", "operator": "DoesNotExist"}), [False, False]),
        (affinity({"key": "cores", "operator": "Gt", "values": ["8"]}), [False, True]),
        (affinity({"key": "cores", "operator": "Lt", "values": ["9"]}), [True, False]),
        (affinity({"key": "disk", "operator": "Gt", "values": ["8"]}), [False, False]),
        (
            affinity(fields=[{"key": "metadata.name", "operator": "In", "values": ["a"]}]),
            [True, False],
        ),
        ({"nodeSelector": {HOST: "b"}}, [False, True]),
        (affinity({"key": HOST, "operator": "NotIn", "values": ["a"]}), [False, True]),
        (affinity(), [False, False]),
        (
            {
                "nodeSelector": {"disk": "ssd"},
                **affinity({"key": "cores", "operator": "Gt", "values": ["8"]}),
            },
            [False, False],
        ),
    ],
)
def test_selector_and_affinity_say_which_nodes_take_a_pod(
    pod: dict[str, Any], takes: list[bool]
) -> None:
    """Numbers are compared as numbers: 16 is more than 8. An empty term matches no node."""
    nodes = (node("a", {"disk": "ssd", "cores": "8"}), node("b", {"disk": "hdd", "cores": "16"}))

    assert admitted(pod, *nodes) == takes


@pytest.mark.parametrize(
    ("pod", "says"),
    [
        (affinity({"key": "disk", "operator": "in", "values": ["ssd"]}), "'in' is no operator"),
        (affinity({"key": "disk", "operator": "In"}), "In takes one value or more"),
        (affinity({"key": "disk", "operator": "Exists", "values": ["a"]}), "Exists takes no value"),
        (affinity({"key": "disk", "operator": "Gt", "values": ["1", "2"]}), "Gt takes one value"),
        (affinity({"operator": "Exists"}), "no key"),
        (
            affinity(fields=[{"key": "metadata.name", "operator": "Exists"}]),
            "'Exists' is no operator",
        ),
    ],
)
@pytest.mark.parametrize("machines", [(), (node(),)])
def test_an_affinity_that_the_api_server_refuses_is_refused(
    pod: dict[str, Any], says: str, machines: tuple[Any, ...]
) -> None:
    """ValidateNodeSelectorRequirement. An unknown operator was read as DoesNotExist."""
    with pytest.raises(ManifestError, match=says):
        read(db(pod), *machines)


@pytest.mark.parametrize(
    ("effect", "tolerations", "takes"),
    [
        ("NoSchedule", [], False),
        ("NoExecute", [], False),
        ("PreferNoSchedule", [], True),
        ("NoSchedule", [{"key": "dedicated", "value": "db"}], True),
        ("NoSchedule", [{"key": "dedicated", "value": "web"}], False),
        ("NoSchedule", [{"key": "dedicated", "operator": "Exists"}], True),
        ("NoSchedule", [{"operator": "Exists"}], True),
        ("NoExecute", [{"operator": "Exists", "effect": "NoSchedule"}], False),
    ],
)
def test_taints_keep_pods_away_that_do_not_tolerate_them(
    effect: str, tolerations: list[dict[str, str]], takes: bool
) -> None:
    tainted = node(spec={"taints": [{"key": "dedicated", "value": "db", "effect": effect}]})

    assert admitted({"tolerations": tolerations}, tainted) == [takes]


def test_a_node_that_is_cordoned_is_so_at_first() -> None:
    closed, open_ = node("a", spec={"unschedulable": True}), node("b")
    by_taint = node(
        spec={"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}
    )

    found = spec_of(db(), closed, open_).given_nodes
    assert [each.unschedulable for each in found] == [True, False]
    assert spec_of(db(), by_taint).given_nodes[0].unschedulable


@pytest.mark.parametrize(
    ("tolerations", "spec", "status", "why"),
    [
        (
            [],
            {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]},
            None,
            "its taint node.kubernetes.io/not-ready: all nodes are well at first",
        ),
        (
            [],
            {},
            {"conditions": [{"type": "Ready", "status": "Unknown"}]},
            "it is not ready, and all nodes are ready at first",
        ),
        (
            [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 60}],
            {"taints": [{"key": "gpu", "effect": "NoExecute"}]},
            None,
            "its taint gpu: pods are evicted after tolerationSeconds",
        ),
    ],
)
def test_a_node_that_is_not_modelled_as_it_is_stands_in_the_way_of_verdicts(
    tolerations: Any, spec: Any, status: Any, why: str
) -> None:
    found = read(db({"tolerations": tolerations}), node(spec=spec, status=status)).not_modelled

    assert [(each.kind, each.effect, each.why) for each in found if each.kind == "Node"] == [
        ("Node", BLOCKS, why)
    ]


# ---- how many ---------------------------------------------------------------------------------


def asks(**resources: Any) -> dict[str, Any]:
    return {"name": "c", "image": "registry:3", "resources": resources}


SIDECAR = {**asks(requests={"cpu": "1"}), "name": "s", "restartPolicy": "Always"}
STARTS = {**asks(requests={"cpu": "3"}), "name": "i"}


@pytest.mark.parametrize(
    ("pod", "room"),
    [
        ({}, None),
        ({"containers": [asks(requests={"cpu": "1500m"})]}, 2),
        ({"containers": [asks(limits={"cpu": "2"})]}, 2),
        ({"containers": [asks(limits={"cpu": "4"}, requests={"cpu": "1"})]}, 4),
        ({"containers": [asks(requests={"cpu": "0"})]}, None),
        ({"containers": [asks(requests={"memory": "3Gi", "cpu": "1"})]}, 2),
        ({"containers": [asks(requests={"example.com/gpu": "1"})]}, 0),
        ({"containers": [asks(requests={"cpu": "1"})], "overhead": {"cpu": "1"}}, 2),
        ({"containers": [asks(requests={"cpu": "1"})], "initContainers": [STARTS]}, 1),
        ({"containers": [asks(requests={"cpu": "1"})], "initContainers": [SIDECAR]}, 2),
        ({"containers": [asks(requests={"cpu": "1"})], "initContainers": [SIDECAR, STARTS]}, 1),
        ({"resources": {"requests": {"cpu": "2"}}, "containers": [asks()]}, 2),
        ({"resources": {"limits": {"cpu": "2"}}, "containers": [asks()]}, 2),
        ({"resources": {"limits": {"cpu": "2"}}, "containers": [asks(requests={"cpu": "1"})]}, 4),
    ],
)
def test_what_a_pod_asks_for_says_how_many_fit(pod: dict[str, Any], room: int | None) -> None:
    """On 4 CPUs and 8 Gi. Go: PodRequests, fitsRequest"""
    four = node(status={"allocatable": {"cpu": "4", "memory": "8Gi"}})

    assert spec_of(db(pod), four).given_nodes[0].room == room


@given(st.integers(1, 9_000), st.integers(1, 32_000), st.integers(0, 20))
def test_as_many_fit_as_there_is_of_what_is_scarcest(asked: int, has: int, pods: int) -> None:
    one = {"containers": [asks(requests={"cpu": f"{asked}m"})]}
    machine = node(status={"allocatable": {"cpu": f"{has}m", "pods": str(pods)}})

    room = spec_of(db(one), machine).given_nodes[0].room

    assert room == min(pods, has // asked)


def test_the_capacity_stands_for_what_is_not_said_to_be_allocatable() -> None:
    """SetDefaults_NodeStatus. Of a node that says nothing, nothing is known."""
    one = {"containers": [asks(requests={"cpu": "1"})]}

    assert spec_of(db(one), node(status={"capacity": {"cpu": "2"}})).given_nodes[0].room == 2
    assert spec_of(db(one), node()).given_nodes[0].room is None
    assert f"{POD}.containers[0].resources" in unread(db(one), node())


# ---- pods that are kept apart -----------------------------------------------------------------

POD = "spec.template.spec"
REQUIRED = f"{POD}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"


def apart(key: str = HOST, labels: Any = None, **more: Any) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": labels or {"app": "db"}}, "topologyKey": key, **more}
    name = REQUIRED.rpartition(".")[2]
    return {"affinity": {"podAntiAffinity": {name: [term]}}}


def test_required_anti_affinity_among_the_pods_is_read() -> None:
    """By hostname with any nodes; by another label where it is known which nodes have it."""
    assert spec_of(db(apart())).apart_by == (HOST,)
    assert REQUIRED not in unread(db(apart()))
    zoned = (db(apart(ZONE)), node(labels={ZONE: "x"}))
    assert spec_of(*zoned).apart_by == (ZONE,)
    assert spec_of(*zoned).given_nodes[0].labels == ((ZONE, "x"),)


OTHER: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "other", "labels": {"app": "db"}},
    "spec": {"containers": [{"name": "c", "image": "a:1"}]},
}


@pytest.mark.parametrize(
    ("pod", "beside"),
    [
        (apart(ZONE), ()),
        (apart(""), (node(),)),
        (apart(labels={"app": "web"}), ()),
        (apart(namespaces=["default", "other"]), ()),
        (apart(namespaceSelector={}), ()),
        (apart(matchLabelKeys=["controller-revision-hash"]), ()),
        (apart(labels={"app": "db", "apps.kubernetes.io/pod-index": "0"}), ()),
        (apart(), (OTHER,)),
    ],
)
def test_other_anti_affinity_stands_in_the_way_of_verdicts(
    pod: dict[str, Any], beside: tuple[Any, ...]
) -> None:
    assert spec_of(db(pod), *beside).apart_by == ()
    assert unread(db(pod), *beside)[REQUIRED] == BLOCKS


def test_a_port_of_the_node_is_for_one_pod_of_each() -> None:
    port = {"containers": [{**asks(), "ports": [{"containerPort": 80, "hostPort": 80}]}]}
    host = {"containers": [{**asks(), "ports": [{"containerPort": 80}]}], "hostNetwork": True}

    assert spec_of(db(port)).one_to_a_node
    assert spec_of(db(host)).one_to_a_node
    sidecar = {**SIDECAR, **port["containers"][0], "name": "s"}
    assert spec_of(db({"initContainers": [sidecar]})).one_to_a_node
    assert not spec_of(db({"hostNetwork": True})).one_to_a_node
    assert not {each for each, effect in unread(db(port)).items() if effect == BLOCKS}
    assert f"{POD}.hostNetwork" in unread(db({"hostNetwork": True}))


def test_pods_that_keep_others_off_their_nodes_are_told_of() -> None:
    """Required anti-affinity binds both sides, whoever of the two asks for it."""
    other = {**OTHER, "spec": {**OTHER["spec"], **apart()}}

    assert unread(db(), node(), other)["Pod"] == BLOCKS
    assert unread(db(), node(), OTHER)["Pod"] != BLOCKS


@pytest.mark.parametrize("part", ["spec", "status"])
def test_a_part_of_a_node_that_has_no_fields_is_refused(part: str) -> None:
    """It was read as if nothing were said of the node."""
    with pytest.raises(ManifestError, match=f"{part}: no fields here"):
        read(db(), {**node(), part: 3})


def test_whoever_else_has_pods_may_want_the_same_port() -> None:
    """Also where nothing is said of how many pods fit on a node."""
    port = {"containers": [{**asks(), "ports": [{"containerPort": 80, "hostPort": 80}]}]}

    for machines in ((), (node(),)):
        assert unread(db(port), *machines, OTHER)["Pod"] == BLOCKS


# ---- volumes ----------------------------------------------------------------------------------


def test_the_class_of_the_claims_says_from_where_volumes_can_be_used() -> None:
    local = (db(claims=("fast",)), storage())
    zonal = (db(claims=("fast",)), storage(provisioner="ebs.csi.aws.com"), node(labels={ZONE: "x"}))

    assert (spec_of(*local).volumes_in, spec_of(*local).volumes_at_once) == (HOST, False)
    assert spec_of(db(claims=("fast",)), storage(mode="Immediate")).volumes_at_once
    assert spec_of(*zonal).volumes_in == ZONE
    assert "StorageClass" not in unread(*local)
    assert "spec.volumeClaimTemplates[0].spec.storageClassName" not in unread(*local)


def test_without_a_name_the_class_that_is_the_default_is_taken() -> None:
    default = {
        "name": "fast",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    }

    assert spec_of(db(claims=(None,)), storage(metadata=default)).volumes_in == HOST
    assert spec_of(db(claims=(None,)), storage()).volumes_in == ""


@pytest.mark.parametrize(
    ("claims", "of"),
    [
        (("fast",), storage(provisioner="ebs.csi.aws.com")),
        (("fast",), storage(provisioner="example.com/disks")),
        (("fast",), storage(allowedTopologies=[{"matchLabelExpressions": []}])),
        (("fast",), storage(mode="Whenever")),
        (("fast", "fast"), storage(mode="Immediate")),
        (("fast", "slow"), storage()),
    ],
)
def test_other_classes_stay_listed_as_they_were(claims: tuple[str, ...], of: Any) -> None:
    """Of a zonal class without Nodes it is not known which node is in which zone."""
    assert spec_of(db(claims=claims), of).volumes_in == ""
    assert unread(db(claims=claims), of)["StorageClass"] == "may matter"


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (node(labels={"disk": 3}), "metadata.labels: no labels"),
        (node(labels={"a b": "c"}), "metadata.labels[a b]"),
        (node(spec={"taints": {}}), "spec.taints: no list"),
        (node(spec={"taints": "x"}), "spec.taints: no list"),
        (node(spec={"taints": ["x"]}), "spec.taints[0]: no taint"),
        (
            node(spec={"taints": [{"key": "a", "effect": "Never"}]}),
            "spec.taints[0].effect: 'Never'",
        ),
        (node(spec={"unschedulable": "yes"}), "spec.unschedulable: neither true nor false"),
        (node(status={"allocatable": {"cpu": "lots"}}), "status.allocatable[cpu]: 'lots'"),
        (node(status={"allocatable": {"cpu": "-1"}}), "status.allocatable[cpu]: '-1'"),
        (node(status={"allocatable": ["cpu"]}), "status.allocatable: no quantities"),
    ],
)
def test_what_is_wrong_about_a_node_is_said_in_a_line(given: Any, says: str) -> None:
    with pytest.raises(ManifestError) as error:
        read(db(), given)
    (line,) = str(error.value).splitlines()
    assert says in line


@given(st.data())
def test_whatever_stands_in_a_node_or_a_class_it_is_read_or_refused(data: st.DataObject) -> None:
    full = node(
        labels={ZONE: "x"},
        spec={"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]},
        status={"allocatable": {"cpu": "4"}, "conditions": [{"type": "Ready", "status": "True"}]},
    )
    beside = spoiled(data, full), spoiled(data, storage(parameters={"type": "gp3"}))

    outcome(db(apart(ZONE), claims=("fast",)), *beside)


@pytest.mark.parametrize("status", [None, {"allocatable": {"cpu": "4"}}])
def test_other_pods_beside_the_set_stand_in_the_way_where_room_is_counted(status: Any) -> None:
    """Two sets may each find room by itself, and not both."""
    pod = {"containers": [asks(requests={"cpu": "1"})]}
    other = db(pod)
    other["metadata"] = {"name": "other"}
    other["spec"] = yaml.safe_load(yaml.safe_dump(other["spec"]).replace("app: db", "app: other"))

    found = read(db(pod), other, node(status=status)).not_modelled

    effects = {each.name: each.effect for each in found if each.field is None}
    assert effects == dict.fromkeys(("db", "other"), "inert" if status is None else BLOCKS)


def test_nodes_are_read_for_stateful_sets_alone() -> None:
    """For others beside them they are objects that may matter, as before."""
    web = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "a:1"}]},
            },
        },
    }
    found = {each.kind: each.concerns for each in read(db(), web, node()).not_modelled}

    assert found["Node"] == ("Deployment/default/web",)
    assert "Node" not in {each.kind for each in read(db(), node()).not_modelled}
