"""A copy of the explicit engine with a fault planted in it, run without the compiler.

The copy is a package of its own, so that the real engine stays as it is.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

import seatrial.engines.explore as engine

__all__ = ["FAULTS", "IGNORES_GUARDS", "PUTS_OFF", "Fault", "engine_with"]

_SMALLER = (
    # The copy runs uncompiled: caches of real size would take longer than the search.
    ("kernel.py", "LATEST = 1 << 15", "LATEST = 1 << 3"),
    ("kernel.py", "RECENT = 4096", "RECENT = 8"),
    ("kernel.py", "TOGETHER = 512", "TOGETHER = 8"),
    ("kernel.py", "AHEAD = 64", "AHEAD = 3"),
    ("packed.py", "BUCKET_LEAST = 64", "BUCKET_LEAST = 8"),
    ("packed.py", "self.empty_table(64)", "self.empty_table(8)"),
    # Hashes of a few bits: everything clusters, and different states have equal hashes.
    (
        "kernel.py",
        "    return h ^ (h >> SHIFT)\n",
        "    return (h ^ (h >> SHIFT)) & U(0xFC00000700000007)\n",
    ),
)
_UNCOMPILED = '''"""No compiler."""


def jit(function):
    return function


inline = jit
'''


@attrs.frozen
class Fault:
    """One planted mistake: in `file`, `right` (which stands there once) becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str
    kernel: str = "compiled"


FAULTS = (
    Fault(
        "a miss is lost: an unknown answer counts as disabled",
        "kernel.py",
        "                if j == EMPTY:\n"
        "                    miss(thread, np.int64(a), cells, masks, misses, dim_e)\n"
        "                    whole = False\n",
        "                if j == EMPTY:\n                    pass\n",
    ),
    Fault(
        "a wrong mask: reads of the last cell are left out of the key",
        "learned.py",
        "masks[rule] = self.layout.covering(reads, words)",
        "masks[rule] = self.layout.covering(reads[:-1] if len(reads) > 2 else reads, words)",
    ),
    Fault(
        "a wrong keep mask: what a write replaces is not cleared",
        "learned.py",
        "kept = self._kept[slots] = [every ^ word for word in covered]",
        "kept = self._kept[slots] = [every for word in covered]",
    ),
    Fault(
        "a sentinel clash: the cache of misses starts with a hash that occurs",
        "kernel.py",
        "    h = finish(h) | ONE  # never the 0 of an unused place\n",
        "    h = finish(h) & U(0xF)\n",
    ),
    Fault(
        "a sentinel clash: the cache of candidates starts with a state that occurs",
        "kernel.py",
        "        latest[mine, 0] += ONE\n",
        "        break\n",
    ),
    Fault(
        "a self-loop is dropped",
        "plain.py",
        "                    yield rule.number, end, marks\n",
        "                    if end != state:\n"
        "                        yield rule.number, end, marks\n",
        kernel="plain",
    ),
    Fault(
        "equal hashes are taken for equal states",
        "kernel.py",
        "                                    if states[n, k] != buckets[t, shard, i, k]:\n"
        "                                        known = False\n",
        "                                    known = True\n",
    ),
    Fault(
        "a state is looked for in its first line only",
        "kernel.py",
        "                        if known or full < LINE:\n",
        "                        if True:\n",
    ),
    Fault(
        "numbers depend on the shard and not on the order of discovery",
        "kernel.py",
        "            out.parent[t, n] = rank\n",
        "            out.parent[t, n] = rank ^ ONE_OFF if rank ^ ONE_OFF >= base else rank\n",
    ),
    Fault(
        "the parent of a state is the one after",
        "kernel.py",
        "                parents[rank] = out.parent[t, n]\n",
        "                parents[rank] = out.parent[t, n] + 1\n",
    ),
    Fault(
        "after a repack the learned outcomes keep the old layout",
        "learned.py",
        "        put = old.translate(put, new, len(put))\n",
        "",
    ),
    Fault(
        "after a repack the states keep the old layout",
        "packed.py",
        "words[: self.count] = old.translate(self.words[: self.count], new, self.count)",
        "words[: self.count, :1] = self.words[: self.count, :1]",
    ),
    Fault(
        "the outcomes of a rule after its second are forgotten",
        "kernel.py",
        "                    n += count_of(j)\n",
        "                    n += min(count_of(j), 2)\n",
    ),
    Fault(
        "steps that do not fit with those before them are lost",
        "kernel.py",
        "            n = many\n",
        "            n = 0\n",
    ),
    Fault(
        "a candidate after one that is known keeps the parent of that one",
        "kernel.py",
        "        parent[total + many] = U(low) + (steps[U(t)] >> BITS32)\n",
        "        parent[total + U(t)] = U(low) + (steps[U(t)] >> BITS32)\n",
    ),
    Fault(
        "a table that grows in its place overwrites the shards that it has not moved",
        "kernel.py",
        "    for shard in range(SHARDS - 1, -1, -1):\n        after",
        "    for shard in range(SHARDS):\n        after",
    ),
    Fault(
        "what a step commits to is not marked",
        "kernel.py",
        "chain | shape.marks[doer[w]]",
        "chain",
    ),
    Fault(
        "a committed step may be interleaved",
        "plain.py",
        "                following = self._enabled(self._committed, self._filled(one,"
        " self._between))\n",
        "                pass\n",
        kernel="plain",
    ),
    Fault(
        "a capped search says that it is complete",
        "plain.py",
        "        complete=capped is None,\n",
        "        complete=True,\n",
        kernel="plain",
    ),
    Fault(
        "the last state of a level is not expanded",
        "plain.py",
        "        for number in range(low, high):\n",
        "        for number in range(low, high - (high > low + 3)):\n",
        kernel="plain",
    ),
    Fault(
        "weak fairness: a component where an action is always enabled and never taken is fair",
        "convergence.py",
        "        result &= ~everywhere | taken\n",
        "",
        kernel="plain",
    ),
    Fault(
        "strong fairness is taken for weak",
        "convergence.py",
        "        pruned = _strongly_fair(facts, members, inside)\n",
        "        pruned = None\n",
        kernel="plain",
    ),
    Fault(
        "a state where the system has stopped outside the goal is overlooked",
        "convergence.py",
        "        loops[component[stuck]] = True\n",
        "",
        kernel="plain",
    ),
    Fault(
        "of two extremes the later one is kept",
        "result.py",
        "if best is None or sign * value < sign * best.value:",
        "if best is None or sign * value <= sign * best.value:",
        kernel="plain",
    ),
    Fault(
        "partial order ignores what properties read",
        "reduce.py",
        "        self.visible = [bool(writes[t] & seen) for t in range(count)]\n",
        "        self.visible = [False for t in range(count)]\n",
        kernel="plain",
    ),
    Fault(
        "symmetry sorts each family by itself",
        "reduce.py",
        "            for slots, (_, ids) in zip(slices, sorted(order), strict=True):\n",
        "            columns = [sorted(column) for column in zip(*held)]\n"
        "            for slots, ids in zip(slices, zip(*columns), strict=True):\n",
        kernel="plain",
    ),
    Fault(
        "a guard is ignored in the kernel",
        "kernel.py",
        "                if shut(cells, a, guards):\n                    continue\n",
        "",
    ),
    Fault(
        "a guard is ignored in a committed chain of the kernel",
        "kernel.py",
        "                        if shut(following, shape.committed[c], guards):\n"
        "                            continue\n",
        "",
    ),
    Fault(
        "a guard is ignored where a committed action may be first",
        "kernel.py",
        "        if shut(cells, a, guards):\n            continue\n        j = find",
        "        j = find",
    ),
    Fault(
        "a guard is ignored where edges are found again",
        "kernel.py",
        "            if shut(cells, ordinary[i], shape.guards):\n                continue\n",
        "",
    ),
    Fault(
        "a guard lets everything through once it has been true",
        "learned.py",
        "wanted = int(kernel.EMPTY) if true is None else true << shift",
        "wanted = int(kernel.EMPTY) if true is None else (mask := 0)",
    ),
    Fault(
        "a guard is looked up for a neighbour with another one",
        "learned.py",
        "            and last.guard == action.guard\n",
        "",
    ),
    Fault(
        "a committed action is asked before what it reads is computed",
        "tables.py",
        "system.rests_on(c for action in committed for c in action.looks_at)",
        "system.rests_on(c for action in committed for c in action.reads)",
    ),
    Fault(
        "a guard is ignored by the plain loop",
        "plain.py",
        "            if guard >= 0 and not allowed[ids[guard]]:\n                continue\n",
        "",
        kernel="plain",
    ),
    Fault(
        "a total forgets its last part",
        "kernel.py",
        "        for p in range(totals[t, 3], totals[t, 4]):\n",
        "        for p in range(totals[t, 3], totals[t, 4] - 1):\n",
    ),
)


