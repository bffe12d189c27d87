"""Names of a package that are imported when they are first asked for. This imports nothing else."""

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(package: str, names: Collection[str], homes: Mapping[str, str]) -> Callable[[str], Any]:
    """
    A package's `__getattr__`, for these names.

    `homes` has the module, below the package, that a name is to be taken out of; any other name is
    a module itself. Type checkers must not see it, since they would take any name for one there is.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes.get(name)
        module = import_module(f"{package}.{home or name}")
        found = getattr(module, name) if home else module
        setattr(sys.modules[package], name, found)
        return found

    return find
