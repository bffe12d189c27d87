"""
What Jobs promise, asked of small ones: what holds holds, what is refuted is refuted by a shortest
run, and what a precondition is for is shown by the run that breaks the promise without it.
"""

import pytest
from attrs import evolve, frozen

from job_promises import BY_ID, Case, broken, case, indexed, searched
from seatrial.model import environment, job_api

pytestmark = pytest.mark.heavy

FAIL_JOB = job_api.FailureRule("FailJob", job_api.ExitCodes("In", (42,)))
IGNORE = job_api.FailureRule("Ignore", None, ((job_api.DISRUPTION_TARGET, "True"),))
FIRST = (job_api.SuccessRule("0"),)
NO_LIMIT = 2**31 - 1
ASKED = job_api.FailureRule("Ignore", None, (("ConfigIssue", "True"),))
COUNTS = (
    job_api.FailureRule("Count", job_api.ExitCodes("In", (42,))),
    job_api.FailureRule("FailJob", job_api.ExitCodes("In", (43,))),
)
STALE = "WatchListClient=false"
OLD_LISTS = "stale-api-server,controller-restart"

HOLD = {
    "failures, a restart and a lost request": case(
        faults="container-exit@2,controller-restart,write-failure",
        level="faulty",
        lag=1,
        backoff_limit=1,
    ),
    "two at once": case(
        faults="container-exit@2",
        level="interleaved",
        lag=1,
        parallelism=2,
        completions=2,
        backoff_limit=1,
    ),
    "no retry": case(
        faults="container-exit,controller-restart",
        level="interleaved",
        lag=1,
        parallelism=2,
        completions=2,
        backoff_limit=0,
    ),
    "pods are deleted and evicted": case(
        "delete-pod", "evict", "interleaved", 1, parallelism=1, completions=1, backoff_limit=1
    ),
    "replaced when they have ended": case(
        "delete-pod", "evict", "interleaved", 1, pod_replacement_policy="Failed"
    ),
    "one try": case(faults="container-exit,evict", level="interleaved", lag=1, backoff_limit=0),
    "indexes are replaced when they have ended": case(
        "delete-pod", level="interleaved", lag=1, pod_replacement_policy="Failed", **indexed(1)
    ),
    "an index is tried again while pods are resized, stopped and robbed of finalizers": case(
        "set-parallelism:0,suspend,strip-finalizer",
        "container-exit@2",
        ids=("job-index-attempts-bound",),
        **indexed(1, backoff_limit_per_index=1, backoff_limit=2**31 - 1),
    ),
    "an index is tried again while completions change": case(
        "set-completions:1@1,set-completions:2@1",
        "container-exit@3",
        ids=("job-index-attempts-bound",),
        **indexed(2, backoff_limit_per_index=1, backoff_limit=2**31 - 1),
    ),
    "a start time that could not be written starts no deadline": case(
        faults="write-failure@2",
        active_deadline_seconds=60,
        ids=("job-deadline-precedence",),
    ),
    "a node is off for good": case(faults="node-off", level="interleaved", lag=1),
    "a node crashes": case(faults="node-crash", level="interleaved", lag=1),
    "suspended, and deleted with orphans": case("suspend,delete:orphan"),
    "suspended and resumed": case("suspend,resume", "container-exit", "interleaved", 1),
    "a work queue": case(
        faults="container-exit@2", level="interleaved", lag=1, parallelism=2, completions=None
    ),
    "restarted in place": case(
        faults="container-exit@2",
        level="interleaved",
        lag=1,
        backoff_limit=1,
        restart_policy="OnFailure",
    ),
    "resized": case(
        "set-parallelism:0,set-parallelism:2", level="interleaved", lag=1, completions=2
    ),
    "a deadline": case(
        faults="container-exit,controller-restart",
        level="interleaved",
        lag=1,
        active_deadline_seconds=60,
    ),
    "a deadline, whole syncs": case(faults="container-exit", active_deadline_seconds=60),
    "a TTL": case(
        faults="container-exit", level="interleaved", lag=1, ttl_seconds_after_finished=60
    ),
    "deleted in the background": case("delete", "container-exit", "interleaved", 1),
    "deleted in the foreground": case("delete:foreground", "container-exit", "interleaved", 1),
    "deleted with orphans": case("delete:orphan"),
    "deleted with orphans, seen late": case("delete:orphan", level="interleaved", lag=1),
    "indexed": case(
        faults="container-exit,evict",
        level="interleaved",
        lag=1,
        **indexed(2, parallelism=1),
    ),
    "indexed, resized": case("set-completions:1,set-completions:2", **indexed(2)),
    "back-off for each index": case(
        faults="container-exit@2",
        level="interleaved",
        lag=1,
        backoff_limit=NO_LIMIT,
        backoff_limit_per_index=1,
        **indexed(2, parallelism=1),
    ),
    "no failed index is allowed": case(
        faults="container-exit@2",
        level="interleaved",
        lag=1,
        backoff_limit=NO_LIMIT,
        backoff_limit_per_index=0,
        max_failed_indexes=0,
        **indexed(2),
    ),
    "failed indexes": case(
        faults="container-exit@2",
        backoff_limit=NO_LIMIT,
        backoff_limit_per_index=0,
        **indexed(2),
    ),
    "the first index is enough": case(
        faults="container-exit", level="interleaved", lag=1, success_policy=FIRST, **indexed(2)
    ),
    "codes that fail the Job": case(
        faults="container-exit:42", pod_failure_policy=(FAIL_JOB, IGNORE)
    ),
    "disruptions are ignored": case(
        faults="evict", level="interleaved", lag=1, pod_failure_policy=(IGNORE,)
    ),
    "a condition of pods": case(
        faults="pod-condition,container-exit",
        level="interleaved",
        lag=1,
        pod_failure_policy=(ASKED, job_api.FailureRule("FailJob", None, (("Broken", "True"),))),
    ),
    "another replica takes over": case(
        faults="failover,container-exit", level="interleaved", lag=1, backoff_limit=0
    ),
    "lists are out of date": case(faults=OLD_LISTS, level="interleaved", lag=1, gates=STALE),
    "lists that are asked for are up to date": case(
        faults=OLD_LISTS, level="interleaved", lag=1, completions=2
    ),
    "the watch of pods breaks": case(
        "delete-pod", "relist", "interleaved", 2, pod_replacement_policy="Failed"
    ),
    "limits are taken away": case(
        "set-active-deadline:none,set-ttl:none",
        level="interleaved",
        lag=1,
        active_deadline_seconds=60,
        ttl_seconds_after_finished=60,
    ),
    "other numbers of failed indexes": case(
        "set-max-failed-indexes:1,set-max-failed-indexes:none",
        "container-exit",
        "interleaved",
        backoff_limit=NO_LIMIT,
        backoff_limit_per_index=0,
        max_failed_indexes=0,
        **indexed(2, parallelism=1),
    ),
    "limit and TTL are changed": case(
        "set-backoff-limit:0,set-ttl:1", "container-exit", "interleaved", 1
    ),
    "a slow system": case(
        faults="container-exit",
        level="interleaved",
        lag=1,
        slow=1,
        parallelism=2,
        completions=None,
        backoff_limit=1,
        active_deadline_seconds=60,
        ttl_seconds_after_finished=60,
    ),
    "a slow system, back-off for each index": case(
        faults="container-exit",
        slow=1,
        backoff_limit=NO_LIMIT,
        backoff_limit_per_index=1,
        **indexed(2),
    ),
    "a deadline is set": case("set-active-deadline:60", "controller-restart", "interleaved", 1),
    "a deadline is changed": case("set-active-deadline:60", active_deadline_seconds=30),
    "without the consistency store": case(
        faults="container-exit,controller-restart",
        level="interleaved",
        lag=1,
        gates="StaleControllerConsistencyJob=false",
        backoff_limit=1,
    ),
}


