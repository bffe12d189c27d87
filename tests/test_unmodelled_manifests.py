"""CronJobs and DaemonSets are checked as the API server checks them, though nothing models them."""

import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from given_manifests import (
    cron_job,
    daemon_set,
    errors,
    job,
    listed,
    outcome,
    read,
    spoiled,
    stateful_set,
    warnings,
)
from seatrial.model import IntOrPercent
from valid_manifests import CRON_JOBS, DAEMON_SETS

JOB = "spec.jobTemplate.spec"
UPDATE = "spec.updateStrategy.rollingUpdate"


def test_they_are_read_with_defaults_and_listed_as_not_modelled() -> None:
    """Whoever checks a Job wants to know what else is in the files, and that it is valid."""
    manifests = read(job(), cron_job(), daemon_set())
    (nightly,), (logs,) = manifests.cron_jobs, manifests.daemon_sets

    assert [each.key for each in manifests.workloads] == ["Job/default/sums"]
    assert listed(manifests, of="Job") == {"CronJob": ("inert", ()), "DaemonSet": ("inert", ())}
    assert (nightly.schedule, nightly.time_zone, nightly.suspend) == ("0 3 * * *", None, False)
    assert (nightly.concurrency_policy, nightly.starting_deadline_seconds) == ("Allow", None)
    assert nightly.successful_jobs_history_limit == 3
    assert nightly.failed_jobs_history_limit == 1
    assert (logs.strategy, logs.max_surge) == ("RollingUpdate", IntOrPercent.absolute(0))
    assert logs.max_unavailable == IntOrPercent.absolute(1)
    assert (logs.min_ready_seconds, logs.revision_history_limit) == (0, 10)


def test_the_jobs_of_a_cron_job_have_the_defaults_of_jobs() -> None:
    """They get them when they are created, not while they are a template."""
    (nightly,) = read(cron_job(backoffLimit=2)).cron_jobs

    assert (nightly.job_template.backoff_limit, nightly.job_template.completions) == (2, 1)
    assert nightly.job_template.restart_policy == "Never"
    assert errors(cron_job(completionMode="Indexed")) == [
        f"{JOB}.completions: no completions; an Indexed Job has to say how many indexes there are"
    ]
    assert read(job({"completionMode": "Indexed"})).jobs[0].completions == 1


# ---- schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * ?",
        "*/5 9-17/2 1,15 jan-MAR mon-fri",
        "5/15 0 1 1 0",
        "@hourly",
        "@every 1h30m",
        "@every 1.5s",
    ],
)
def test_a_schedule_that_the_controller_understands_is_accepted(schedule: str) -> None:
    """Names of any case, steps that start at a number, and descriptors."""
    assert read(cron_job({"schedule": schedule})).cron_jobs[0].schedule == schedule


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("", "no schedule; write one such as '*/5 * * * *'"),
        (
            "* * * *",
            "'* * * *' has 4 fields; write minute, hour, day of the month, month, weekday",
        ),
        ("60 * * * *", "minute: 60 is not between 0 and 59"),
        ("0 0 0 * *", "day of the month: 0 is not between 1 and 31"),
        ("0 0 * * 7", "day of the week: 7 is not between 0 and 6"),
        ("5-1 * * * *", "minute: 5-1 does not go up"),
        ("*/0 * * * *", "minute: '0' is no step; write 1 or more"),
        ("1-2-3 * * * *", "minute: '1-2-3' has too many of '-' or '/'"),
        ("0 0 L * *", "day of the month: 'L' is no number"),
        (
            "@reboot",
            "'@reboot' is no schedule; write one of @yearly, @annually, @monthly, @weekly, @daily,"
            " @midnight, @hourly, @every 1h",
        ),
        ("@every day", "'day' is no duration; write one such as 1h30m"),
        (
            "TZ=UTC 0 3 * * *",
            "'TZ=UTC 0 3 * * *' has a time zone in it; write it as spec.timeZone",
        ),
    ],
)
def test_a_schedule_that_it_does_not_understand_is_refused(schedule: str, says: str) -> None:
    """Cron in other places takes 7 for Sunday, or L for the last day; Kubernetes does not."""
    assert errors(cron_job({"schedule": schedule})) == [f"spec.schedule: {says}"]


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Local",
        "..",
        pytest.param(
            "Mars/Olympus_Mons",
            marks=pytest.mark.skipif(
                not zoneinfo.available_timezones(), reason="no zones are known here"
            ),
        ),
    ],
)
def test_a_time_zone_has_to_be_a_known_place(zone: str) -> None:
    """What a machine calls local is not the same on the next one."""
    (line,) = errors(cron_job({"timeZone": zone}))

    assert line.startswith(f"spec.timeZone: {zone!r} ")
    assert line.endswith("; write one such as Europe/Berlin")


