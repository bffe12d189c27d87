"""
Jobs as they are written in manifests, with the API server's defaults and rules.

:Go: kubernetes v1.36.3, pkg/apis/batch/v1/defaults.go SetDefaults_Job;
    pkg/apis/batch/validation/validation.go ValidateJob, ValidateJobSpec, validateJobSpec,
    validateGeneratedSelector; pkg/registry/batch/job/strategy.go generateSelector,
    WarningsOnCreate; pkg/api/job/warnings.go WarningsForJobSpec
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
:Omits: the selector and the labels that the API server makes up, which no manifest can know; rules
    about updates (see `updates.py`); the field scheduling of 1.37; most rules about what is in a
    pod, see `pods.py` for those that are checked.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from .errors import Path, quoted
from .job_policies import (
    PodFailurePolicyRule,
    SuccessPolicyRule,
    read_pod_failure_policy,
    read_success_policy,
)
from .names import dns_label, dns_subdomain, domain_path, label_value
from .pods import check_pods
from .reading import Reading
from .selector import LabelSelector, check_labels, read_selector
from .workloads import Workload, common, read_workload, refuse_unselected, selector_document

__all__ = ["CONTROLLER", "JobManifest", "check_job_spec", "read_job"]

CONTROLLER = "kubernetes.io/job-controller"
"""What `managedBy` says of a Job that the controller in the cluster keeps to itself."""

_MODES = ("Indexed", "NonIndexed")
_REPLACEMENT = ("Failed", "TerminatingOrFailed")
_NAMES = ("job-name", "batch.kubernetes.io/job-name")
_UIDS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NO_LIMIT = 2**31 - 1
# Of an Indexed Job: so that the lists of indexes in its status do not grow too long.
_MOST = 100_000
_MOST_OF_MANY = 10_000


@attrs.frozen(kw_only=True)
class JobManifest(Workload):
    """
    A `batch/v1` Job, defaults included. None stands for what is not given and has no default.

    Without `completions` it is a work queue. The selector is empty unless `manual_selector`: the
    API server makes one up.
    """

    api_version: ClassVar[str] = "batch/v1"
    kind: ClassVar[str] = "Job"

    parallelism: int
    completions: int | None
    completion_mode: str
    backoff_limit: int
    backoff_limit_per_index: int | None
    max_failed_indexes: int | None
    pod_failure_policy: tuple[PodFailurePolicyRule, ...] | None
    success_policy: tuple[SuccessPolicyRule, ...] | None
    pod_replacement_policy: str
    suspend: bool
    active_deadline_seconds: int | None
    ttl_seconds_after_finished: int | None
    managed_by: str | None
    manual_selector: bool

    @property
    def restart_policy(self) -> str:
        """`Never` or `OnFailure`, of its pods."""
        return self.template.restart_policy

    def selects(self, labels: Mapping[str, str]) -> bool:
        """None, where the selector that is made up names the Job's uid."""
        return self.manual_selector and self.selector.matches(labels)

    def spec_document(self) -> dict[str, Any]:
        """The spec with all defaults, as data that a manifest could hold."""
        spec = {
            "parallelism": self.parallelism,
            "completions": self.completions,
            "completionMode": self.completion_mode,
            "backoffLimit": self.backoff_limit,
            "backoffLimitPerIndex": self.backoff_limit_per_index,
            "maxFailedIndexes": self.max_failed_indexes,
            "podReplacementPolicy": self.pod_replacement_policy,
            "suspend": self.suspend,
            "activeDeadlineSeconds": self.active_deadline_seconds,
            "ttlSecondsAfterFinished": self.ttl_seconds_after_finished,
            "managedBy": self.managed_by,
            "manualSelector": self.manual_selector,
            "selector": selector_document(self.selector) if self.manual_selector else None,
        }
        for field, rules in (
            ("podFailurePolicy", self.pod_failure_policy),
            ("successPolicy", self.success_policy),
        ):
            if rules is not None:
                spec[field] = {"rules": [each.document() for each in rules]}
        return {field: value for field, value in spec.items() if value is not None}


def read_job(reading: Reading) -> JobManifest | None:
    """The Job, or None and a problem noted for each thing that is wrong."""
    return read_workload(reading, "Job", dns_subdomain, _job)


