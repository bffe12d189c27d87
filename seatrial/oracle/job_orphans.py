"""
The Job controller's second worker, which looks after pods that no sync of a Job will look after.

It takes the name of a pod, or a selector: then it lists the pods, and goes about each. In the model
to list and to go about one are steps of their own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, Literal

from attrs import frozen

from seatrial.core import Population
from seatrial.model import job_api as jobs
from seatrial.model import job_faults, job_pods

from .job_objects import job_object, pod_object
from .job_states import Start
from .objects import NAMESPACE, NOW, Object
from .results import defect_in
from .ways import Ways

__all__ = [
    "FINISHED",
    "Listed",
    "Listing",
    "Orphans",
    "Shown",
    "Went",
    "Worked",
    "job_in",
    "listed",
    "modelled",
    "pod_in",
]

Shown = Literal["there", "finished", "gone"]
FINISHED = (
    jobs.JobCondition("FailureTarget", True, "Why"),
    jobs.JobCondition("Failed", True, "Why"),
)
_NAME, _UID = "pi", "uid-pi"
_SELECTOR = f"batch.kubernetes.io/controller-uid={_UID}"
_ANY = jobs.JobSpec()


@frozen
class Worked:
    """
    The worker goes about a pod: `pod` is what the cache shows, `live` what is so.

    `shown` is the Job in the cache; `anew` says that where it is gone there is another one of that
    name. `found` is how the pod was found, and `answered` what becomes of the request about it.
    """

    pod: jobs.JobPod | None
    live: jobs.JobPod | None
    shown: Shown
    anew: bool = False
    found: Literal["name", "selector"] = "name"
    answered: str = "applied"


@frozen
class Listing:
    """The worker lists the pods of a Job, as the cache shows them."""

    pods: Population[jobs.JobPod]
    shown: Shown


@frozen
class Went:
    """Whether a request is sent, whether the pod has the finalizer then, whether it tries again."""

    sent: bool
    finalizer: bool | None
    again: bool


@frozen
class Listed:
    """The pods that it goes about, by what they look like."""

    pods: tuple[tuple[str, int], ...]


# ---- the model's side -------------------------------------------------------------------------


def modelled(case: Worked, variant: frozenset[str] = frozenset()) -> Went:
    """What the model's worker does with a pod."""
    trail = (case.pod,) if case.pod == case.live else (case.pod, case.live)
    pods: job_pods.JobPods = Population({job_pods.Owned(trail): 1})
    found = list(
        job_faults.strip_orphan(
            job_faults.marked_by(pods, case.found),
            case.shown,
            True,
            _ANY,
            variant,
            int(case.answered == "failed"),
            int(case.answered == "lost"),
        )
    )
    has = None if case.live is None else case.live.finalizer
    if not found or "nothing" in found[-1].label:
        return Went(False, has, False)
    # The last is the one in which the request goes wrong, if it can.
    left = next(iter(found[-1].writes["pods"]), None)
    has = None if left is None or left.live is None else left.live.finalizer
    if left is None and case.live is not None:
        has = False  # nobody asks for it any more
    return Went(True, has, left is not None and bool(left.orphaning))


def _marked(case: Listing) -> Listed:
    pods: job_pods.JobPods = Population((job_pods.Owned((pod,)), n) for pod, n in case.pods.items())
    if case.shown != "there":
        pods = job_faults.marked_by(pods, "selector")
    return listed((pod.shown, n) for pod, n in pods.items() if pod.orphaning)


def listed(pods: Iterable[tuple[jobs.JobPod | None, int]]) -> Listed:
    """So many pods of each look."""
    found: Counter[str] = Counter()
    for pod, n in pods:
        found[repr(pod)] += n
    return Listed(tuple(sorted(found.items())))


# ---- the real side ----------------------------------------------------------------------------


def job_in(of: jobs.Job, version: int) -> Object:
    """A Job in a cache that nothing else is known of."""
    return job_object(Start(of, Population()), of, str(version), {})