# ---- what else is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            {"concurrencyPolicy": "Wait"},
            "spec.concurrencyPolicy: 'Wait' is no policy; write Allow or Forbid or Replace",
        ),
        (
            {"startingDeadlineSeconds": -1},
            "spec.startingDeadlineSeconds: -1 is negative; write 0 or more",
        ),
        ({"jobTemplate": {}}, f"{JOB}: no spec of a Job; write what is to be done"),
    ],
)
def test_a_wrong_cron_job_is_refused_in_one_line(spec: dict[str, Any], line: str) -> None:
    """validateCronJobSpec."""
    assert errors(cron_job(spec)) == [line]


@pytest.mark.parametrize(
    ("of_job", "line"),
    [
        ({"backoffLimit": -1}, f"{JOB}.backoffLimit: -1 is negative; write 0 or more"),
        (
            {"manualSelector": True},
            f"{JOB}.manualSelector: the Jobs would count each other's pods; remove it",
        ),
        (
            {"selector": {"matchLabels": {"app": "sums"}}},
            f"{JOB}.selector: a selector is made up by the API server for each Job; remove it",
        ),
    ],
)
def test_the_jobs_of_a_cron_job_are_checked_as_well(of_job: dict[str, Any], line: str) -> None:
    """Otherwise the mistake shows at three in the morning."""
    assert errors(cron_job(**of_job)) == [line]


def test_a_cron_job_has_a_short_name() -> None:
    """Its Jobs have a dash and the time after it."""
    long, dotted = cron_job(), cron_job()
    long["metadata"]["name"], dotted["metadata"]["name"] = "n" * 53, "nightly.v1"

    assert errors(long) == [
        f"metadata.name: '{'n' * 53}' has 53 characters; write at most 52, as Jobs get longer names"
    ]
    assert warnings(dotted) == [
        "metadata.name: 'nightly.v1' is used in the names of pods; a DNS-1123 label, as my-job, is"
        " safer"
    ]


@pytest.mark.parametrize(
    ("update", "line"),
    [
        (
            {"maxSurge": 1, "maxUnavailable": 1},
            f"{UPDATE}.maxSurge: both are above 0; write 0 for one of them, or no maxSurge",
        ),
        (
            {"maxUnavailable": 0},
            f"{UPDATE}.maxUnavailable: 0 while maxSurge is 0, so no pod could be replaced; raise"
            " one of them",
        ),
        (
            {"maxUnavailable": "101%"},
            f"{UPDATE}.maxUnavailable: '101%' is more than all pods; write at most 100%",
        ),
    ],
)
def test_a_wrong_daemon_set_is_refused_in_one_line(update: dict[str, Any], line: str) -> None:
    """ValidateRollingUpdateDaemonSet."""
    assert errors(daemon_set({"updateStrategy": {"rollingUpdate": update}})) == [line]


# ---- for whatever is valid ----------------------------------------------------------------------

EACH = CRON_JOBS | DAEMON_SETS


@given(EACH)
@settings(deadline=None)
def test_a_manifest_with_its_defaults_written_out_reads_the_same(given: dict[str, Any]) -> None:
    """Defaults are applied once: what a cluster gives back is what was meant by what it got."""
    (found,) = read(given).unmodelled

    assert read(found.document()).unmodelled == (found,)


@given(EACH, st.data())
@settings(deadline=None)
def test_any_value_in_any_field_is_read_or_refused(
    given: dict[str, Any], data: st.DataObject
) -> None:
    """Each rule has been asked about values of every type, not only those it was written for."""
    found = outcome({**given, "spec": spoiled(data, given["spec"])})

    assert not isinstance(found, list) or all(found)


def test_a_daemon_set_beside_another_workload_does_not_concern_it() -> None:
    """Its pods are its own."""
    assert listed(read(stateful_set(), daemon_set()), of="StatefulSet") == {
        "DaemonSet": ("inert", ())
    }
