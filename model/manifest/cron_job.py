"""
CronJobs as they are written in manifests; nothing models them, and they are checked all the same.

:Go: kubernetes v1.36.3, pkg/apis/batch/v1/defaults.go SetDefaults_CronJob;
    pkg/apis/batch/validation/validation.go ValidateCronJobCreate, validateCronJobSpec,
    ValidateJobTemplateSpec
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/
:Omits: rules about updates, and what `job.py` and `schedule.py` omit.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from .errors import quoted
from .job import JobManifest, check_job_spec
from .names import dns_label, dns_subdomain
from .reading import Reading
from .schedule import schedule_says, time_zone_says
from .selector import LabelSelector
from .template import Pairs
from .workloads import Workload, common, read_workload

__all__ = ["CronJobManifest", "read_cron_job"]

_POLICIES = ("Allow", "Forbid", "Replace")
_JOB = ("spec", "jobTemplate", "spec")
# A Job's name has 63 characters, 11 of which are a dash and the time.
_LONGEST = 52


@attrs.frozen(kw_only=True)
class CronJobManifest(Workload):
    """
    A `batch/v1` CronJob, defaults included.

    `job_template` is what its Jobs are like, with the defaults that they get when they are created;
    `template` is that of their pods, and the selector is empty: a CronJob has no pods of its own.
    """

    api_version: ClassVar[str] = "batch/v1"
    kind: ClassVar[str] = "CronJob"

    schedule: str
    time_zone: str | None
    starting_deadline_seconds: int | None
    concurrency_policy: str
    suspend: bool
    successful_jobs_history_limit: int
    failed_jobs_history_limit: int
    job_template: JobManifest

    def selects(self, labels: Mapping[str, str]) -> bool:
        """None: it has Jobs and no pods."""
        return False

    def document(self) -> dict[str, Any]:
        """The object with all defaults, as data that a manifest could hold."""
        whole = Workload.document(self)
        job = self.job_template.document()
        metadata = {field: job["metadata"][field] for field in ("annotations", "labels")}
        spec = {
            "schedule": self.schedule,
            "timeZone": self.time_zone,
            "startingDeadlineSeconds": self.starting_deadline_seconds,
            "concurrencyPolicy": self.concurrency_policy,
            "suspend": self.suspend,
            "successfulJobsHistoryLimit": self.successful_jobs_history_limit,
            "failedJobsHistoryLimit": self.failed_jobs_history_limit,
            "jobTemplate": {"metadata": metadata, "spec": job["spec"]},
        }
        whole["spec"] = {field: value for field, value in spec.items() if value is not None}
        return whole

    def spec_document(self) -> dict[str, Any]:
        """Nothing: the template belongs to the Jobs; see `document`."""
        return {}


def read_cron_job(reading: Reading) -> CronJobManifest | None:
    """The CronJob, or None and a problem noted for each thing that is wrong."""
    return read_workload(reading, "CronJob", dns_subdomain, _cron_job)


def _cron_job(reading: Reading) -> CronJobManifest:
    """:Go: validateCronJobSpec"""
    name = str(reading.get("metadata", "name", default=""))
    if _LONGEST < len(name) <= 253:
        says = f"has {len(name)} characters; write at most {_LONGEST}, as Jobs get longer names"
        reading.refuse_value(("metadata", "name"), name, says)
    elif name and not dns_subdomain(name) and dns_label(name):
        says = "is used in the names of pods; a DNS-1123 label, as my-job, is safer"
        reading.warn(("metadata", "name"), f"{quoted(name)} {says}")
    whole = common(reading, _JOB)
    return CronJobManifest(
        **whole,
        selector=LabelSelector(),
        schedule=_schedule(reading),
        time_zone=_time_zone(reading),
        starting_deadline_seconds=reading.given_not_negative(("spec", "startingDeadlineSeconds")),
        concurrency_policy=reading.one_of(
            ("spec", "concurrencyPolicy"), _POLICIES, "Allow", "policy"
        ),
        suspend=bool(reading.get("spec", "suspend", default=False)),
        successful_jobs_history_limit=reading.not_negative(
            ("spec", "successfulJobsHistoryLimit"), 3
        ),
        failed_jobs_history_limit=reading.not_negative(("spec", "failedJobsHistoryLimit"), 1),
        job_template=_job_template(reading, whole),
    )


def _schedule(reading: Reading) -> str:
    path = ("spec", "schedule")
    schedule = str(reading.get(*path, default=""))
    says = schedule_says(schedule)
    if not schedule:
        says = "no schedule; write one such as '*/5 * * * *'" if "spec" in reading.data else None
    if says:
        reading.refuse(path, says)
    return schedule


def _time_zone(reading: Reading) -> str | None:
    path = ("spec", "timeZone")
    zone = reading.get(*path)
    if zone is not None:
        reading.refuse_value(path, zone, time_zone_says(zone))
    return zone if zone is None else str(zone)


def _job_template(reading: Reading, whole: dict[str, Any]) -> JobManifest:
    """:Go: ValidateJobTemplateSpec"""
    if reading.get(*_JOB) is None and "spec" in reading.data:
        reading.refuse(_JOB, "no spec of a Job; write what is to be done")
    if reading.get(*_JOB, "selector") is not None:
        says = "a selector is made up by the API server for each Job; remove it"
        reading.refuse((*_JOB, "selector"), says)
    if reading.get(*_JOB, "manualSelector"):
        says = "the Jobs would count each other's pods; remove it"
        reading.refuse((*_JOB, "manualSelector"), says)
    fields = check_job_spec(reading, _JOB, of_job=False)
    if fields["completions"] is None and reading.get(*_JOB, "parallelism") is None:
        fields["completions"] = 1

    def pairs(field: str) -> Pairs:
        given = reading.get("spec", "jobTemplate", "metadata", field, default={})
        return tuple(sorted(given.items()))

    return JobManifest(
        name="",
        namespace=whole["namespace"],
        labels=pairs("labels") or whole["template"].labels,
        annotations=pairs("annotations"),
        selector=LabelSelector(),
        manual_selector=False,
        template=whole["template"],
        **fields,
    )
