"""Manifests that tests read, with the fields that a test is about put in."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import strategies as st

from seatrial.model import ManifestError, Manifests, parse_manifests

CONTAINER = {"name": "main", "image": "main:1"}
LABELS = {"app": "db"}
GATE = frozenset(["MaxUnavailableStatefulSet"])


def an_object(api_version: str, kind: str, name: str = "it", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def claim(name: str = "data", **spec: Any) -> dict[str, Any]:
    """A claim template; None takes a field out."""
    whole = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        **spec,
    }
    return {"metadata": {"name": name}, "spec": whole}


def deployment(spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    """A small Deployment with these fields in its spec and in its pods' spec."""
    whole = {
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER], **pod}},
        **(spec or {}),
    }
    return an_object("apps/v1", "Deployment", "web", spec=whole)


def stateful_set(spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    """A small StatefulSet with these fields in its spec and in its pods' spec."""
    whole = {
        "selector": {"matchLabels": LABELS},
        "serviceName": "db",
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER], **pod}},
        **(spec or {}),
    }
    return an_object("apps/v1", "StatefulSet", "db", spec=whole)


def job(spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    """A small Job with these fields in its spec and in its pods' spec."""
    whole = {
        "template": {"spec": {"restartPolicy": "Never", "containers": [CONTAINER], **pod}},
        **(spec or {}),
    }
    return an_object("batch/v1", "Job", "sums", spec=whole)


def cron_job(spec: dict[str, Any] | None = None, **of_job: Any) -> dict[str, Any]:
    """A small CronJob with these fields in its spec and in that of its Jobs."""
    whole = {
        "schedule": "0 3 * * *",
        "jobTemplate": {"spec": {**job()["spec"], **of_job}},
        **(spec or {}),
    }
    return an_object("batch/v1", "CronJob", "nightly", spec=whole)


def daemon_set(spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    """A small DaemonSet with these fields in its spec and in its pods' spec."""
    whole = {
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER], **pod}},
        **(spec or {}),
    }
    return an_object("apps/v1", "DaemonSet", "logs", spec=whole)


def read(*objects: dict[str, Any], gates: Collection[str] = ()) -> Manifests:
    text = "\n---\n".join(map(json.dumps, objects))
    return parse_manifests(text, "it.yaml", gates)


def errors(*objects: dict[str, Any], gates: Collection[str] = ()) -> list[str]:
    """The lines of the error, without the place; each has one."""
    with pytest.raises(ManifestError) as caught:
        read(*objects, gates=gates)
    lines = str(caught.value).split("\n")
    assert all(line.startswith("it.yaml:") for line in lines)
    return [line.partition(": ")[2] for line in lines]


def warnings(*objects: dict[str, Any], gates: Collection[str] = ()) -> list[str]:
    """The warnings, without the place."""
    lines = [str(each) for each in read(*objects, gates=gates).warnings]
    assert all(line.startswith("it.yaml:") for line in lines)
    return [line.partition(": ")[2] for line in lines]


def listed(manifests: Manifests, of: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is not modelled: effect and whom it concerns, by field, or kind of a whole object."""
    return {
        each.field or each.kind: (each.effect, each.concerns)
        for each in manifests.not_modelled
        if each.field is None or each.kind == of
    }


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def spoiled(data: st.DataObject, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, with any value in place of one that is somewhere in it."""
    whole: dict[str, Any] = json.loads(json.dumps(given))
    around: Any = whole
    while around:
        steps = sorted(around) if isinstance(around, dict) else range(len(around))
        step = data.draw(st.sampled_from(steps), label="step")
        if not isinstance(around[step], dict | list) or data.draw(st.integers(0, 2)) == 0:
            around[step] = data.draw(JSON)
            break
        around = around[step]
    return whole


def outcome(*objects: dict[str, Any], gates: Collection[str] = ()) -> Manifests | list[str]:
    """What is read, or the lines of the error; any other error is the failure of a test."""
    try:
        return read(*objects, gates=gates)
    except ManifestError as error:
        return str(error).split("\n")
