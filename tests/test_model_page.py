"""docs/reference/model.md says what is modelled and what is left out: made from the modules.

`python tests/test_model_page.py --write` writes the page anew.
"""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "model.md"
PARTS = {
    "The Deployment controller": (
        "deployment",
        "deployment_controller",
        "deployment_sync",
        "deployment_rolling",
        "deployment_recreate",
        "deployment_progress",
        "deployment_conditions",
        "deployment_replica_sets",
        "deployment_util",
    ),
    "The ReplicaSet controller": ("replicaset", "replicaset_utils", "controller_utils"),
    "The Job controller": (
        "job_api",
        "job",
        "job_context",
        "job_tracking",
        "job_indexes",
        "job_policies",
        "job_status",
        "job_controller",
        "job_pod_control",
        "job_informer",
    ),
    "What is around a Job": (
        "job_pods",
        "job_kubelet",
        "job_users",
        "job_faults",
        "job_failover",
        "job_actions",
        "job_workload",
        "job_mutants",
    ),
    "The StatefulSet controller": (
        "statefulset_control",
        "statefulset_update",
        "statefulset_utils",
        "statefulset_controller",
    ),
    "What is around a StatefulSet": (
        "nodes",
        "tolerations",
        "volumes",
        "disruption",
        "placement",
        "statefulset_scheduler",
        "names",
        "statefulset_kubelet",
        "statefulset_pods",
        "statefulset_users",
        "statefulset_collector",
        "statefulset_faults",
        "statefulset_workload",
        "migration",
    ),
    "What all controllers share": ("controller", "informer", "delivery", "clock"),
    "What is around them": (
        "pods",
        "kubelet",
        "scheduler",
        "users",
        "faults",
        "failover",
        "collisions",
        "deployment_actions",
        "workload",
        "versions",
    ),
}
HEAD = """\
# What is modelled, and what is left out?

Of Kubernetes v1.36.3: the controllers of Deployments, ReplicaSets, StatefulSets and Jobs with
caches and work queues, the API server as far as they depend on it, one kubelet for each pod, nodes
where they matter (StatefulSets), the garbage collector for what they own, users, and faults. This
page is made from the modules of `model/`, where each says of which Go code it is a model (`:Go:`)
and what it leaves out (`:Omits:`).

"""

pytestmark = pytest.mark.skipif(
    "SEATRIAL_WHEEL" in os.environ, reason="reads the checkout, and the wheel has no documents"
)


def field(module: ModuleType, name: str) -> str:
    """What a module's docstring says under `:NAME:`, in one line."""
    found = re.search(rf":{name}: (.*?)(?=\n:|\n\n|\Z)", module.__doc__ or "", re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def mirrored(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Functions of Go and the Python function that is each of them, from `Go: …` in docstrings."""
    for name, each in vars(module).items():
        own = inspect.isfunction(each) and each.__module__ == module.__name__
        found = re.search(r"\bGo: ([^\n\"]+)", each.__doc__ or "") if own else None
        if found and not found[1].startswith(("pkg/", "kubernetes")):
            yield found[1].strip(), name


def page() -> str:
    """The page as it should be."""
    text = HEAD
    for title, names in PARTS.items():
        text += (
            f"## {title}\n\n| module | of | functions | leaves out |\n| --- | --- | --- | --- |\n"
        )
        for name in names:
            module = importlib.import_module(f"seatrial.model.{name}")
            functions = "; ".join(f"{go}: `{python}`" for go, python in mirrored(module))
            cells = (f"`{name}`", field(module, "Go"), functions, field(module, "Omits"))
            text += "| " + " | ".join(cell.replace("|", "\\|") or "-" for cell in cells) + " |\n"
        text += "\n"
    return text.rstrip("\n") + "\n"


def test_the_page_of_the_model_says_what_the_modules_say() -> None:
    """Omissions belong where they are made; a copy by hand would drift."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_module_of_a_controller_says_what_it_is_a_model_of() -> None:
    """Without a source nobody can hold it against the real thing."""
    for names in PARTS.values():
        for name in names:
            module = importlib.import_module(f"seatrial.model.{name}")
            assert field(module, "Omits"), name


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    PAGE.write_text(page(), encoding="utf-8")