def _job(reading: Reading) -> JobManifest:
    """:Go: ValidateJob"""
    manual = bool(reading.get("spec", "manualSelector", default=False))
    selector = _manual_selector(reading) if manual else _made_up_selector(reading)
    fields = check_job_spec(reading, ("spec",))
    _check_name(reading, fields)
    whole = common(reading)
    if not whole["labels"]:  # :Go: SetDefaults_Job
        whole["labels"] = whole["template"].labels
    return JobManifest(**whole, **fields, selector=selector, manual_selector=manual)


def check_job_spec(reading: Reading, spec: Path, *, of_job: bool = True) -> dict[str, Any]:
    """
    The fields of the spec of a Job at a path, but for its selector. :Go: validateJobSpec

    In the template of a CronJob, completions have no default before a Job is made of it.
    """
    completions = reading.given_not_negative((*spec, "completions"))
    if completions is None and of_job and reading.get(*spec, "parallelism") is None:
        completions = 1
    per_index = reading.given_not_negative((*spec, "backoffLimitPerIndex"))
    no_limit = 6 if per_index is None else _NO_LIMIT
    failure_policy = read_pod_failure_policy(reading, spec)
    fields: dict[str, Any] = {
        "parallelism": reading.not_negative((*spec, "parallelism"), 1),
        "completions": completions,
        "completion_mode": reading.one_of(
            (*spec, "completionMode"), _MODES, "NonIndexed", "completion mode", pointer=True
        ),
        "backoff_limit": reading.not_negative((*spec, "backoffLimit"), no_limit),
        "backoff_limit_per_index": per_index,
        "max_failed_indexes": reading.given_not_negative((*spec, "maxFailedIndexes")),
        "pod_failure_policy": failure_policy,
        "pod_replacement_policy": _replacement(reading, spec, failure_policy is not None),
        "suspend": bool(reading.get(*spec, "suspend", default=False)),
        "active_deadline_seconds": reading.given_not_negative((*spec, "activeDeadlineSeconds")),
        "ttl_seconds_after_finished": reading.given_not_negative(
            (*spec, "ttlSecondsAfterFinished")
        ),
        "managed_by": _managed_by(reading, (*spec, "managedBy")),
    }
    if fields["completion_mode"] == "Indexed":
        _check_indexed(reading, spec, fields)
    elif fields["completion_mode"] == "NonIndexed":
        for field in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if reading.get(*spec, field) is not None:
                says = "only an Indexed Job has it; write completionMode: Indexed, or remove it"
                reading.refuse((*spec, field), says)
    if fields["max_failed_indexes"] is not None and per_index is None:
        says = "not given, and maxFailedIndexes needs it; write both or none"
        reading.refuse((*spec, "backoffLimitPerIndex"), says)
    fields["success_policy"] = None
    if fields["completion_mode"] == "Indexed":
        known = completions if completions is None or completions >= 0 else None
        fields["success_policy"] = read_success_policy(reading, spec, known)
    _check_template(reading, spec, failure_policy is not None)
    return fields


def _check_indexed(reading: Reading, spec: Path, fields: dict[str, Any]) -> None:
    completions, failed = fields["completions"], fields["max_failed_indexes"]
    parallelism = fields["parallelism"]
    if completions is None:
        says = "no completions; an Indexed Job has to say how many indexes there are"
        reading.refuse((*spec, "completions"), says)
    if completions is None or completions < 0:
        return
    many = completions > _MOST and fields["backoff_limit_per_index"] is not None
    most = _MOST_OF_MANY if many else _MOST
    why = f" where completions are above {_MOST} and backoffLimitPerIndex is given" if many else ""
    for field, value in (("parallelism", parallelism), ("maxFailedIndexes", failed)):
        if value is not None and value > most:
            says = f"{value} is too many for an Indexed Job; write at most {most}{why}"
            reading.refuse((*spec, field), says)
    if failed is not None and failed > completions:
        says = f"{failed} is more than there are indexes; write at most {completions}"
        reading.refuse((*spec, "maxFailedIndexes"), says)
    if many and failed is None:
        says = f"not given; it has to be{why}"
        reading.refuse((*spec, "maxFailedIndexes"), says)
    if completions > _MOST and parallelism > _MOST_OF_MANY:
        says = f"above {_MOST} with a parallelism above {_MOST_OF_MANY}: not all indexes that"
        reading.warn((*spec, "completions"), f"{says} completed may fit into the status")


