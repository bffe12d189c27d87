"""The layout: top-level folders under one import name, and who may import whom.

The mapping of folders is unusual enough to break in ways that no other test notices, so this module
tests what CONTRIBUTING.md asks for, as far as a machine can see it.
"""

import ast
import doctest
import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import seatrial

CHECKOUT = Path(__file__).resolve().parents[1]
WHEEL = "SEATRIAL_WHEEL" in os.environ
needs_checkout = pytest.mark.skipif(
    WHEEL, reason="reads the checkout, and `make test-wheel` runs where there is none"
)

FACE = "seatrial"
MAPPED = ("model", "properties", "counterexamples")
# Each layer and what of ours it may import besides itself. The face, `seatrial/*.py`, imports all.
LAYERS = {
    "seatrial.core": (),
    "seatrial.lazy": (),
    "seatrial.engines.explore": ("seatrial.core",),
    "seatrial.engines.stateful": ("seatrial.core",),  # and nothing of the other engines
    "seatrial.engines.prove": ("seatrial.core",),
    "seatrial.engines": (),
    "seatrial.model": ("seatrial.core", "seatrial.lazy"),
    "seatrial.properties": ("seatrial.core", "seatrial.lazy", "seatrial.model"),
    "seatrial.counterexamples": ("seatrial.core", "seatrial.lazy"),
    "seatrial.oracle": ("seatrial.core", "seatrial.model"),
}
HEAVY = ("numpy", "numba", "z3", "rich", "hypothesis")


# ---- what there is ----------------------------------------------------------------------------


def source_files() -> dict[str, Path]:
    """
    Every module of the import package and its file.

    From the files and not with pkgutil, which imports what it walks (a broken module would end the
    collection instead of failing a test) and does not see the mapped folders of an editable
    install below `seatrial.__path__`.
    """
    files = {}
    for package in (FACE, *(f"{FACE}.{folder}" for folder in MAPPED)):
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{package} cannot be imported"
        assert spec.submodule_search_locations, f"{package} is not a package"
        folder = Path(spec.submodule_search_locations[0])
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
            files[".".join((package, *parts))] = path
    return dict(sorted(files.items()))


MODULES = source_files()
PACKAGES = [name for name, path in MODULES.items() if path.name == "__init__.py"]


def run_python(code: str, *arguments: str) -> str:
    """A fresh interpreter, since this one has long imported what the question is about."""
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


# ---- one import name --------------------------------------------------------------------------


def test_no_mapped_folder_is_imported_under_its_own_name() -> None:
    """
    `import model` works in the checkout by accident: it makes a second copy of every class, which
    equals nothing, and it is not there in the wheel.
    """
    code = "\n".join(
        (
            "import importlib, json, sys",
            "for name in sys.argv[1:]: importlib.import_module(name)",
            "print(json.dumps(sorted(sys.modules)))",
        )
    )

    imported = json.loads(run_python(code, *MODULES).splitlines()[-1])

    assert set(MODULES) <= set(imported)
    assert set(MAPPED) & set(imported) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_that_offers_names_lists_them_in_all(package: str) -> None:
    """Type checkers see a mapped folder through a star import, which takes what `__all__` names."""
    offered = public_names(ast.parse(MODULES[package].read_text(encoding="utf-8")))
    surface = getattr(importlib.import_module(package), "__all__", None)

    if surface is None:
        assert not offered, f"{MODULES[package]} has no __all__, but offers {', '.join(offered)}"
    else:
        missing = [name for name in surface if not hasattr(importlib.import_module(package), name)]
        assert not missing, f"{MODULES[package]} lists in __all__ what it lacks: {missing}"


