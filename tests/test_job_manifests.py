"""Jobs are read from manifests as the API server reads them."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from given_manifests import (
    CONTAINER,
    an_object,
    cron_job,
    errors,
    job,
    listed,
    outcome,
    read,
    spoiled,
    stateful_set,
    warnings,
)
from seatrial.model import JobManifest, read_manifests
from valid_manifests import JOBS

BLOCKS, MATTERS, INERT = "can write to or block", "may matter", "inert"
SUMS = ("Job/default/sums",)
INDEXED = {"completionMode": "Indexed", "completions": 5}
RULES = "spec.podFailurePolicy.rules"
SUCCESS = "spec.successPolicy.rules"
FAILED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}


def only(spec: dict[str, Any] | None = None) -> JobManifest:
    (found,) = read(job(spec)).jobs
    return found


def codes(*values: int, operator: str = "In", action: str = "FailJob") -> dict[str, Any]:
    """A spec with one rule about exit codes."""
    asked = {"operator": operator, "values": list(values)}
    return {"podFailurePolicy": {"rules": [{"action": action, "onExitCodes": asked}]}}


def success(**rule: Any) -> dict[str, Any]:
    """A spec of five indexes with one rule for success."""
    return {**INDEXED, "successPolicy": {"rules": [rule]}}


# ---- defaults -----------------------------------------------------------------------------------


def test_what_is_not_given_has_the_api_servers_default() -> None:
    """SetDefaults_Job."""
    found = only()

    assert (found.key, found.restart_policy) == (*SUMS, "Never")
    assert (found.parallelism, found.completions, found.completion_mode) == (1, 1, "NonIndexed")
    assert (found.backoff_limit, found.pod_replacement_policy) == (6, "TerminatingOrFailed")
    assert (found.suspend, found.manual_selector) == (False, False)
    assert found.pod_failure_policy is None
    assert found.success_policy is None
    assert found.position("spec.template") is not None


def test_a_job_that_only_says_how_parallel_it_is_is_a_work_queue() -> None:
    """Completions have a default only where parallelism is not given either."""
    assert only({"parallelism": 2}).completions is None
    assert only({"completions": 2}).parallelism == 1


def test_a_limit_for_each_index_lifts_the_limit_for_all() -> None:
    """Otherwise six failures of six indexes would end a Job that allows one of each."""
    assert only({**INDEXED, "backoffLimitPerIndex": 1}).backoff_limit == 2**31 - 1
    assert only({**INDEXED, "backoffLimitPerIndex": 1, "backoffLimit": 9}).backoff_limit == 9


def test_with_a_failure_policy_pods_are_replaced_once_they_have_failed() -> None:
    """The policy cannot judge a pod that still runs."""
    found = only(codes(1, 42))

    assert found.pod_replacement_policy == "Failed"
    assert found.pod_failure_policy is not None
    (rule,) = found.pod_failure_policy
    assert (rule.action, rule.on_exit_codes and rule.on_exit_codes.values) == ("FailJob", (1, 42))


def test_a_condition_is_asked_to_be_true_unless_something_else_is_said() -> None:
    """SetDefaults_PodFailurePolicyOnPodConditionsPattern."""
    (rule,) = only({"podFailurePolicy": {"rules": [FAILED]}}).pod_failure_policy or ()

    assert [(each.type, each.status) for each in rule.on_pod_conditions] == [
        ("DisruptionTarget", "True")
    ]


def test_a_job_without_labels_has_those_of_its_template() -> None:
    """So that `kubectl delete jobs -l` finds it."""
    given = job()
    given["spec"]["template"]["metadata"] = {"labels": {"app": "sums"}}

    assert read(given).jobs[0].labels == (("app", "sums"),)


def test_the_shipped_jobs_say_what_they_are_for() -> None:
    """A queue of unknown length, an array with limits for each index, and a failure policy."""
    folder = Path(str(files("seatrial") / "manifests"))
    names = ("work-queue", "indexed-array", "failure-policy")
    queue, array, policy = read_manifests([folder / f"{name}.yaml" for name in names]).jobs

    assert (queue.completions, queue.parallelism, queue.backoff_limit) == (None, 2, 2)
    assert (array.completions, array.backoff_limit_per_index) == (3, 1)
    assert array.max_failed_indexes == 1
    assert [each.action for each in policy.pod_failure_policy or ()] == ["FailJob", "Ignore"]


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            {"completionMode": "Indexed", "parallelism": 2},
            "spec.completions: no completions; an Indexed Job has to say how many indexes there"
            " are",
        ),
        (
            {"completionMode": "Numbered"},
            "spec.completionMode: 'Numbered' is no completion mode; write Indexed or NonIndexed",
        ),
        (
            {"completionMode": ""},
            "spec.completionMode: '' is no completion mode; write Indexed or NonIndexed",
        ),
        ({"completions": -1}, "spec.completions: -1 is negative; write 0 or more"),
        ({"parallelism": -1}, "spec.parallelism: -1 is negative; write 0 or more"),
        ({"backoffLimit": -1}, "spec.backoffLimit: -1 is negative; write 0 or more"),
        (
            {"activeDeadlineSeconds": -1},
            "spec.activeDeadlineSeconds: -1 is negative; write 0 or more",
        ),
        (
            {"ttlSecondsAfterFinished": -1},
            "spec.ttlSecondsAfterFinished: -1 is negative; write 0 or more",
        ),
        (
            {**INDEXED, "backoffLimitPerIndex": -1},
            "spec.backoffLimitPerIndex: -1 is negative; write 0 or more",
        ),
        (
            {"backoffLimitPerIndex": 1},
            "spec.backoffLimitPerIndex: only an Indexed Job has it; write completionMode: Indexed,"
            " or remove it",
        ),
        (
            {**INDEXED, "maxFailedIndexes": 1},
            "spec.backoffLimitPerIndex: not given, and maxFailedIndexes needs it; write both or"
            " none",
        ),
        (
            {**INDEXED, "backoffLimitPerIndex": 1, "maxFailedIndexes": 6},
            "spec.maxFailedIndexes: 6 is more than there are indexes; write at most 5",
        ),
        (
            {**INDEXED, "parallelism": 100_001},
            "spec.parallelism: 100001 is too many for an Indexed Job; write at most 100000",
        ),
        (
            {**INDEXED, "completions": 100_001, "backoffLimitPerIndex": 1},
            "spec.maxFailedIndexes: not given; it has to be where completions are above 100000 and"
            " backoffLimitPerIndex is given",
        ),
        (
            {"podReplacementPolicy": "Never"},
            "spec.podReplacementPolicy: 'Never' is no replacement policy; write Failed or"
            " TerminatingOrFailed",
        ),
        (
            {**codes(1), "podReplacementPolicy": "TerminatingOrFailed"},
            "spec.podReplacementPolicy: 'TerminatingOrFailed' cannot stand beside podFailurePolicy;"
            " write Failed, or remove one of the two",
        ),
        (
            {"managedBy": "kueue"},
            "spec.managedBy: 'kueue' is no name with a domain; write as in"
            " example.com/my-controller",
        ),
        (
            {"successPolicy": {"rules": []}},
            "spec.successPolicy: only an Indexed Job has it; write completionMode: Indexed, or"
            " remove it",
        ),
        (
            codes(1, action="Fail"),
            f"{RULES}[0].action: 'Fail' is no action; write one of Count,"
            " FailIndex, FailJob, Ignore",
        ),
        (
            codes(1, action="FailIndex"),
            f"{RULES}[0].action: FailIndex needs backoffLimitPerIndex; write it, or another action",
        ),
        (codes(3, 1), f"{RULES}[0].onExitCodes.values: not in order; write 1, 3"),
        (
            codes(1, 1),
            f"{RULES}[0].onExitCodes.values[1]: 1 is given twice; remove one of the two",
        ),
        (
            codes(0, 1),
            f"{RULES}[0].onExitCodes.values[0]: 0 is no failure; In needs other exit codes",
        ),
        (codes(), f"{RULES}[0].onExitCodes.values: no exit codes; write at least one"),
        (
            codes(*range(1, 257)),
            f"{RULES}[0].onExitCodes.values: 256 exit codes; write at most 255",
        ),
        (
            codes(1, operator="Like"),
            f"{RULES}[0].onExitCodes.operator: 'Like' is no operator; write In or NotIn",
        ),
        ({"podFailurePolicy": {"rules": [FAILED] * 21}}, f"{RULES}: 21 rules; write at most 20"),
        (
            {"podFailurePolicy": {"rules": [{"action": "Ignore"}]}},
            f"{RULES}[0]: neither onExitCodes nor onPodConditions; write one",
        ),
        (
            {
                "podFailurePolicy": {
                    "rules": [{**FAILED, "onExitCodes": {"operator": "In", "values": [1]}}]
                }
            },
            f"{RULES}[0]: both onExitCodes and onPodConditions; write one of them",
        ),
        (
            success(),
            f"{SUCCESS}[0]: neither succeededIndexes nor succeededCount; write one of them",
        ),
        (
            {**INDEXED, "successPolicy": {}},
            f"{SUCCESS}: no rules; write at least one, or remove successPolicy",
        ),
        (
            success(succeededCount=6),
            f"{SUCCESS}[0].succeededCount: 6 is more than there are completions; write at most 5",
        ),
        (
            success(succeededIndexes="0-1", succeededCount=3),
            f"{SUCCESS}[0].succeededCount: 3 is more than there are indexes in the rule; write at"
            " most 2",
        ),
        (
            success(succeededIndexes="0-5"),
            f"{SUCCESS}[0].succeededIndexes: 5 is no index; with 5 completions the last is 4",
        ),
        (
            success(succeededIndexes="2,1"),
            f"{SUCCESS}[0].succeededIndexes: 1 stands after 2; the list has to go up; write indexes"
            " such as 0,2-4",
        ),
        (
            success(succeededIndexes="all"),
            f"{SUCCESS}[0].succeededIndexes: 'all' is no index and no interval such as 2-4; write"
            " indexes such as 0,2-4",
        ),
        ({"template": None}, "spec.template: no template; write the pods that do the work"),
        ({"backofLimit": 1}, "spec.backofLimit: unknown field; did you mean backoffLimit?"),
    ],
)
def test_what_the_api_server_refuses_is_refused_in_one_line(
    spec: dict[str, Any], line: str
) -> None:
    """ValidateJobSpec."""
    assert errors(job(spec)) == [line]


@pytest.mark.parametrize(
    ("spec", "policy", "says"),
    [
        ({}, None, "no restartPolicy; a Job needs OnFailure or Never"),
        ({}, "Always", "'Always' would run pods for ever; a Job needs OnFailure or Never"),
        ({}, "Once", "'Once' is no restart policy; a Job needs OnFailure or Never"),
        (
            codes(1),
            "OnFailure",
            "'OnFailure' cannot stand beside podFailurePolicy; write Never, or remove the policy",
        ),
    ],
)
def test_pods_of_a_job_have_to_end(spec: dict[str, Any], policy: str | None, says: str) -> None:
    """Whoever restarts them in place cannot judge their exit codes."""
    given = job(spec, restartPolicy=policy)

    assert errors(given) == [f"spec.template.spec.restartPolicy: {says}"]


def test_a_rule_names_a_container_of_the_template() -> None:
    """A rule about a container that is not there would never apply."""
    spec = codes(1)
    spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] = "other"

    assert errors(job(spec)) == [
        f"{RULES}[0].onExitCodes.containerName: 'other' is no container of the template; write one"
        " of 'main'"
    ]
    assert read(job(spec, initContainers=[{**CONTAINER, "name": "other"}])).jobs


def test_the_names_of_containers_cannot_make_a_second_line() -> None:
    """Errors are read line by line."""
    spec = codes(1)
    spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] = "other"
    given = job(spec, containers=[{"name": "a\nit.yaml:1:1: all is well", "image": "a"}])

    assert len(errors(given)) == 2


def test_an_indexed_name_has_to_fit_into_host_names() -> None:
    """Each pod's host name is the name and its index; others are only warned of."""
    dotted, plain = job(INDEXED), job()
    dotted["metadata"]["name"] = plain["metadata"]["name"] = "sums.v1"

    assert errors(dotted) == [
        "metadata.name: 'sums.v1' is no name of an Indexed Job: sums.v1-4 has to be a DNS-1123"
        " label, for a pod"
    ]
    assert warnings(plain) == [
        "metadata.name: 'sums.v1' is used in the names of pods; a DNS-1123 label, as my-job, is"
        " safer"
    ]