PUTS_OFF = Fault(
    "partial order puts an action off for ever",
    "reduce.py",
    "            if any(map(deeper, suffice)):\n",
    "            if suffice:\n",
    kernel="plain",
)

IGNORES_GUARDS = Fault(
    "partial order ignores what guards read",
    "reduce.py",
    "system.read_slots(action.looks_at)",
    "system.read_slots(action.reads)",
    kernel="plain",
)


@contextmanager
def engine_with(fault: Fault | None, folder: Path) -> Iterator[Callable[..., Any]]:
    """`explore` of a copy of the engine in `folder`, with the fault planted in it."""
    source = Path(engine.__file__).parent
    name = f"planted_{abs(hash(folder))}"
    package = folder / name
    package.mkdir()
    for path in source.glob("*.py"):
        text = path.read_text()
        for file, right, wrong in _SMALLER:
            if path.name == file:
                text = _replaced(text, right, wrong, file)
        if fault is not None and path.name == fault.file:
            text = _replaced(text, fault.right, fault.wrong, fault.file)
        if path.name == "kernel.py":
            text = text.replace("FRESH = U(", "ONE_OFF = 1\nFRESH = U(", 1)
        if path.name == "jit.py":
            text = _UNCOMPILED
        (package / path.name).write_text(text)
    sys.path.insert(0, str(folder))
    try:
        with np.errstate(over="ignore"):
            yield importlib.import_module(name).explore
    finally:
        sys.path.remove(str(folder))
        for module in [each for each in sys.modules if each.split(".")[0] == name]:
            del sys.modules[module]


def _replaced(text: str, right: str, wrong: str, file: str) -> str:
    found = text.count(right)
    assert found == 1, f"{right!r} stands {found} times in {file}; the fault cannot be planted"
    return text.replace(right, wrong)