@frozen
class Broken:
    """How long the shortest run is that breaks a promise, and in which Job; 0 if it has none."""

    length: int
    of: Case
    dropped: str = ""
    """How the words of the precondition begin that is not met; none where it is refuted anyway."""


REFUTED = {
    "job-every-success-counts": Broken(12, case("suspend", level="interleaved", lag=1)),
    "job-elastic-index-restarts": Broken(
        6, case("set-completions:1@2,set-completions:2", **indexed(2))
    ),
    "seed-job-parallelism-cap": Broken(8, case(faults="evict")),
    "job-running-at-most-remaining": Broken(8, case(faults="evict")),
    "job-failed-within-limit": Broken(10, case(faults="container-exit@2", backoff_limit=1)),
    "seed-job-pods-not-restarted": Broken(7, case(faults="container-exit")),
    "job-total-pods-equal-completions": Broken(10, case(faults="container-exit")),
    "job-complete-after-removal-issued": Broken(5, case(success_policy=FIRST, **indexed(2))),
    "job-per-index-null-completes": Broken(
        4,
        case(
            faults="container-exit",
            backoff_limit=NO_LIMIT,
            backoff_limit_per_index=0,
            **indexed(1),
        ),
    ),
    "seed-job-runs-once": Broken(8, case(faults="container-exit")),
    "seed-job-forbids-onfailure": Broken(
        3, case(faults="container-exit", restart_policy="OnFailure")
    ),
    "seed-job-two-completions-two-pods": Broken(
        6, case(faults="container-exit", parallelism=2, completions=2, backoff_limit=0)
    ),
    "job-work-queue-waits-for-others": Broken(4, case(parallelism=2)),
    "job-work-queue-complete-means-all-done": Broken(
        6, case(faults="container-exit", parallelism=2, completions=None)
    ),
    "job-lower-index-first": Broken(
        6,
        case(
            faults="container-exit",
            backoff_limit=NO_LIMIT,
            backoff_limit_per_index=1,
            **indexed(3, parallelism=2),
        ),
    ),
    "job-backoff-delay-bounded": Broken(5, case(faults="container-exit,controller-restart")),
    "job-replaces-pod-of-lost-node": Broken(
        5, case(faults="node-off", pod_replacement_policy="Failed")
    ),
    "job-suspended-still-ends": Broken(24, case("suspend", level="interleaved", lag=1)),
}

