"""ReplicaSets are told apart by the order in which they were created, not decided on."""

from seatrial.model import api, controller, deployment_controller, informer


def test_a_replica_set_that_is_created_behind_a_stale_cache_is_the_youngest() -> None:
    """
    Its sync did not see the one before it, and took the rank that this one has.

    With equal ranks one of them would not count among the old ones.
    """
    decided = api.ReplicaSet(template=3, created=2)
    write = controller.Write("create", "ReplicaSet", 3, decided)

    answer, born, _ = deployment_controller.replica_set_after(
        write, None, informer.Copy(), ranks=(1, 2, 0)
    )

    assert answer == "applied"
    assert born is not None
    assert born.created == 3
