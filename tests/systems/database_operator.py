"""An operator of a database: two members, one leader, and a backup before each upgrade."""

from collections.abc import Iterator

from attrs import evolve, frozen

from seatrial import All, always, converges_to
from seatrial import operator as op


@frozen
class Database:
    version: int = 1
    leader: str | None = None


@frozen
class Pod:
    version: int = 1
    ready: bool = True
    leads: bool = False


@frozen
class Backup:
    of: str = "db-0"
    done: bool = False


def database_operator(*, fenced: bool) -> op.Operator:
    def reconcile(cache: op.Cache) -> op.Requests:
        database, backup = cache.get("Database", "db"), cache.get("Backup", "base")
        pods, version = cache.list("Pod"), database.version
        ready = [name for name, pod in pods.items() if pod.ready]
        old = [name for name, pod in pods.items() if pod.version != version]
        able = [name for name in ready if backup.done or name != backup.of]
        able = [database.leader] if fenced and database.leader in pods else able
        if able and not any(pod.leads for pod in pods.values()):
            if fenced:  # fails where the cache is old, and ends the sync
                yield from op.required(op.update("Database", "db", Database(version, able[0])))
            yield from op.required(op.patch("Pod", able[0], leads=True))
        elif missing := [name for name in ("db-0", "db-1") if name not in pods]:
            yield from op.required(op.create("Pod", missing[0], Pod(version, ready=False)))
        elif old and backup.done and len(ready) == 2:  # the leader last
            yield from op.required(op.delete("Pod", min(old, key=lambda name: pods[name].leads)))

    database = op.Resource("Database", {"db": Database()})
    pods = op.Resource("Pod", {"db-0": Pod(), "db-1": Pod()})
    resources = (database, pods, op.Resource("Backup", {"base": Backup()}))
    return op.Operator("database-operator", resources, reconcile, (upgrade, start, finish))


@op.changes("Database", actor="user", times=1)
def upgrade(database: Database) -> op.Changes:
    yield "asks for the next version", evolve(database, version=database.version + 1)


@op.changes("Pod", actor="kubelet")
def start(pod: Pod | None) -> op.Changes:
    if pod is not None:
        yield "starts the database", evolve(pod, ready=True)


@op.changes("Backup", actor="job")
def finish(backup: Backup) -> op.Changes:
    yield "finishes the backup", evolve(backup, done=True)


@always(says="at most one member leads", source="the operator's README")
def one_leader(pod: All[Pod | None]) -> Iterator[str]:
    if sum(each is not None and each.leads for each in pod.values()) > 1:
        yield "both members lead"


@always(says="no member is upgraded before the backup", source="the operator's README")
def backed_up(pod: All[Pod | None], backup: All[Backup]) -> Iterator[str]:
    if not backup["base"].done and Pod(version=2) in pod.values():
        yield "a member is upgraded, and there is no backup"


@converges_to(says="every upgrade ends, and somebody leads", source="the operator's README")
def upgraded(database: All[Database], pod: All[Pod | None]) -> bool:
    version = database["db"].version
    return Pod(version) in pod.values() and Pod(version, leads=True) in pod.values()
