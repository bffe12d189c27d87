"""The digest that proofs are kept under tells of everything that they depend on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial import core, model, properties
from seatrial.engines import prove
from seatrial.proof_cache import code_digest

PACKAGES = {"core": core, "model": model, "properties": properties, "prove": prove}
CHANGED = (
    *(("core", "arith.py"), ("model", "deployment_util.py"), ("model", "manifest/schema.json")),
    *(("properties", "theorems.py"), ("prove", "terms.py")),
)


@pytest.mark.parametrize(("name", "file"), CHANGED, ids=[file for _, file in CHANGED])
def test_a_change_of_any_file_gives_another_digest(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A constant, a default, a validator, a decorator: whatever it is, it stands in a file."""
    package = PACKAGES[name]
    folder = tmp_path / name
    shutil.copytree(package.__path__[0], folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(package, "__path__", [str(folder)])
    before = code_digest.__wrapped__()
    (where,) = folder.rglob(file)

    assert before == code_digest()
    where.write_bytes(where.read_bytes() + b"\n")
    assert code_digest.__wrapped__() != before


def test_a_python_without_asserts_has_another_digest() -> None:
    """A rule that asserts something is another rule there."""
    code = "from seatrial.proof_cache import code_digest; print(code_digest())"
    made = [sys.executable, "-O", "-c", code]
    other = subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip()

    assert len(other) == 64
    assert other != code_digest()