@pytest.mark.parametrize(
    ("spec", "labels", "line"),
    [
        (
            {"selector": {"matchLabels": {"app": "sums"}}},
            {"app": "sums"},
            "spec.selector: the selector is made up by the API server; remove it, or write"
            " manualSelector: true",
        ),
        (
            {},
            {"job-name": "other"},
            "spec.template.metadata.labels[job-name]: 'other' is given by the API server; remove"
            " it, or write manualSelector: true",
        ),
        (
            {"manualSelector": True},
            {"app": "sums"},
            "spec.selector: no selector, and manualSelector is true; write one of the two",
        ),
        (
            {"manualSelector": True, "selector": {"matchLabels": {"app": "other"}}},
            {"app": "sums"},
            "spec.template.metadata.labels: spec.selector does not select these labels (app=sums);"
            " give the template the labels of the selector",
        ),
    ],
)
def test_a_selector_is_made_up_unless_it_is_asked_for(
    spec: dict[str, Any], labels: dict[str, str], line: str
) -> None:
    """Two Jobs that count each other's pods would both be wrong."""
    given = job(spec)
    given["spec"]["template"]["metadata"] = {"labels": labels}

    assert errors(given) == [line]


def test_a_job_selects_no_pods_of_others_unless_its_selector_is_by_hand() -> None:
    """The selector that is made up has the uid in it; read as empty, it would select all."""
    spec = {"manualSelector": True, "selector": {"matchLabels": {"app": "sums"}}}
    by_hand = job(spec)
    by_hand["spec"]["template"]["metadata"] = {"labels": {"app": "sums"}}

    assert not read(job()).jobs[0].selects({"app": "sums"})
    assert read(by_hand).jobs[0].selects({"app": "sums"})
    assert not read(by_hand).jobs[0].selects({"app": "web"})