UNKNOWN = case(faults="write-unknown", level="faulty", lag=1)
NO_STORE = case(
    level="interleaved",
    lag=1,
    gates="StaleControllerConsistencyJob=false",
    parallelism=2,
    completions=None,
)
AT_ITS_LIMIT = indexed(1, backoff_limit_per_index=0)
AT_LIMIT_OF_TWO = indexed(2, backoff_limit_per_index=0)
KEEPS_START = "MutableSchedulingDirectivesForSuspendedJobs=false"
ELSEWHERE = "example.com/other"
FOREGROUND = case("delete:foreground", "controller-restart", "interleaved", 1)
LISTED = case(faults="evict,controller-restart", level="interleaved", lag=1)
GROWS = case("set-completions:2", **indexed(1))
ENOUGH = case(success_policy=FIRST, **indexed(2))
SHRINKS = case("set-completions:1", **indexed(2))
TAKEN_OVER = case(faults="failover", level="interleaved", lag=1)
BREAKS = case("delete-pod", "relist", "interleaved", 2, pod_replacement_policy="Failed")
WATCH = "the watch of pods"
OLD_STATUS = case(lag=2, gates="StaleControllerConsistencyJob=false", completions=2)
RERUN = case(
    faults="write-unknown,container-exit",
    level="faulty",
    lag=1,
    pod_replacement_policy="Failed",
    **AT_ITS_LIMIT,
)
STALE_LIST = case("set-parallelism:0", OLD_LISTS, "interleaved", 1, gates=STALE)
ATOMIC: environment.Level = "atomic"
INTERLEAVED: environment.Level = "interleaved"
NEVER_REACHED = 0
"""The length of the run that breaks a `sometimes`: there is none."""


def breaks_and(user: str) -> Case:
    """Two pods, of which one is deleted before the watch shows it; and somebody wants none."""
    spec = evolve(BREAKS.spec, completions=2, parallelism=2)
    users = (*BREAKS.around.users, *environment.budgets([user], "users"))
    return evolve(BREAKS, spec=spec, around=evolve(BREAKS.around, users=users))


