"""What README and docs show is what happens: samples run, outputs agree, links lead somewhere.

Conventions in a page, for fenced blocks in their order:

- `python` with `>>>` is a doctest; without, it is executed, and what it prints is the `text` block
  that follows. The names of a page are shared by its blocks.
- `console`: lines after `$ ` are run, `seatrial …`, `pytest …` and `echo $?`; the lines below are
  the output.
- A block that begins with `# NAME.EXT` is not run; it becomes a file of that name.
- A line `…` in an output stands for any lines. The line that begins with `Cost`, and seconds
  at the end of a line, are not compared.

`python tests/test_docs.py --write` writes the outputs that are not as they should be.
"""

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import click
import pytest

from seatrial.cli import commands, main

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "ARCHITECTURE.md",
    *sorted((CHECKOUT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COST = re.compile(r"^Cost .*$", re.MULTILINE)
PROGRESS = re.compile(r"^seatrial: .*(?:questions|states/s), .*\n", re.MULTILINE)
FILE = re.compile(r"# ([\w.-]+\.\w+)\n")
SECONDS = re.compile(r"\b\d+\.\d\d s$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")

pytestmark = pytest.mark.skipif(
    "SEATRIAL_WHEEL" in os.environ, reason="reads the checkout, and the wheel has no documents"
)


@attrs.define
class Page:
    """A page being run: what it names, the last exit code, what was printed and not yet shown."""

    names: dict[str, Any] = attrs.field(factory=lambda: {"__name__": "page"})
    code: int = 0
    printed: str = ""

    def after(self, kind: str, body: str) -> str:
        """The body of a block as it should be."""
        named = FILE.match(body)
        if named:
            Path(named[1]).write_text(body[named.end() :], encoding="utf-8")
            return body
        if kind == "console":
            return self._console(body)
        if kind == "text" and self.printed:
            printed, self.printed = self.printed, ""
            return body if same(body, printed) else printed
        assert not self.printed, f"what a block prints is not shown below it:\n{self.printed}"
        if kind == "python" and ">>> " in body:
            self._doctest(body)
        elif kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, "page", "exec"), self.names)
            self.printed = out.getvalue()
        return body

    def _doctest(self, body: str) -> None:
        test = doctest.DocTestParser().get_doctest(body, self.names, "page", None, 0)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            failed = runner.run(test, clear_globs=False).failed
        self.names = test.globs
        assert not failed, said.getvalue()

    def _console(self, body: str) -> str:
        parts = re.split(r"^\$ (.*)\n", body, flags=re.MULTILINE)
        assert not parts[0], f"output before the first command:\n{parts[0]}"
        made = []
        for command, shown in zip(parts[1::2], parts[2::2], strict=True):
            out = f"{self.code}\n" if command == "echo $?" else self._run(command)
            made.append(f"$ {command}\n{shown if same(shown, out) else out}")
        return "".join(made)

    def _run(self, command: str) -> str:
        program, *words = shlex.split(command, comments=True)
        if program == "pytest":
            return pytest_says(words)
        assert program == "seatrial", f"{command} is no command of seatrial"
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            self.code = main(words)
        # On a slow machine it says how far it is.
        return PROGRESS.sub("", out.buffer.getvalue().decode("utf-8"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is proved for a page is kept nowhere else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def same(shown: str, out: str) -> bool:
    """Whether an output is what a page shows, where `…` stands for any lines."""
    parts = [re.escape(timeless(part)) for part in re.split("^…\n", shown, flags=re.M)]
    return re.fullmatch("(?:.*\n)*".join(parts), timeless(out)) is not None


def timeless(text: str) -> str:
    """The text without what differs between two runs."""
    return SECONDS.sub("0 s", COST.sub("Cost", text))


def pytest_says(words: list[str]) -> str:
    """What pytest prints, run by itself as a reader would."""
    # A folder of this name beside a test would be imported in place of the package.
    shutil.rmtree("seatrial", ignore_errors=True)
    arguments = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:syrupy"]
    run = subprocess.run([*arguments, *words], capture_output=True, text=True, check=False)
    return run.stdout


@contextlib.contextmanager
def somewhere() -> Iterator[None]:
    """A folder with nothing but the shipped manifests, as in a checkout; one width of terminal."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(CHECKOUT / "seatrial" / "manifests", "seatrial/manifests")
        before = os.environ.get("COLUMNS")
        os.environ["COLUMNS"] = "100"
        try:
            yield
        finally:
            os.environ.pop("COLUMNS")
            if before is not None:
                os.environ["COLUMNS"] = before


def as_it_should_be(text: str) -> str:
    """The page with each output as it is now."""
    page = Page()
    with somewhere():
        made = FENCE.sub(lambda found: f"```{found[1]}\n{page.after(found[1], found[2])}```", text)
    assert not page.printed, f"what the last block prints is not shown:\n{page.printed}"
    return made


def name_of(page: Path) -> str:
    return page.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_samples_of_a_page_do_what_the_page_says(page: Path) -> None:
    """Rewrite with `python tests/test_docs.py --write`, then read the difference."""
    text = page.read_text(encoding="utf-8")

    assert as_it_should_be(text) == text


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Pages are renamed; links to them are easily forgotten."""
    targets = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    """A page that nothing links to is read by nobody."""
    index = CHECKOUT / "docs" / "index.md"
    linked = {
        (index.parent / target).resolve()
        for target in LINK.findall(index.read_text(encoding="utf-8"))
        if "://" not in target
    }

    assert set(PAGES) - {index} <= linked


def test_the_operator_of_the_page_is_the_one_that_is_tested() -> None:
    """And it keeps to 60 lines, not counting empty ones."""
    page = (CHECKOUT / "docs" / "how-to" / "your-own-controller.md").read_text(encoding="utf-8")
    tested = (CHECKOUT / "tests" / "systems" / "database_operator.py").read_text(encoding="utf-8")

    assert f"```python\n# database_operator.py\n{tested}```\n" in page
    assert len([line for line in tested.splitlines() if line.strip()]) <= 60


def command_paths(command: click.Command, path: str = "seatrial") -> Iterator[str]:
    yield path
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from command_paths(each, f"{path} {name}")


@pytest.mark.parametrize("path", list(command_paths(commands)))
def test_the_reference_shows_the_help_of_every_command(path: str) -> None:
    """That it is the real help is tested with the other samples."""
    text = (CHECKOUT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")

    assert f"$ {path} --help\n" in text


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for each in PAGES:
        before = each.read_text(encoding="utf-8")
        after = as_it_should_be(before)
        if after != before:
            each.write_text(after, encoding="utf-8")
            print(f"{name_of(each)} is written anew")
