"""Manifests that the API server accepts, as strategies of Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from given_manifests import claim, cron_job, daemon_set, deployment, job, stateful_set

__all__ = ["CRON_JOBS", "DAEMON_SETS", "DEPLOYMENTS", "JOBS", "STATEFUL_SETS"]

Object = dict[str, Any]
COUNTS = st.integers(0, 5)
BOUNDS = st.integers(1, 9) | st.integers(1, 100).map(lambda share: f"{share}%")

# ---- Deployments --------------------------------------------------------------------------------

DEPLOYMENTS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": COUNTS,
        "paused": st.booleans(),
        "minReadySeconds": COUNTS,
        "revisionHistoryLimit": COUNTS,
        "progressDeadlineSeconds": st.integers(6, 600),
        "strategy": st.just({"type": "Recreate"})
        | st.builds(
            lambda surge, unavailable: {
                "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}
            },
            BOUNDS,
            BOUNDS,
        ),
    },
).map(deployment)

# ---- StatefulSets -------------------------------------------------------------------------------

POLICIES = st.sampled_from(["Retain", "Delete"])
MODES = st.sampled_from(["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"])
ROLLING = st.fixed_dictionaries({}, optional={"partition": COUNTS, "maxUnavailable": BOUNDS})


@st.composite
def claims(draw: st.DrawFn, name: str) -> Object:
    size = draw(st.sampled_from(["1Gi", "10G", "5e9", "1024", "1.5Ki"]))
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "storageClassName": st.sampled_from(["", "fast"]),
                "volumeMode": st.just("Block"),
            },
        )
    )
    modes = draw(st.lists(MODES, min_size=1, max_size=2, unique=True))
    return claim(name, accessModes=modes, resources={"requests": {"storage": size}}, **more)


STATEFUL_SETS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": COUNTS,
        "serviceName": st.sampled_from(["", "db"]),
        "minReadySeconds": COUNTS,
        "revisionHistoryLimit": st.integers(-1, 20),
        "ordinals": st.just({}) | COUNTS.map(lambda first: {"start": first}),
        "podManagementPolicy": st.sampled_from(["OrderedReady", "Parallel"]),
        "updateStrategy": st.just({"type": "OnDelete"})
        | st.just({"type": "RollingUpdate"})
        | ROLLING.map(lambda update: {"rollingUpdate": update})
        | ROLLING.map(lambda update: {"type": "RollingUpdate", "rollingUpdate": update}),
        "persistentVolumeClaimRetentionPolicy": st.fixed_dictionaries(
            {}, optional={"whenDeleted": POLICIES, "whenScaled": POLICIES}
        ),
        "volumeClaimTemplates": st.tuples(claims("data"), claims("logs")).map(list)
        | claims("data").map(lambda one: [one]),
    },
).map(stateful_set)

# ---- Jobs ---------------------------------------------------------------------------------------

CODES = st.builds(
    lambda operator, values: {"operator": operator, "values": sorted(values)},
    st.sampled_from(["In", "NotIn"]),
    st.sets(st.integers(1, 255), min_size=1, max_size=3),
)
CONDITIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["DisruptionTarget", "example.com/Lost"])},
    optional={"status": st.sampled_from(["True", "False", "Unknown"])},
)
ACTIONS = st.sampled_from(["Count", "FailJob", "Ignore"])
FAILURE_RULES = st.fixed_dictionaries({"action": ACTIONS, "onExitCodes": CODES}) | (
    st.fixed_dictionaries(
        {"action": ACTIONS, "onPodConditions": st.lists(CONDITIONS, min_size=1, max_size=2)}
    )
)
SUCCESS_RULES = st.sampled_from(
    [
        {"succeededIndexes": "0,2-4"},
        {"succeededCount": 2},
        {"succeededIndexes": "1-3", "succeededCount": 2},
    ]
)
OF_ALL_JOBS: dict[str, st.SearchStrategy[Any]] = {
    "parallelism": COUNTS,
    "backoffLimit": COUNTS,
    "suspend": st.booleans(),
    "activeDeadlineSeconds": COUNTS,
    "ttlSecondsAfterFinished": COUNTS,
    "managedBy": st.just("example.com/queue"),
    "manualSelector": st.just(False),
    "podReplacementPolicy": st.just("Failed"),
    "podFailurePolicy": st.fixed_dictionaries({"rules": st.lists(FAILURE_RULES, max_size=2)}),
}
JOB_SPECS = st.fixed_dictionaries({}, optional={**OF_ALL_JOBS, "completions": COUNTS}) | (
    st.fixed_dictionaries(
        {"completionMode": st.just("Indexed"), "completions": st.just(5)},
        optional={
            **OF_ALL_JOBS,
            "backoffLimitPerIndex": COUNTS,
            "successPolicy": st.builds(
                lambda rules: {"rules": rules}, st.lists(SUCCESS_RULES, min_size=1, max_size=2)
            ),
        },
    )
)
JOBS = JOB_SPECS.map(job)

# ---- others -------------------------------------------------------------------------------------

CRON_JOBS = st.builds(
    lambda spec, of_job: cron_job(spec, **of_job),
    st.fixed_dictionaries(
        {},
        optional={
            "schedule": st.sampled_from(["@daily", "*/5 * * * 1-5"]),
            "timeZone": st.just("UTC"),
            "concurrencyPolicy": st.sampled_from(["Forbid", "Replace"]),
            "startingDeadlineSeconds": COUNTS,
            "successfulJobsHistoryLimit": COUNTS,
            "failedJobsHistoryLimit": COUNTS,
            "suspend": st.booleans(),
        },
    ),
    JOB_SPECS,
)
DAEMON_SETS = st.fixed_dictionaries(
    {},
    optional={
        "minReadySeconds": COUNTS,
        "revisionHistoryLimit": COUNTS,
        "updateStrategy": st.just({"type": "OnDelete"})
        | st.integers(1, 9).map(lambda most: {"rollingUpdate": {"maxUnavailable": most}})
        | st.just({"rollingUpdate": {"maxSurge": "10%", "maxUnavailable": 0}}),
    },
).map(daemon_set)
