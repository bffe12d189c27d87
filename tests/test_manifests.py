"""What manifests say is read as the API server reads it, and what is not modelled is listed."""

import json
import os
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.model import (
    DeploymentManifest,
    IntOrPercent,
    ManifestError,
    Manifests,
    NotModelled,
    read_manifests,
)

BLOCKS, MATTERS, INERT = "can write to or block", "may matter", "inert"
WAITS = "may keep pods waiting"
EXAMPLES = Path(str(files("seatrial") / "manifests"))


def deployment(spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    """A small Deployment with these fields in its spec and in its pods' spec."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}], **pod},
            },
            **(spec or {}),
        },
    }


def an_object(api_version: str, kind: str, name: str = "it", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def read(*objects: object) -> Manifests:
    """What a file with these objects says; a string is taken as it is."""
    text = "\n---\n".join(each if isinstance(each, str) else json.dumps(each) for each in objects)
    return read_bytes(text.encode())


def read_bytes(data: bytes) -> Manifests:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "web.yaml"
        path.write_bytes(data)
        return read_manifests([path])


def only(manifests: Manifests) -> DeploymentManifest:
    (found,) = manifests.deployments
    return found


# ---- what is shipped ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "replicas", "surge", "unavailable", "deadline"),
    [
        ("autoscaled", 1, "25%", "25%", 600),
        ("broken-image", 3, "25%", "25%", 60),
        ("tight", 3, "1", "0", 600),
        ("web", 3, "25%", "25%", 600),
    ],
)
def test_the_shipped_manifests_say_what_they_are_for(
    name: str, replicas: int, surge: str, unavailable: str, deadline: int
) -> None:
    """They are the first thing that anybody tries, and their numbers stand in the tutorial."""
    found = only(read_manifests([EXAMPLES / f"{name}.yaml"]))

    assert (found.name, found.namespace, found.replicas) == (name, "default", replicas)
    assert (str(found.max_surge), str(found.max_unavailable)) == (surge, unavailable)
    assert found.progress_deadline_seconds == deadline


def test_a_folder_stands_for_its_manifests_in_order(tmp_path: Path) -> None:
    """A report names objects in an order that has to be the same on every machine."""
    for name in ("b.yml", "a.json", "c.yaml"):
        text = json.dumps(deployment()).replace('"name": "web"', f'"name": "{name[0]}"')
        (tmp_path / name).write_text(text)
    (tmp_path / "notes.txt").write_text("{")
    (tmp_path / "a.trial.yaml").write_text("kind: Trial")  # it may name the folder itself
    os.mkfifo(tmp_path / "d.yaml")  # nobody may ever write into it

    assert [each.name for each in read_manifests([tmp_path]).deployments] == ["a", "b", "c"]
    assert read_manifests([tmp_path, tmp_path / "a.json"]) == read_manifests([tmp_path])


def test_workloads_keep_the_order_of_the_files() -> None:
    """A report is about all of them, whatever their kinds are."""
    manifests = read_manifests([EXAMPLES])

    assert [each.key for each in manifests.workloads] == [
        "Deployment/default/autoscaled",
        "Deployment/default/broken-image",
        "StatefulSet/default/ensemble",
        "Job/default/failure-policy",
        "Job/default/indexed-array",
        "StatefulSet/default/lone",
        "Deployment/default/tight",
        "Deployment/default/web",
        "Job/default/work-queue",
    ]
    views = (*manifests.deployments, *manifests.stateful_sets, *manifests.jobs)
    assert {each.key for each in views} == {each.key for each in manifests.workloads}
    assert manifests.warnings == ()


# ---- defaults and spelling ----------------------------------------------------------------------


def test_what_is_not_given_has_the_api_servers_default() -> None:
    """SetDefaults_Deployment; null says the same as leaving a field out."""
    found = only(read(deployment({"replicas": None, "strategy": {"rollingUpdate": None}})))

    assert (found.replicas, found.strategy, found.paused) == (1, "RollingUpdate", False)
    assert found.max_surge == found.max_unavailable == IntOrPercent.percent(25)
    assert (found.min_ready_seconds, found.revision_history_limit) == (0, 10)
    assert found.position("spec.replicas") is None
    assert str(found.position("spec.selector")).endswith("web.yaml:1:99")


def test_recreate_has_no_bounds() -> None:
    """There is nothing to bound, and a model that read 25% would wait for pods that never come."""
    found = only(read(deployment({"strategy": {"type": "Recreate"}})))

    assert (found.strategy, found.max_surge, found.max_unavailable) == ("Recreate", None, None)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("0x10", 16), ("010", 8), ("0o10", 8), ("08", 8), ("1_0", 10), ("3.0", 3), ("+3", 3)],
)
def test_numbers_mean_what_go_yaml_makes_of_them(written: str, read_as: int) -> None:
    """A reader of YAML 1.2 would take `010` for ten, and the cluster would run eight."""
    text = json.dumps(deployment({"replicas": "HERE"})).replace('"HERE"', written)

    assert only(read(text)).replicas == read_as


def test_a_timestamp_and_a_time_of_day_stay_strings() -> None:
    """YAML 1.1 has types for both, and neither go-yaml nor JSON knows them as such."""
    text = json.dumps(deployment()).replace(
        '{"name": "web"}', '{"name": "web", "annotations": {"a": 2001-01-01, "b": 1:30}}'
    )

    assert only(read(text)).annotations == (("a", "2001-01-01"), ("b", "1:30"))


def test_json_may_escape_any_character() -> None:
    """Many writers of JSON put a rare character as two escapes, which YAML does not have."""
    web = deployment()
    web["metadata"]["annotations"] = {"a": "\U0001f6a2 \\ud83d"}
    assert "\\ud83d\\udea2" in json.dumps(web)

    assert only(read(web)).annotations == (("a", "\U0001f6a2 \\ud83d"),)


def test_anchors_and_merge_keys_are_written_out() -> None:
    """Both are common where several Deployments share most of their fields."""
    labels = "labels: &labels {app: web}"
    text = json.dumps(deployment()).replace('{"name": "web"}', f'{{"name": "web", {labels}}}')
    text = text.replace('"matchLabels": {"app": "web"}', '"matchLabels": {<<: *labels}')

    assert only(read(text)).selector == only(read(deployment())).selector


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "tolerations": []}),
        ({"hostNetwork": False}, {"securityContext": {}}),
        ({"volumes": [{"name": "a"}]}, {"volumes": [{"name": "a", "emptyDir": {}}]}),
        ({"overhead": {"cpu": "0.5"}}, {"overhead": {"cpu": "500m"}}),
        ({"serviceAccount": "a"}, {"serviceAccountName": "a"}),
    ],
)
def test_templates_that_the_api_server_stores_alike_are_equal(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """If they were not, the model would roll out where nothing has changed."""
    assert only(read(deployment(**one))).template == only(read(deployment(**other))).template


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": [{"name": "nginx", "image": "nginx:2"}]},
        {"terminationGracePeriodSeconds": 0},
        {"volumes": [{"name": "a"}]},
        {"containers": [{"name": "nginx", "image": "nginx", "env": [{"name": "A"}]}]},
    ],
)
def test_templates_that_differ_are_not_equal(pod: dict[str, Any]) -> None:
    """A change that the model took for none would be a rollout that nobody checked."""
    assert only(read(deployment(**pod))).template != only(read(deployment())).template


# ---- what is not modelled -----------------------------------------------------------------------


def listed(manifests: Manifests) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Effect and Deployments by field, or by kind where it is a whole object."""
    return {
        each.field or each.kind: (each.effect, each.deployments) for each in manifests.not_modelled
    }


WEB = ("default/web",)
REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
RULES = [{"rules": [{"apiGroups": ["*"], "resources": ["pods/status"]}]}]
ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.mark.parametrize(
    ("thing", "effect", "concerned"),
    [
        (
            an_object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                spec={"scaleTargetRef": REFERENCE},
            ),
            BLOCKS,
            WEB,
        ),
        (
            an_object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                spec={"scaleTargetRef": {**REFERENCE, "name": "api"}},
            ),
            INERT,
            (),
        ),
        (an_object("example.com/v1", "Scaler", spec={"targetRef": REFERENCE}), BLOCKS, WEB),
        (an_object("example.com/v1", "Thing"), MATTERS, WEB),
        (an_object("v1", "ResourceQuota"), BLOCKS, WEB),
        (an_object("v1", "ConfigMap"), INERT, ()),
        (an_object("v1", "ReplicationController"), INERT, ()),
        (
            an_object("policy/v1", "PodDisruptionBudget", spec={"selector": {}}),
            MATTERS,
            WEB,
        ),
        (
            an_object(
                "policy/v1",
                "PodDisruptionBudget",
                spec={"selector": {"matchLabels": {"app": "api"}}},
            ),
            INERT,
            (),
        ),
        (an_object(ADMISSION, "MutatingWebhookConfiguration", webhooks=RULES), BLOCKS, WEB),
        (an_object(ADMISSION, "ValidatingWebhookConfiguration", webhooks=[]), INERT, ()),
        (
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "stray", "labels": {"app": "web"}},
            },
            BLOCKS,
            WEB,
        ),
    ],
)
def test_an_object_that_is_not_modelled_says_whom_it_concerns(
    thing: dict[str, Any], effect: str, concerned: tuple[str, ...]
) -> None:
    """A verdict about a Deployment that something else writes to is worth nothing without this."""
    assert listed(read(deployment(), thing)) == {thing["kind"]: (effect, concerned)}