DROPPED = (
    (
        "job-counts-each-pod-once",
        Broken(
            14, case(faults=OLD_LISTS, lag=1, gates=STALE, completions=2), "what a controller lists"
        ),
    ),
    ("job-counts-once-in-the-end", Broken(26, TAKEN_OVER, "the controller waits")),
    ("job-counts-once-in-the-end", Broken(9, case("strip-finalizer"), "nobody else removes")),
    ("job-counts-once-in-the-end", Broken(7, case("delete:orphan"), "nobody deletes")),
    ("job-counts-once-in-the-end", Broken(8, SHRINKS, "nobody changes completions")),
    ("job-no-success-lost", Broken(5, SHRINKS, "nobody changes completions")),
    ("job-finalizer-not-leaked", Broken(26, TAKEN_OVER, "the controller waits")),
    ("job-finalizer-not-leaked", Broken(27, OLD_STATUS, "the controller waits")),
    ("job-ends", Broken(18, BREAKS, "the watch of pods")),
    (
        "job-parallelism-zero-pauses",
        Broken(
            6, case("set-parallelism:0", completions=None, parallelism=2), "completions are set, or"
        ),
    ),
    (
        "job-ends",
        Broken(
            13,
            case("delete-pod@2", **indexed(1), backoff_limit=NO_LIMIT, backoff_limit_per_index=1),
            "no index is listed as failed",
        ),
    ),
    ("seed-job-completions-stop", Broken(18, TAKEN_OVER, "the controller waits")),
    ("seed-job-completions-stop", Broken(22, OLD_STATUS, "the controller waits")),
    ("job-succeeded-exactly-completions", Broken(23, OLD_STATUS, "the controller waits")),
    *(
        (asked, Broken(length, RERUN, "no index is run again"))
        for asked, length in (
            ("job-ends", 22),
            ("job-no-hot-loop", 22),
        )
    ),
    (
        "job-success-is-told-at-once",
        Broken(
            20,
            case(
                faults="failover,container-exit",
                level="interleaved",
                lag=1,
                pod_replacement_policy="Failed",
                backoff_limit_per_index=0,
                **indexed(2, parallelism=1),
            ),
            "no index is run again",
        ),
    ),
    ("job-counts-each-pod-once", Broken(12, case("strip-finalizer,delete-pod", lag=2), "no pod")),
    (
        "job-failed-bound",
        Broken(12, case("strip-finalizer,delete-pod@2", lag=2, backoff_limit=0), "no pod that"),
    ),
    (
        "seed-job-completions-stop",
        Broken(
            18,
            case("set-completions:1", "container-exit", "interleaved", **indexed(2)),
            "nobody changes parallelism",
        ),
    ),
    ("job-work-queue-no-new-after-success", Broken(7, case(completions=3), "completions are not")),
    (
        "job-work-queue-no-new-after-success",
        Broken(
            14,
            case(faults="failover", level="interleaved", lag=1, completions=None),
            "the controller waits",
        ),
    ),
    (
        "job-failjob-stops-retries",
        Broken(7, case(faults="container-exit:42", pod_failure_policy=COUNTS), "the first rule"),
    ),
    (
        "job-deadline-precedence",
        Broken(
            14,
            case(faults="container-exit", level="interleaved", slow=1, active_deadline_seconds=60),
            "a sync is not",
        ),
    ),
    (
        "job-deadline-precedence",
        Broken(
            8,
            case("set-parallelism:3", lag=1, slow=1, completions=3, active_deadline_seconds=60),
            "the deadline does not",
        ),
    ),
    (
        "seed-job-retry-limit",
        Broken(
            4,
            case(faults="container-exit", restart_policy="OnFailure", backoff_limit=1),
            "restartPolicy is Never",
        ),
    ),
    (
        "job-no-hot-loop",
        Broken(
            12,
            case("set-completions:1,set-parallelism:2", **indexed(3)),
            "completions and parallelism",
        ),
    ),
    (
        "job-ttl-deletes-after-finish",
        Broken(
            13,
            case("delete", "write-failure", "faulty", 1, ttl_seconds_after_finished=60),
            "no request fails that removes",
        ),
    ),
    (
        "job-ttl-deletes-after-finish",
        Broken(6, case("set-ttl:none", ttl_seconds_after_finished=60), "nobody takes"),
    ),
    (
        "job-status-is-accepted",
        Broken(
            10,
            case("delete-pod", "controller-restart", "interleaved", 0, **AT_ITS_LIMIT),
            "no index is listed",
        ),
    ),
    (
        "job-ends",
        Broken(8, case("delete-pod", "write-failure", **AT_ITS_LIMIT), "no index is listed"),
    ),
    (
        "job-ends",
        Broken(
            12,
            case("set-completions:1,set-parallelism:2", **indexed(3)),
            "completions and parallelism",
        ),
    ),
    ("job-terminal-after-pods-end", Broken(16, NO_STORE, "the controller waits")),
    ("job-no-success-lost", Broken(24, NO_STORE, "the controller waits")),
    (
        "job-ignore-not-counted",
        Broken(
            6,
            case(faults="evict", pod_failure_policy=(IGNORE,), active_deadline_seconds=60),
            "there are no activeDeadline",
        ),
    ),
    (
        "job-per-index-independent",
        Broken(
            5,
            case("set-completions:2", "container-exit", **AT_ITS_LIMIT),
            "nobody changes completions",
        ),
    ),
    ("job-no-success-lost", Broken(4, case("strip-finalizer"), "nobody else removes")),
    ("job-no-success-lost", Broken(5, case("delete:orphan"), "nobody deletes")),
    (
        "job-success-during-suspend-lost",
        Broken(22, case("suspend", "write-unknown", "faulty", 1), "the controller waits"),
    ),
    (
        "seed-job-success-needs-all-completions",
        Broken(
            18,
            case(faults="evict,controller-restart", level="interleaved", lag=1),
            "no pod that is listed as failed",
        ),
    ),
    ("job-succeeded-exactly-completions", Broken(25, UNKNOWN, "the controller waits")),
    (
        "job-suspend-keeps-completions",
        Broken(6, case("set-completions:1", **indexed(2)), "nobody changes completions"),
    ),
    ("seed-job-active-cap", Broken(7, UNKNOWN, "the controller knows")),
    (
        "seed-job-active-cap",
        Broken(
            2, case("set-parallelism:1", parallelism=2, completions=2), "nobody changes parallelism"
        ),
    ),
    (
        "job-indexed-one-active-pod",
        Broken(
            7,
            case(faults="write-unknown", level="faulty", lag=1, **indexed(1)),
            "the controller knows",
        ),
    ),
    (
        "job-ignore-not-counted",
        Broken(
            4,
            case(faults="container-exit", pod_failure_policy=(IGNORE,)),
            "containers fail only by disruptions",
        ),
    ),
    (
        "job-failjob-stops-retries",
        Broken(
            5,
            case(
                faults="container-exit:42",
                level="interleaved",
                parallelism=2,
                completions=2,
                pod_failure_policy=(FAIL_JOB,),
            ),
            "a sync is not interrupted",
        ),
    ),
    (
        "job-terminal-after-pods-end",
        Broken(6, case("delete:orphan", completions=None, parallelism=2), "nobody deletes"),
    ),
    (
        "job-status-is-accepted",
        Broken(13, case("suspend", level="interleaved", lag=1), "the Job is not suspended"),
    ),
    ("job-status-is-accepted", Broken(19, RERUN, "the controller waits")),
    ("job-status-is-accepted", Broken(18, STALE_LIST, "the controller waits")),
    (
        "job-status-is-accepted",
        Broken(
            10,
            case("set-parallelism:0,delete-pod,strip-finalizer", level="interleaved"),
            "nobody else removes",
        ),
    ),
    (
        "job-no-hot-loop",
        Broken(24, case("suspend", level="interleaved", lag=1), "the Job is not suspended"),
    ),
    (
        "job-deleting-removes-pods",
        Broken(13, case("delete", "write-failure", "faulty", 1), "no request fails that removes"),
    ),
    ("job-ends", Broken(1, case(managed_by=ELSEWHERE), "the Job is managed")),
    ("job-ends", Broken(3, case("suspend"), "the Job is not suspended")),
    (
        "job-deadline-precedence",
        Broken(
            9,
            case("set-active-deadline:5", lag=1, completions=2, active_deadline_seconds=60),
            "nobody changes activeDeadlineSeconds",
        ),
    ),
    (
        "job-failed-bound",
        Broken(
            11,
            case("set-backoff-limit:1", "container-exit@2", backoff_limit=0),
            "nobody changes backoffLimit",
        ),
    ),
    (
        "job-failed-bound",
        Broken(
            5,
            case("set-parallelism:3", "container-exit@3", backoff_limit=0, completions=3),
            "nobody changes parallelism",
        ),
    ),
    (
        "job-failed-bound",
        Broken(
            17,
            case(faults="write-unknown,container-exit@2", level="faulty", lag=1, backoff_limit=0),
            "the controller knows",
        ),
    ),
    (
        "seed-job-retry-limit",
        Broken(
            5,
            case("set-backoff-limit:0", "container-exit", backoff_limit=1),
            "nobody changes backoffLimit",
        ),
    ),
    ("seed-job-success-needs-all-completions", Broken(6, ENOUGH, "there is no successPolicy")),
    ("seed-job-success-needs-all-completions", Broken(5, GROWS, "nobody changes completions")),
    ("seed-job-success-needs-all-completions", Broken(19, FOREGROUND, "nobody deletes")),
    ("job-succeeded-exactly-completions", Broken(5, GROWS, "the Job is NonIndexed")),
    ("job-succeeded-exactly-completions", Broken(19, FOREGROUND, "nobody deletes")),
    ("job-succeeded-exactly-completions", Broken(18, LISTED, "no pod that is listed")),
    ("job-complete-has-all-indexes", Broken(6, ENOUGH, "there is no successPolicy")),
    ("job-complete-has-all-indexes", Broken(5, GROWS, "nobody changes completions")),
    ("job-complete-has-all-indexes", Broken(4, case(), "the Job is Indexed")),
    (
        "job-completed-indexes-stay",
        Broken(6, case("set-completions:1", **indexed(2)), "nobody changes completions"),
    ),
    (
        "job-finalizer-not-leaked",
        Broken(13, case("delete", "write-failure", "faulty", 1), "no request fails that removes"),
    ),
    (
        "job-finalizer-not-leaked",
        Broken(8, case("delete-pod", "write-failure", **AT_ITS_LIMIT), "no index is listed"),
    ),
    (
        "job-no-hot-loop",
        Broken(8, case("delete-pod", "write-failure", **AT_ITS_LIMIT), "no index is listed"),
    ),
    (
        "job-replacement-failed-cap",
        Broken(
            2,
            case(
                "set-parallelism:1",
                parallelism=2,
                completions=2,
                pod_replacement_policy="Failed",
            ),
            "nobody changes parallelism",
        ),
    ),
    (
        "job-replacement-failed-cap",
        Broken(
            7,
            case(faults="write-unknown", level="faulty", lag=1, pod_replacement_policy="Failed"),
            "the controller knows",
        ),
    ),
    (
        "job-replacement-failed-cap",
        Broken(6, case("delete-pod"), "podReplacementPolicy is Failed"),
    ),
    (
        "job-ignore-not-counted",
        Broken(
            5,
            case("delete:foreground", "evict", pod_failure_policy=(IGNORE,)),
            "nobody deletes",
        ),
    ),
    ("job-ignore-not-counted", Broken(3, case(faults="evict"), "the first rule")),
    (
        "job-status-is-accepted",
        Broken(
            12,
            case("set-completions:1,set-parallelism:2", level="interleaved", **indexed(2)),
            "completions and parallelism",
        ),
    ),
    (
        "job-success-is-told-at-once",
        Broken(
            12,
            case("delete-pod", "controller-restart", "interleaved", **AT_ITS_LIMIT),
            "no index is listed",
        ),
    ),
    (
        "job-success-is-told-at-once",
        Broken(
            9,
            case("strip-finalizer", "container-exit", parallelism=2, completions=2),
            "nobody else removes",
        ),
    ),
    (
        "job-success-is-told-at-once",
        Broken(
            7,
            case(faults="write-failure,container-exit", parallelism=2, completions=2),
            "no request fails",
        ),
    ),
    (
        "job-success-is-told-at-once",
        Broken(
            9,
            case("set-completions:1", "container-exit", **indexed(2)),
            "nobody changes completions",
        ),
    ),
    ("job-ttl-deletes-after-finish", Broken(5, case(), "ttlSecondsAfterFinished is set")),
    (
        "job-foreground-deletion-is-complete",
        Broken(
            15,
            case("delete:foreground", "write-failure", "faulty", 1),
            "no request fails that removes",
        ),
    ),
    *(
        ("job-no-retry-runs-at-most-once", Broken(length, of, words))
        for length, of, words in (
            (3, case(parallelism=2, completions=2, backoff_limit=0), "completions are 1"),
            (8, case(faults="container-exit", backoff_limit=1), "backoffLimit is 0"),
            (
                3,
                case(faults="container-exit", restart_policy="OnFailure", backoff_limit=0),
                "restartPolicy is Never",
            ),
            (
                9,
                case("set-backoff-limit:1", "container-exit", backoff_limit=0),
                "nobody changes backoffLimit",
            ),
            (
                7,
                case("set-parallelism:0,set-parallelism:1", backoff_limit=0),
                "nobody changes parallelism",
            ),
            (7, case("suspend,resume", backoff_limit=0), "the Job is not suspended"),
            (6, case("strip-finalizer", backoff_limit=0), "nobody else removes"),
            (4, case(faults="node-crash", backoff_limit=0), "no node crashes"),
            (
                16,
                case("delete:orphan,delete-pod", level="interleaved", lag=1, backoff_limit=0),
                "nobody deletes",
            ),
            (
                11,
                case(faults="write-unknown", level="faulty", lag=1, backoff_limit=0),
                "the controller knows",
            ),
        )
    ),
    (
        "seed-job-many-parallel",
        Broken(
            5,
            case(faults="container-exit", backoff_limit=NO_LIMIT, **AT_LIMIT_OF_TWO),
            "backoffLimitPerIndex",
        ),
    ),
    ("seed-job-many-parallel", Broken(1, case(managed_by=ELSEWHERE), "the Job is managed")),
    (
        "seed-job-many-parallel",
        Broken(16, case("delete-pod", "relist", "interleaved", 2), "the watch of pods"),
    ),
    ("job-index-runs-in-one-pod", Broken(6, case("delete-pod", **indexed(1)), "podReplacement")),
    (
        "job-index-runs-in-one-pod",
        Broken(
            7,
            case(
                faults="write-unknown",
                level="faulty",
                lag=1,
                pod_replacement_policy="Failed",
                **indexed(1),
            ),
            "the controller knows",
        ),
    ),
    (
        "job-deadline-starts-again",
        Broken(
            7,
            case("suspend,resume", gates=KEEPS_START, active_deadline_seconds=60),
            "a suspended Job loses",
        ),
    ),
    (
        "job-deadline-starts-again",
        Broken(
            4,
            case("resume,set-active-deadline:60", suspend=True, active_deadline_seconds=0),
            "nobody changes activeDeadlineSeconds",
        ),
    ),
    (
        "job-backoff-delays-replacement",
        Broken(
            16,
            case(
                "strip-finalizer,delete-pod",
                "container-exit",
                "interleaved",
                completions=3,
                parallelism=2,
            ),
            "nobody else removes",
        ),
    ),
    (
        "job-deadline-is-noticed",
        Broken(13, evolve(BREAKS, spec=evolve(BREAKS.spec, active_deadline_seconds=60)), WATCH),
    ),
    *(
        (asked, Broken(14, breaks_and(user), WATCH))
        for asked, user in (
            ("job-suspend-stops-pods", "suspend"),
            ("job-parallelism-zero-pauses", "set-parallelism:0"),
        )
    ),
    ("job-ends", Broken(11, case(faults="node-off"), "no node stays off")),
    ("job-deleting-removes-pods", Broken(5, case("delete", "node-off"), "no node stays off")),
    (
        "job-foreground-deletion-is-complete",
        Broken(7, case("delete:foreground", "node-off"), "no node stays off"),
    ),
    (
        "job-ttl-deletes-after-finish",
        Broken(5, case("delete", "node-off", ttl_seconds_after_finished=60), "no node stays off"),
    ),
    *(
        (asked, Broken(NEVER_REACHED, case(users, level=level, **{**spec, **more}), dropped))
        for asked, level, spec in (
            ("job-terminating-counted-failed", INTERLEAVED, {}),
            ("job-may-run-twice", ATOMIC, {}),
            ("job-indexed-unique-pod-per-index", ATOMIC, indexed(1)),
        )
        for users, more, dropped in (
            ("delete-pod", {"managed_by": ELSEWHERE}, "the Job is managed"),
            ("delete-pod", {"pod_replacement_policy": "Failed"}, "podReplacementPolicy is"),
            ("none", {}, "pods may be deleted"),
            ("delete-pod", {"suspend": True}, "the Job runs pods"),
        )
    ),
    *(
        (asked, Broken(NEVER_REACHED, case("delete-pod", backoff_limit=0, **spec), "backoffLimit"))
        for asked, spec in (
            ("job-may-run-twice", {}),
            ("job-indexed-unique-pod-per-index", indexed(1)),
        )
    ),
    (
        "job-indexed-unique-pod-per-index",
        Broken(NEVER_REACHED, case("delete-pod"), "the Job is Indexed"),
    ),
    (
        "job-terminating-counted-failed",
        Broken(NEVER_REACHED, case("delete-pod"), "a pod may end between"),
    ),
)

