"""What a sync of a Job rests on."""

from attrs import frozen

from seatrial.model import job_api as jobs
from seatrial.model import job_context

__all__ = ["Start"]


@frozen(eq=False)
class Start:
    """
    A state in which a sync begins.

    `job` and `pods` are what the caches show; a `job` of None is gone. `live` is the Job as it is,
    `stale` says whether that is another version. Pods that look as those in `gone` are gone.
    `fails` is how many of the requests may fail, or be applied without the answer coming back.
    """

    job: jobs.Job | None
    pods: jobs.SeenPods
    live: jobs.Job | None = None
    stale: bool = False
    gone: frozenset[jobs.Seen] = frozenset()
    fails: int = 0
    satisfied: bool = True
    backoff: bool = False
    failures_last: bool = True
    past_deadline: bool = False
    clears_start_time: bool = True
    consistency_store: bool = True
    finish_unseen: bool = False
    """Whether the controller has written that it has finished, which the cache does not show."""
    orphan: bool = False
    """Whether the cache shows a pod without owner, of a Job that is really deleted or gone."""
    requeues: int = 0
    """As in `JobObservation`, for a known bug that counts them."""

    @property
    def spec(self) -> jobs.JobSpec:
        """What is asked for, as far as it is known."""
        of = self.job or self.live
        return jobs.JobSpec() if of is None else of.spec

    def observed(self, job: jobs.Job) -> job_context.JobObservation:
        """What the sync of that Job knows."""
        return job_context.JobObservation(
            job,
            self.pods,
            self.satisfied,
            self.backoff,
            self.failures_last,
            self.past_deadline,
            self.clears_start_time,
            requeues=self.requeues,
        )