def test_a_selector_by_hand_is_kept() -> None:
    """It is how a Job takes over pods that another one left."""
    spec = {"manualSelector": True, "selector": {"matchLabels": {"app": "sums"}}}
    given = job(spec)
    given["spec"]["template"]["metadata"] = {"labels": {"app": "sums"}}

    (found,) = read(given).jobs
    assert found.selector.matches({"app": "sums"})
    assert read(found.document()).jobs == (found,)


# ---- what is not modelled -----------------------------------------------------------------------

OWNER = [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1"}]


def test_a_cron_job_concerns_the_jobs_that_it_owns() -> None:
    """It deletes them by its limits, or to replace them."""
    nightly, own = cron_job(), job()
    own["metadata"]["ownerReferences"] = OWNER

    assert listed(read(own, nightly), of="Job") == {
        "CronJob": (BLOCKS, SUMS),
        "metadata.ownerReferences": (BLOCKS, SUMS),
    }
    assert listed(read(job(), nightly), of="Job") == {"CronJob": (INERT, ())}


@pytest.mark.parametrize(
    ("thing", "effect", "concerned"),
    [
        (an_object("v1", "Pod", "sums-abcde"), INERT, ()),
        (an_object("v1", "LimitRange"), BLOCKS, SUMS),
        (an_object("scheduling.k8s.io/v1", "PriorityClass"), MATTERS, SUMS),
        (an_object("v1", "PersistentVolume"), INERT, ()),
        (stateful_set(), INERT, SUMS),
        (
            an_object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                spec={"scaleTargetRef": {"kind": "Job", "name": "sums"}},
            ),
            INERT,
            (),
        ),
    ],
)
def test_an_object_beside_it_says_whether_it_concerns_the_job(
    thing: dict[str, Any], effect: str, concerned: tuple[str, ...]
) -> None:
    """A Job cannot be scaled, and its selector finds no pod but its own."""
    found = listed(read(job(), thing), of="nothing")

    assert found[thing["kind"]] == (effect, concerned)