OUTSIDE = (
    case(managed_by=ELSEWHERE),
    case(managed_by=ELSEWHERE, **indexed(1)),
    case("suspend", managed_by=ELSEWHERE, active_deadline_seconds=60),
    case("delete", managed_by=ELSEWHERE, completions=None),
    case("delete:foreground", managed_by=ELSEWHERE, pod_replacement_policy="Failed"),
    case("delete:orphan", managed_by=ELSEWHERE),
    case(managed_by=ELSEWHERE, pod_failure_policy=(IGNORE,)),
    case(faults="container-exit:42", managed_by=ELSEWHERE, pod_failure_policy=(FAIL_JOB,)),
    case(level="interleaved", managed_by=ELSEWHERE, ttl_seconds_after_finished=60),
    case(managed_by=ELSEWHERE, **AT_ITS_LIMIT),
    case(completions=None),
    case(**indexed(1)),
    case(),
    case("delete-pod", parallelism=2, completions=2),
    case("delete-pod,set-parallelism:2"),
    case(pod_failure_policy=(FAIL_JOB,)),
    case(**AT_ITS_LIMIT),
    case(faults="controller-restart"),
    case(managed_by=ELSEWHERE, backoff_limit=0),
    case(managed_by=ELSEWHERE, pod_replacement_policy="Failed", **indexed(1)),
    case(pod_replacement_policy="Failed"),
)
"""Where promises say nothing: a part of their scope is not met."""