def public_names(tree: ast.Module) -> list[str]:
    """The names that a module's top-level statements bind, without a leading underscore."""
    names: list[str] = []
    for node in tree.body:
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names += [(alias.asname or alias.name).split(".")[0] for alias in aliases]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Assign(targets=targets):
                names += [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return [name for name in names if not name.startswith("_")]


@pytest.mark.parametrize("folder", MAPPED)
def test_a_mapped_folder_says_what_its_surface_is(folder: str) -> None:
    """The others import from the folder itself; one that offers nothing yet says so."""
    assert hasattr(importlib.import_module(f"{FACE}.{folder}"), "__all__")


@needs_checkout
def test_every_package_on_disk_is_listed_in_pyproject() -> None:
    """An editable install sees a new folder at once; the wheel silently leaves it out."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = settings["tool"]["setuptools"]["packages"]

    on_disk = {
        name if path.name == "__init__.py" else name.rpartition(".")[0]
        for name, path in MODULES.items()
    }

    assert sorted(listed) == sorted(on_disk)


@pytest.mark.skipif(not WHEEL, reason="only `make test-wheel` installs the wheel")
def test_the_wheel_run_tests_the_wheel() -> None:
    """Were the checkout found first, the run would say nothing about what users install."""
    site_packages = Path(sysconfig.get_path("purelib"))

    assert {path for path in MODULES.values() if not path.is_relative_to(site_packages)} == set()
    assert not list(Path(seatrial.__path__[0]).glob("*.pyi")), "alias stubs were shipped"
    assert (Path(seatrial.__path__[0]) / "py.typed").exists()


# ---- layering ---------------------------------------------------------------------------------


def layer_of(name: str) -> str | None:
    """The layer that a dotted name belongs to; None where it is not ours."""
    for layer in LAYERS:
        if name == layer or name.startswith(f"{layer}."):
            return layer
    top = name.partition(".")[0]
    if top in MAPPED:
        return f"{top} (write {FACE}.{top})"
    return FACE if top == FACE else None


def imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """
    Line and absolute dotted name of whatever the source imports, wherever in it.

    Imports under TYPE_CHECKING and inside functions count: who needs a type of a layer above, or
    hides an import from the start-up, depends on that layer all the same.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(relative, package)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def forbidden_imports(source: str, module: str, path: Path) -> list[str]:
    """What the module imports and its layer may not, each as `file:line: sentence`."""
    layer = layer_of(module)
    if layer is None or layer == FACE:
        allowed: set[str | None] = {None, FACE, *LAYERS}
    else:
        allowed = {None, layer, *LAYERS[layer]}
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return [
        f"{path}:{line}: {layer} may not import {layer_of(name)}, but imports {name}"
        for line, name in sorted(imports(source, package))
        if layer_of(name) not in allowed
    ]


def test_no_layer_imports_what_lies_above_it() -> None:
    """`core` knows nothing of Kubernetes and engines nothing of what they check."""
    found = [
        sentence
        for module, path in MODULES.items()
        for sentence in forbidden_imports(path.read_text(encoding="utf-8"), module, path)
    ]

    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("seatrial.core.system", "import seatrial.engines"),
        ("seatrial.core.system", "from ..engines.explore import kernel"),
        ("seatrial.core.system", "from seatrial import __version__"),
        ("seatrial.engines.explore.kernel", "from seatrial import core, model"),
        ("seatrial.engines.explore.kernel", "from ...properties import always"),
        ("seatrial.engines.explore.kernel", "def f():\n    import seatrial.counterexamples.text"),
        ("seatrial.model.deployment", "from seatrial.properties import always"),
        ("seatrial.model.deployment", "if TYPE_CHECKING:\n    from seatrial import engines"),
        ("seatrial.model.deployment", "from model import replicaset"),
        ("seatrial.properties.rollout", "import seatrial.cli"),
        ("seatrial.counterexamples.text", "from seatrial.engines.explore import explore"),
        ("seatrial.cli", "import properties.rollout"),
    ],
)
def test_the_layering_check_sees_a_forbidden_import(module: str, source: str) -> None:
    """A check that finds nothing in the whole tree has to show that it can."""
    (sentence,) = forbidden_imports(source, module, Path("a.py"))

    assert sentence.startswith(f"a.py:{source.count(chr(10)) + 1}: {layer_of(module)} may not")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("seatrial.core.system", "import attrs\nfrom .values import Values\nfrom . import arith"),
        ("seatrial.engines.explore.kernel", "from seatrial.core import System"),
        ("seatrial.engines.explore.kernel", "from seatrial import core\nimport numpy as np"),
        ("seatrial.model.deployment", "from .replicaset import sync_replica_set"),
        ("seatrial.properties.rollout", "from seatrial.model import Pod\nimport seatrial.core"),
        ("seatrial.cli", "from seatrial import core, engines, model, properties, counterexamples"),
        ("seatrial.cli", "from . import __version__"),
    ],
)
def test_the_layering_check_lets_the_others_pass(module: str, source: str) -> None:
    """Relative imports and names like `core.model` must not be mistaken for a layer."""
    assert forbidden_imports(source, module, Path("a.py")) == []