@pytest.mark.parametrize(
    ("spec", "pod", "field", "effect"),
    [
        ({"managedBy": "example.com/queue"}, {}, "spec.managedBy", BLOCKS),
        ({"managedBy": "kubernetes.io/job-controller"}, {}, "spec.managedBy", INERT),
        ({}, {"activeDeadlineSeconds": 9}, "spec.template.spec.activeDeadlineSeconds", MATTERS),
        ({}, {"schedulerName": "mine"}, "spec.template.spec.schedulerName", BLOCKS),
        (
            {},
            {"containers": [{**CONTAINER, "livenessProbe": {"exec": {"command": ["true"]}}}]},
            "spec.template.spec.containers[0].livenessProbe",
            MATTERS,
        ),
        (
            {},
            {"containers": [{**CONTAINER, "restartPolicy": "Always"}]},
            "spec.template.spec.containers[0].restartPolicy",
            BLOCKS,
        ),
        (
            {},
            {"initContainers": [{**CONTAINER, "name": "a"}]},
            "spec.template.spec.initContainers",
            MATTERS,
        ),
        (
            {},
            {"containers": [CONTAINER, {**CONTAINER, "name": "beside"}]},
            "spec.template.spec.containers[1]",
            MATTERS,
        ),
        (
            {
                "podFailurePolicy": {
                    "rules": [{"action": "FailJob", "onPodConditions": [{"type": "Ready"}]}]
                }
            },
            {},
            "spec.podFailurePolicy.rules[0].onPodConditions[0]",
            BLOCKS,
        ),
    ],
)
def test_a_field_that_is_not_modelled_says_what_it_could_do(
    spec: dict[str, Any], pod: dict[str, Any], field: str, effect: str
) -> None:
    """A field that nobody reads and nobody lists is how a checker lies."""
    assert listed(read(job(spec, **pod)), of="Job") == {field: (effect, SUMS)}