def test_an_object_of_another_namespace_concerns_nobody_here() -> None:
    """Quotas are per namespace, and the default namespace is called default."""
    quota = an_object("v1", "ResourceQuota")
    quota["metadata"]["namespace"] = "elsewhere"

    assert listed(read(deployment(), quota)) == {"ResourceQuota": (INERT, ())}


POD = "spec.template.spec."


@pytest.mark.parametrize(
    ("pod", "field", "effect"),
    [
        ({"schedulingGates": [{"name": "a.b/c"}]}, f"{POD}schedulingGates", WAITS),
        ({"schedulerName": "default-scheduler"}, f"{POD}schedulerName", INERT),
        ({"schedulerName": "mine"}, f"{POD}schedulerName", BLOCKS),
        ({"hostPID": True}, f"{POD}hostPID", MATTERS),
        ({"dnsPolicy": "Default"}, f"{POD}dnsPolicy", INERT),
        (
            {"volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "one"}}]},
            f"{POD}volumes[0].persistentVolumeClaim",
            WAITS,
        ),
        (
            {"volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "many"}}]},
            f"{POD}volumes[0].persistentVolumeClaim",
            MATTERS,
        ),
        (
            {"containers": [{"name": "a", "image": "a", "ports": [{"hostPort": 80}]}]},
            f"{POD}containers[0].ports[0].hostPort",
            WAITS,
        ),
    ],
)
def test_a_field_that_is_not_modelled_says_what_it_could_do(
    pod: dict[str, Any], field: str, effect: str
) -> None:
    """A field that nobody reads and nobody lists is how a checker lies."""
    claims = [
        an_object("v1", "PersistentVolumeClaim", name, spec={"accessModes": [mode]})
        for name, mode in (("one", "ReadWriteOnce"), ("many", "ReadWriteMany"))
    ]

    assert listed(read(deployment(**pod), *claims))[field] == (effect, WEB)


def test_metadata_that_others_act_on_is_listed() -> None:
    """A finalizer keeps an object alive, and an annotation may be another controller's input."""
    web = deployment()
    web["metadata"] |= {
        "finalizers": ["example.com/a"],
        "annotations": {"reloader.stakater.com/auto": "true", "meta.helm.sh/release-name": "a"},
    }

    assert listed(read(web)) == {
        "metadata.finalizers": (BLOCKS, WEB),
        "metadata.annotations[reloader.stakater.com/auto]": (MATTERS, WEB),
        "metadata.annotations[meta.helm.sh/release-name]": (INERT, WEB),
    }


# ---- for whatever is in a file ------------------------------------------------------------------

# What YAML and manifests are made of, so that random text gets further than the first character.
PIECES = st.sampled_from(
    [
        "a: ",
        "- ",
        "\n",
        "  ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "<<: ",
        "|",
        "'",
        '"',
        "!!int ",
        "? ",
        "~",
        "{{",
        "%",
        "#",
        "\t",
        "\u2028",
        "yes",
        "0777",
        "1e999",
        "---\n",
        "kind: Deployment\n",
        "kind: List\n",
        "apiVersion: apps/v1\n",
        "metadata: {name: a}\n",
        "spec: ",
        "items: ",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def outcome(data: bytes) -> Manifests | list[str]:
    """What reading gives; any other error than the documented one is the test's failure."""
    try:
        return read_bytes(data)
    except ManifestError as error:
        lines = str(error).split("\n")
        assert all(lines)
        return [line.partition("web.yaml")[2] for line in lines]


@given(
    st.binary(max_size=60) | st.lists(PIECES, max_size=25).map(lambda all: "".join(all).encode())
)
@settings(deadline=None)
def test_any_bytes_are_read_or_refused_and_always_the_same(data: bytes) -> None:
    """A file comes from anywhere, and a traceback tells its author nothing."""
    first, second = outcome(data), outcome(data)

    assert isinstance(first, list) == isinstance(second, list)
    if isinstance(first, list):
        assert first == second


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_any_value_in_any_field_is_read_or_refused(data: st.DataObject) -> None:
    """Each rule has been asked about values of every type, not only those it was written for."""
    whole = deployment({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}})
    whole["metadata"]["labels"] = {}
    around: Any = whole
    while True:
        step = data.draw(
            st.sampled_from(sorted(around)) if isinstance(around, dict) else st.just(0),
            label="step",
        )
        if not isinstance(around[step], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        if not around[step]:
            break
        around = around[step]
    around[step] = data.draw(JSON)
    others = data.draw(st.lists(st.sampled_from(["HorizontalPodAutoscaler", "Pod", "Namespace"])))
    text = [an_object("v1", kind, f"o{n}", spec=data.draw(JSON)) for n, kind in enumerate(others)]

    outcome("\n---\n".join(json.dumps(each) for each in (whole, *text)).encode())


BOUNDS = st.integers(1, 9) | st.integers(1, 100).map(lambda share: f"{share}%")
PODS = st.fixed_dictionaries(
    {},
    optional={
        "terminationGracePeriodSeconds": st.integers(0, 60),
        "hostNetwork": st.booleans(),
        "tolerations": st.just([]) | st.just([{"operator": "Exists"}]),
        "volumes": st.just([{"name": "a"}])
        | st.just([{"name": "a", "secret": {"secretName": "s"}}]),
        "overhead": st.sampled_from(["1", "0.1", "100m", "1Ki", "1e3", ".5"]).map(
            lambda cpu: {"cpu": cpu}
        ),
    },
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 5),
        "paused": st.booleans(),
        "minReadySeconds": st.integers(0, 599),
        "revisionHistoryLimit": st.integers(0, 20),
        "strategy": st.just({"type": "Recreate"})
        | st.builds(
            lambda surge, unavailable: {
                "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}
            },
            BOUNDS,
            BOUNDS,
        ),
    },
)


@given(SPECS, PODS)
@settings(deadline=None)
def test_a_manifest_with_its_defaults_written_out_reads_the_same(
    spec: dict[str, Any], pod: dict[str, Any]
) -> None:
    """Defaults are applied once: what a cluster gives back is what was meant by what it got."""
    found = only(read(deployment(spec, **pod)))

    assert only(read(found.document())) == found


def test_values_are_frozen_and_hashable() -> None:
    """They become parts of states, which are compared and kept in sets."""
    manifests = read_manifests([EXAMPLES])
    everything = (*manifests.workloads, *manifests.not_modelled)

    assert len(set(everything)) == len(everything) > 10
    assert all(isinstance(each, NotModelled) for each in manifests.not_modelled)


def test_the_yaml_library_is_not_loaded_before_it_is_needed() -> None:
    """`seatrial --help` and every example without manifests should not wait for it."""
    code = "import sys, seatrial.cli, seatrial.model; print('yaml' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"
