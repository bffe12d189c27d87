"""Values that manifests may have and should not: what mistakes are made of."""

import random
from typing import Any

from given_manifests import CONTAINER, claim

__all__ = ["CUSTOM", "IN_PODS", "NAMES", "TEMPLATE_LABELS", "VALUES", "schedule"]

Choices = list[tuple[str, list[Any]]]

VALUES: list[Any] = [
    *(-1, 0, 1, 2, 5, 6, 10_001, 100_001, 2**31 - 1, True, None, [], {}),
    *("", "a", "a.b", "a/b", "A_b", "x" * 64, "0", "5", "0%", "50%", "150%", "1Gi", "-1Gi"),
    *("Never", "Always", "OnFailure", "Indexed", "NonIndexed", "Parallel", "OnDelete"),
    *("RollingUpdate", "Failed", "TerminatingOrFailed", "Retain", "Delete", "Block"),
    *("FailIndex", "FailJob", "In", "NotIn", "ReadWriteOncePod", "0-3", "0,2", "3,1", "0-5"),
    "kubernetes.io/job-controller",
]
NAMES = ["a.b", "A", *("x" * length for length in (52, 53, 62, 63, 64, 254)), "a.b" * 20]
TEMPLATE_LABELS = [
    {"app": "sums"},
    {"app": "db", "x y": "z"},
    {"job-name": "sums"},
    {"job-name": "other"},
    {"controller-uid": "1"},
    {"batch.kubernetes.io/job-name": "sums"},
]
IN_PODS: Choices = [
    ("restartPolicy", ["Never", "Always", "OnFailure", "", "x"]),
    ("activeDeadlineSeconds", [0, 1, -1, 2**31]),
    ("hostname", ["a", "A_"]),
    ("subdomain", ["a", "A_"]),
    ("containers", [[], [{"name": "a"}], [CONTAINER, CONTAINER]]),
    ("volumes", [[{"name": "data"}], [{"name": "data"}] * 2, [{"name": "x"}] * 2]),
    ("terminationGracePeriodSeconds", [5]),
]
_SCALES = [{"maxUnavailable": value} for value in (0, "0%", "101%", "5", -1, 3)]
_STATEFUL_SETS: Choices = [
    (
        "updateStrategy",
        [
            {},
            {"type": "OnDelete"},
            {"type": "OnDelete", "rollingUpdate": {}},
            {"type": "RollingUpdate"},
            {"rollingUpdate": {"partition": None}},
            *({"rollingUpdate": each} for each in _SCALES),
        ],
    ),
    ("ordinals", [{}, {"start": -1}, {"start": 5}]),
    ("serviceName", ["", "a.b", "A", "a" * 64, "x"]),
    ("podManagementPolicy", ["", "x", "Parallel"]),
    ("revisionHistoryLimit", [-5, 0]),
    ("persistentVolumeClaimRetentionPolicy", [{}, {"whenDeleted": ""}, {"whenScaled": "x"}]),
    (
        "volumeClaimTemplates",
        [
            [],
            [{}],
            [{"spec": {}}],
            [claim(), claim()],
            *([claim(name)] for name in ("", "A_", "a.b")),
            *([claim(accessModes=[mode])] for mode in ("x", "ReadWriteOncePod")),
            [claim(accessModes=["ReadWriteOncePod", "ReadWriteOnce"])],
            [claim(resources={})],
            *([claim(resources={"requests": {"storage": size}})] for size in ("0", "-1")),
            [claim(storageClassName="A_")],
            *([claim(volumeMode=mode)] for mode in ("", "x")),
            [claim(selector={"matchLabels": {"a b": "c"}})],
            [{**claim(), "apiVersion": "v1", "status": {"phase": "Pending"}}],
        ],
    ),
]
_ONE_CONDITION = {"onPodConditions": [{"type": "A"}]}
_CODES = {"operator": "In", "values": [0, 3, 3, 1], "containerName": "x"}
_SUCCESS: list[dict[str, Any]] = [
    {},
    {"succeededCount": 7},
    *({"succeededIndexes": text} for text in ("0-9", "1,1", "", "+1")),
]
_JOBS: Choices = [
    ("completions", VALUES),
    ("parallelism", VALUES),
    ("maxFailedIndexes", [0, 1, 5, 6, 100_001]),
    ("backoffLimitPerIndex", [0, 1, -1]),
    ("completionMode", ["Indexed", "NonIndexed", ""]),
    ("managedBy", ["a", "a/b", "a.b/c", "/x", "a/" + "b" * 70, "A/b", "a/b c"]),
    ("podReplacementPolicy", ["Failed", "TerminatingOrFailed", "", "x"]),
    ("manualSelector", [True, False]),
    (
        "selector",
        [
            {},
            {"matchLabels": {"app": "sums"}},
            {"matchLabels": {"job-name": "sums"}},
            {"matchExpressions": [{"key": "job-name", "operator": "Exists"}]},
        ],
    ),
    ("successPolicy", [{}, {"rules": []}, *({"rules": [each]} for each in _SUCCESS)]),
    (
        "podFailurePolicy",
        [
            {},
            {"rules": []},
            {"rules": [{"action": "Ignore", **_ONE_CONDITION}] * 21},
            {"rules": [{"action": "FailIndex", **_ONE_CONDITION}]},
            {"rules": [{"action": "Count", "onPodConditions": [{"type": "A b"}]}]},
            {"rules": [{"action": "Count", "onExitCodes": _CODES}]},
        ],
    ),
]
_CRON_JOBS: Choices = [
    (
        "timeZone",
        [
            *("UTC", "Europe/Berlin", "Etc/GMT+1", "Local", "local", "..", "a/../b", ""),
            *("Nowhere/City", "europe/berlin", "America", "/UTC", "UTC/", "-x", "EST5EDT"),
        ],
    ),
    ("concurrencyPolicy", ["", "Allow", "Forbid", "Replace", "x"]),
    ("startingDeadlineSeconds", [-1, 0, 5]),
    ("successfulJobsHistoryLimit", [-1, 0]),
    ("failedJobsHistoryLimit", [-1, 0]),
    ("jobTemplate", [{}, None, {"spec": {}}]),
]
_DAEMON_SETS: Choices = [
    (
        "updateStrategy",
        [
            {},
            {"type": "x"},
            {"type": "OnDelete", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
            {"rollingUpdate": {"maxSurge": 1}},
            {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
            {"rollingUpdate": {"maxSurge": "101%", "maxUnavailable": 0}},
            *({"rollingUpdate": each} for each in _SCALES),
        ],
    ),
    ("minReadySeconds", [-1, 3]),
    ("revisionHistoryLimit", [-1, 0]),
    ("selector", [{}, None, {"matchLabels": {"app": "x"}}]),
]
_DEPLOYMENTS: Choices = [
    (
        "strategy",
        [
            {},
            {"type": "x"},
            {"type": "Recreate"},
            {"type": "Recreate", "rollingUpdate": {}},
            {"type": "Recreate", "rollingUpdate": None},
            {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
            {"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": 0}},
            {"rollingUpdate": {"maxSurge": "5", "maxUnavailable": 1}},
            {"rollingUpdate": {"maxSurge": "200%", "maxUnavailable": 1}},
            *({"rollingUpdate": each} for each in _SCALES),
        ],
    ),
    ("minReadySeconds", [-1, 3, 600]),
    ("progressDeadlineSeconds", [-1, 0, 1, 5]),
    ("revisionHistoryLimit", [-1, 0]),
    ("selector", [{}, None, {"matchLabels": {"app": "x"}}]),
]
CUSTOM = {
    "CronJob": _CRON_JOBS,
    "DaemonSet": _DAEMON_SETS,
    "Deployment": _DEPLOYMENTS,
    "Job": _JOBS,
    "StatefulSet": _STATEFUL_SETS,
}

_PARTS = [
    "?",
    "0",
    "5",
    "7",
    "12",
    "31",
    "32",
    "60",
    "59",
    "23",
    "24",
    "*/5",
    "*/0",
    "1-5",
    "5-1",
    "1-5/2",
    "5/15",
    "mon",
    "MON-fri",
    "jan",
    "JAN-",
    "1,2",
    "1,,2",
    ",",
    "a",
    "-1",
    "+3",
    "1-2-3",
    "*/2/3",
    "*-3",
    "?-a-b",
    "*/x",
    "sun-sat/2",
    "0-6",
    "1-7",
    "08",
    "L",
    "1#2",
    "*/",
    "/2",
    "1-",
]
_WHOLE = [
    *("@hourly", "@every 5m", "@every 1h30m", "@every 1", "@every 0", "@every -5s", "@every 1.5h"),
    *("@every .5h", "@every h", "@every 1µs", "@every  5m", "@every 5m5", "@reboot", "@daily "),
    *("TZ=UTC * * * * *", "* * * *", "* * * * * *", " 0 0 * * * ", "@Hourly", "", "TZ"),
]


def schedule(chance: random.Random) -> str:
    """A schedule that may be one."""
    if chance.random() < 0.2:
        return chance.choice(_WHOLE)
    return " ".join(chance.choice(("*", "*", chance.choice(_PARTS))) for _ in range(5))