def _replacement(reading: Reading, spec: Path, policy: bool) -> str:
    """:Go: validatePodReplacementPolicy"""
    path = (*spec, "podReplacementPolicy")
    # The field is a pointer: an empty word is given, and is no policy.
    value = reading.get(*path, default="Failed" if policy else "TerminatingOrFailed")
    if policy and value != "Failed":
        says = "cannot stand beside podFailurePolicy; write Failed, or remove one of the two"
        reading.refuse_value(path, value, says)
    elif value not in _REPLACEMENT:
        says = f"is no replacement policy; write {' or '.join(_REPLACEMENT)}"
        reading.refuse_value(path, value, says)
    return str(value)


def _managed_by(reading: Reading, path: Path) -> str | None:
    value = reading.get(*path)
    if value is None:
        return None
    says = domain_path(value)
    if says is None and len(value) > 63:
        says = f"has {len(value)} characters; write at most 63"
    reading.refuse_value(path, value, says)
    return str(value)


def _check_template(reading: Reading, spec: Path, failure_policy: bool) -> None:
    path = (*spec, "template")
    if reading.get(*path) is None:
        if reading.get(*spec) is not None:
            reading.refuse(path, "no template; write the pods that do the work")
        return
    check_labels(reading, (*path, "metadata", "labels"))
    where = (*path, "spec", "restartPolicy")
    policy = reading.get(*where, default="")
    if not policy:
        reading.refuse(where, "no restartPolicy; a Job needs OnFailure or Never")
    elif policy not in ("OnFailure", "Never"):
        says = "would run pods for ever" if policy == "Always" else "is no restart policy"
        reading.refuse_value(where, policy, f"{says}; a Job needs OnFailure or Never")
    elif failure_policy and policy != "Never":
        says = "cannot stand beside podFailurePolicy; write Never, or remove the policy"
        reading.refuse_value(where, policy, says)
    where = (*path, "spec", "activeDeadlineSeconds")
    deadline = reading.get(*where)
    if deadline is not None and not 0 < deadline < 2**31:
        reading.refuse_value(where, int(deadline), f"is no deadline; write 1 to {2**31 - 1}")
    check_pods(reading, path)


def _check_name(reading: Reading, fields: dict[str, Any]) -> None:
    """A name that can be made into those of pods."""
    path = ("metadata", "name")
    name = str(reading.get(*path, default=""))
    completions = max(fields["completions"] or 0, 0)
    hostname = f"{name}-{completions - 1}" if completions else name
    if not name or dns_subdomain(name):
        return
    if fields["completion_mode"] == "Indexed" and completions and dns_label(hostname):
        says = f"is no name of an Indexed Job: {hostname} has to be a DNS-1123 label, for a pod"
        reading.refuse_value(path, name, says)
    elif dns_label(name):
        says = "is used in the names of pods; a DNS-1123 label, as my-job, is safer"
        reading.warn(path, f"{quoted(name)} {says}")


def _manual_selector(reading: Reading) -> LabelSelector:
    """:Go: ValidateJobSpec"""
    path = ("spec", "selector")
    before = len(reading.problems)
    selector = read_selector(reading, path)
    if reading.get(*path) is None:
        reading.refuse(path, "no selector, and manualSelector is true; write one of the two")
    elif len(reading.problems) == before:
        labels = reading.get("spec", "template", "metadata", "labels", default={})
        refuse_unselected(reading, selector, labels)
    return selector


def _made_up_selector(reading: Reading) -> LabelSelector:
    """
    None: it names the uid. What is written all the same has to fit to it.

    :Go: generateSelector, validateGeneratedSelector
    """
    name = str(reading.get("metadata", "name", default=""))
    labels_path = ("spec", "template", "metadata", "labels")
    if name and label_value(name):
        says = f"has {len(name)} characters, and pods get it as a label; write at most 63"
        reading.refuse_value(("metadata", "name"), name, says if len(name) > 63 else None)
    for key, value in reading.get(*labels_path, default={}).items():
        if key in _UIDS or (key in _NAMES and value != name):
            says = "is given by the API server; remove it, or write manualSelector: true"
            reading.refuse_value((*labels_path, f"[{key}]"), value, says)
    path = ("spec", "selector")
    if reading.get(*path) is not None:
        before = len(reading.problems)
        selector = read_selector(reading, path)
        # Of the uid nobody knows anything but that it is there.
        made_up = dict.fromkeys(_NAMES, name) | dict.fromkeys(_UIDS, "\0")
        if len(reading.problems) == before and not selector.matches(made_up):
            says = "is made up by the API server; remove it, or write manualSelector: true"
            reading.refuse(path, f"the selector {says}")
    return LabelSelector()