def test_relative_imports_of_a_package_start_at_the_package_itself() -> None:
    """In `__init__.py` one dot is the package, elsewhere it is the package around the module."""
    source = "from ..model import Pod"

    assert forbidden_imports(source, "seatrial.core", Path("core/__init__.py")) == [
        "core/__init__.py:1: seatrial.core may not import seatrial.model,"
        " but imports seatrial.model.Pod"
    ]


# ---- what is written down is true -------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    """
    Not `pytest --doctest-modules`, which imports a mapped folder a second time under its own name.
    """
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_help_loads_nothing_heavy() -> None:
    """A second of imports before the first line of help is what makes a tool feel slow."""
    code = "\n".join(
        (
            "import json, sys",
            "from importlib.metadata import entry_points",
            "(script,) = entry_points(group='console_scripts', name='seatrial')",
            "sys.argv = ['seatrial', '--help']",
            "try: status = script.load()()",
            "except SystemExit as end: status = end.code",
            "assert not status, status",
            "print()",
            "print(json.dumps(sorted(sys.modules)))",
        )
    )

    output = run_python(code).splitlines()

    assert "Usage" in output[0]
    assert set(HEAVY) & set(json.loads(output[-1])) == set()


def test_a_small_check_imports_no_more_than_it_needs() -> None:
    """The first rung of a Deployment takes about as long as importing everything would."""
    manifest = files("seatrial") / "manifests" / "web.yaml"
    code = "\n".join(
        (
            "import json, sys",
            "from seatrial.cli import main",
            "status = main([*sys.argv[1:], '--level=atomic', '--faults=none', '--quiet'])",
            "assert status == 0, status",
            "print(json.dumps(sorted(sys.modules)))",
        )
    )

    imported = set(json.loads(run_python(code, "check", str(manifest)).splitlines()[-1]))

    assert "seatrial.model.deployment" in imported
    needless = {
        "seatrial.model.job",
        "seatrial.model.statefulset_control",
        "seatrial.model.rollout",
    }
    needless |= {"seatrial.api_views", "seatrial.sarif", "seatrial.counterexamples.page"}
    assert ({*HEAVY, *needless} - {"numpy"}) & imported == set()


# A path is absolute where nothing that could be a folder or a host stands before it.
ABSOLUTE = re.compile(r"(?<![\w.~$})-])/(?:work|root|home|Users)/")
# In two pieces, or this file would name them itself.
REGISTRIES = re.compile("|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org")))


@needs_checkout
def test_no_file_names_a_machine_path_or_a_registry_host() -> None:
    """Both work for whoever wrote them, and for nobody else."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")

    found = [
        f"{name}:{number}: {line.strip()}"
        for name in filter(None, listing.stdout.split("\0"))
        if (path := CHECKOUT / name).is_file()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if ABSOLUTE.search(line) or REGISTRIES.search(line)
    ]

    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("path", ["work", "root", "home", "Users"])
def test_the_path_scan_tells_an_absolute_path_from_a_part_of_one(path: str) -> None:
    """Documentation of Kubernetes lives below `docs/home`."""
    assert ABSOLUTE.search(f"see /{path}/me/notes")
    assert ABSOLUTE.search(f'"/{path}/me"')
    assert not ABSOLUTE.search(f"kubernetes.io/docs/{path}/me")