def pod_in(pod: jobs.JobPod, version: int, name: str = f"{_NAME}-old-00001") -> Object:
    """A pod of it, on a node."""
    made = pod_object(Start(jobs.Job(_ANY), Population()), name, pod, Random(0))
    made["metadata"]["resourceVersion"] = str(version)
    made["spec"]["nodeName"] = "n1"
    if pod.terminating and pod.ended and pod.finalizer:
        made["metadata"]["deletionGracePeriodSeconds"] = 0  # only the finalizer keeps it
    if not pod.owned:
        del made["metadata"]["ownerReferences"]
    return made


@frozen
class Asked:
    """A request, and what the pods that it names look like."""

    request: Object
    pods: Mapping[str, jobs.JobPod]


@frozen(eq=False)
class Orphans(Ways):
    """The worker; its cases are `Worked` and `Listing`."""

    rules: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """As the rows of a trace call it."""
        return "job orphans"

    def ways(self, case: Worked | Listing) -> Mapping[Any, list[Any]]:
        """The one way in which it goes."""
        went = _marked(case) if isinstance(case, Listing) else modelled(case, self.rules)
        return {went: [case]}

    def told(self, case: Worked | Listing) -> list[Object]:
        """What becomes of its request."""
        if isinstance(case, Listing) or case.answered not in ("failed", "lost"):
            return []
        return [{"verb": "patch", "resource": "pods", "how": case.answered}]

    def concrete(self, case: Worked | Listing, number: int, faults: Sequence[Object]) -> Asked:
        """The same for the oracle."""
        cache = []
        anew = isinstance(case, Worked) and case.anew
        if case.shown != "gone" or anew:
            conditions = FINISHED if case.shown == "finished" else ()
            cache.append(job_in(jobs.Job(_ANY, jobs.JobStatus(conditions=conditions)), 10))
        if anew:
            # Its labels and its selector have the uid too.
            cache[0] = json.loads(json.dumps(cache[0]).replace(_UID, f"{_UID}-anew"))
        live, named, key = list(cache), {}, {"kind": "selector", "value": _SELECTOR}
        if isinstance(case, Worked):
            made = [pod_in(each, 20) for each in (case.pod, case.live) if each is not None]
            cache += made[:1] if case.pod is not None else []
            live += made[-1:] if case.live is not None else []
            if case.found == "name":
                key = {"kind": "name", "value": f"{_NAME}-old-00001"}
        else:
            pods = [pod for pod, n in case.pods.items() for _ in range(n)]
            Random(number).shuffle(pods)
            named = {f"{_NAME}-old-{at:05d}": pod for at, pod in enumerate(pods, start=1)}
            made = [pod_in(pod, 20, name) for name, pod in named.items()]
            cache, live = [*cache, *made], [*live, *made]
        request = {
            "controller": "job",
            "key": f"{NAMESPACE}/{_NAME}",
            "now": NOW,
            "orphan": key,
            "cache": cache,
            "live": live,
            "faults": list(faults),
        }
        return Asked(request, named)

    def real(self, case: Worked | Listing, cluster: Asked, answer: Object) -> Went | Listed:
        """What it really did. Raises OracleDefect."""
        defect_in(answer)
        sent = [each for each in answer["requests"] if each["verb"] == "patch"]
        if isinstance(case, Listing):
            return listed((cluster.pods[each["name"]], 1) for each in sent)
        pod = next((each for each in answer["live"] if each["kind"] == "Pod"), None)
        has = None if pod is None else bool(pod["metadata"].get("finalizers"))
        return Went(bool(sent), has, answer["key"]["result"] == "rate-limited")

    def kinds(self, outcome: Went | Listed) -> list[str]:
        """What was sent."""
        return ["patch Pod"] if not isinstance(outcome, Went) or outcome.sent else []

    def along(self, case: Worked | Listing, taken: Any) -> Mapping[Any, Sequence[list[Object]]]:
        """The one outcome, if it is what the trace has `taken`."""
        return {went: [self.told(case)] for went in self.possible(case) if went == taken}

    def released(
        self, case: Worked | Listing, rules: frozenset[str]
    ) -> frozenset[Went | Listed] | None:
        """The outcome with no rules switched but these; None where there are no others."""
        if not self.rules - rules:
            return None
        return Orphans(self.rules & rules).possible(case)