CODES = {"operator": "In", "values": [42]}
OF_MAIN = {**CODES, "containerName": CONTAINER["name"]}
BESIDE = {**CONTAINER, "name": "beside"}


@pytest.mark.parametrize(
    ("codes", "pod", "blocks"),
    [
        (OF_MAIN, {}, False),
        (CODES, {"containers": [CONTAINER, BESIDE]}, False),
        (OF_MAIN, {"containers": [CONTAINER, BESIDE]}, True),
        (CODES, {"initContainers": [BESIDE]}, False),
        (OF_MAIN, {"initContainers": [BESIDE]}, True),
        (CODES, {"initContainers": [{**BESIDE, "restartPolicy": "Always"}]}, True),
    ],
)
def test_a_rule_about_exit_codes_blocks_where_it_matters_which_container_has_failed(
    codes: dict[str, Any], pod: dict[str, Any], blocks: bool
) -> None:
    """A pod of the model has one container: another one's code, or a sidecar's, is never seen."""
    policy = {"rules": [{"action": "FailJob", "onExitCodes": codes}]}

    found = listed(read(job({"podFailurePolicy": policy}, **pod)), of="Job")

    assert (BLOCKS, SUMS) in found.values() or not blocks
    assert ("spec.podFailurePolicy.rules[0].onExitCodes" in found) == blocks


# ---- for whatever is valid ----------------------------------------------------------------------


@given(JOBS)
@settings(deadline=None)
def test_a_manifest_with_its_defaults_written_out_reads_the_same(given: dict[str, Any]) -> None:
    """Defaults are applied once: what a cluster gives back is what was meant by what it got."""
    (found,) = read(given).jobs
    (again,) = read(found.document()).jobs

    assert again == found
    assert hash(again) == hash(found)
    assert again.document() == found.document()


@given(JOBS, st.data())
@settings(deadline=None)
def test_any_value_in_any_field_is_read_or_refused(
    given: dict[str, Any], data: st.DataObject
) -> None:
    """Each rule has been asked about values of every type, not only those it was written for."""
    found = outcome({**given, "spec": spoiled(data, given["spec"])})

    assert not isinstance(found, list) or all(found)
