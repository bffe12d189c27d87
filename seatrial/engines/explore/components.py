"""Strongly connected components, by Tarjan's algorithm without recursion.

Written for the compiler; called as it is where the graph is small.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .result import EdgeArrays

__all__ = ["components"]

_COMPILED_FROM = 50_000


def components(
    count: int, edges: EdgeArrays, alive: npt.NDArray[np.bool_], kept: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int32]:
    """
    For each state the number of its component, over `kept` edges between `alive` states; -1: dead.
    """
    run: Any = tarjan
    if count + len(edges.targets) > _COMPILED_FROM:
        from .jit import making_arrays

        run = making_arrays(tarjan)
    return run(count, edges.offsets, edges.targets, alive, kept)  # type: ignore[no-any-return]


def tarjan(count: Any, offsets: Any, targets: Any, alive: Any, kept: Any) -> Any:
    """The components as an array; see `components`."""
    component = np.full(count, -1, np.int32)
    index = np.zeros(count, np.int64)
    low = np.zeros(count, np.int64)
    position = np.zeros(count, np.int64)
    path = np.zeros(count, np.int64)
    stack = np.zeros(count, np.int64)
    clock, found, height, depth = 0, 0, 0, 0
    for root in range(count):
        if not alive[root] or index[root] != 0:
            continue
        path[0] = root
        depth = 1
        while depth > 0:
            state = path[depth - 1]
            if index[state] == 0:
                clock += 1
                index[state] = clock
                low[state] = clock
                position[state] = offsets[state]
                stack[height] = state
                height += 1
            descended = False
            while position[state] < offsets[state + 1]:
                at = position[state]
                target = targets[at]
                position[state] = at + 1
                if not kept[at] or not alive[target]:
                    continue
                if index[target] == 0:
                    path[depth] = target
                    depth += 1
                    descended = True
                    break
                if component[target] < 0:
                    low[state] = min(low[state], index[target])
            if descended:
                continue
            depth -= 1
            if low[state] == index[state]:
                while True:
                    height -= 1
                    member = stack[height]
                    component[member] = found
                    if member == state:
                        break
                found += 1
            if depth > 0:
                parent = path[depth - 1]
                low[parent] = min(low[parent], low[state])
    return component