@pytest.mark.parametrize("name", HOLD)
def test_what_is_promised_of_a_job_is_so(name: str) -> None:
    """Every promise that applies has the verdict that it expects; no search is cut off."""
    report = searched(HOLD[name])

    assert report.exploration.complete
    for verdict in report.verdicts:
        if verdict.property.expected == "holds":
            assert verdict.status == "holds", (verdict.property.id, verdict.because)


@pytest.mark.parametrize("promise", REFUTED)
def test_what_is_refuted_is_shown_by_a_shortest_run(promise: str) -> None:
    shown = REFUTED[promise]

    verdict = broken(promise, "", shown.of)

    assert verdict.trace is not None
    assert verdict.trace.length == shown.length


@pytest.mark.parametrize(("promise", "shown"), DROPPED)
def test_without_a_precondition_the_promise_breaks(promise: str, shown: Broken) -> None:
    verdict = broken(promise, shown.dropped, shown.of)

    assert (verdict.trace.length if verdict.trace else NEVER_REACHED) == shown.length


def test_the_premise_of_every_promise_is_met_somewhere() -> None:
    """A promise of which nobody ever asks what it says would hold of anything."""
    met: set[str] = set()
    for of in HOLD.values():
        met |= {each.property.id for each in searched(of).verdicts if not each.vacuous}

    wanted = {each for each in BY_ID if BY_ID[each].property.expected == "holds"}
    assert wanted <= met


def test_every_refuted_reading_has_a_run() -> None:
    refuted = {each for each in BY_ID if BY_ID[each].property.expected == "refuted"}

    assert refuted == set(REFUTED)
