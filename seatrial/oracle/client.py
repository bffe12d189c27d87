"""
The client: the oracle as a process that is asked in batches.

What requests and answers mean is in tests/oracle/README.md; nothing here looks into them.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seatrial.core import SeatrialError

__all__ = ["Json", "Oracle", "OracleCrashed", "OracleMissing", "find"]

Json = dict[str, Any]

BUILT = Path(__file__).resolve().parents[2] / "build" / "oracle"
"""Where `make oracle` puts the program."""

_PIPE = 1 << 20
"""Bytes that a pipe to the program holds, where the system lets it: with fewer one side waits."""
STDERR_SHOWN = 4_000
"""So many characters of the end of standard error are shown after a crash."""


class OracleMissing(SeatrialError):
    """The program is not built here; the message says how to get it."""


class OracleCrashed(SeatrialError):
    """
    The process ended, hung or wrote something else than the answer to a request.

    Attributes
    ----------
    request
        The request that has no answer: with it the crash can be repeated.
    answers
        Those to the requests before it.
    """

    def __init__(self, why: str, request: Mapping[str, Any], answers: Sequence[Json]) -> None:
        super().__init__(f"the oracle {why}\nthe request was: {json.dumps(request)}")
        self.request = request
        self.answers = answers


def find(version: str | None = None) -> Path:
    """
    The program, built by `make oracle`, or by `make oracle VERSION=version`.

    The environment variable `SEATRIAL_ORACLE` names another one. Raises `OracleMissing`.
    """
    named = os.environ.get("SEATRIAL_ORACLE")
    if version is None and named:
        path, remedy = Path(named), "SEATRIAL_ORACLE names no program"
    elif version is None:
        path, remedy = BUILT / "oracle", "`make oracle` builds it, and needs Go (https://go.dev/dl)"
    else:
        path = BUILT / f"oracle-v{version.removeprefix('v')}"
        remedy = f"`make oracle VERSION={version}` builds it, and needs Go (https://go.dev/dl)"
    if not os.access(path, os.X_OK) or path.is_dir():
        raise OracleMissing(f"there is no oracle at {path}: {remedy}")
    return path


class Oracle:
    """
    A running oracle. Use it in a `with` statement, or `close` it.

    Parameters
    ----------
    path
        The program; by default what `find` finds.
    patience
        Seconds without an answer after which the process counts as hung.
    """

    def __init__(self, path: Path | None = None, patience: float = 60.0) -> None:
        self._path = path or find()
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def version(self) -> str:
        """
        The release of Kubernetes whose controllers answer, such as `v1.36.3`.

        Raises `OracleMissing` where the program does not say.
        """
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            run = subprocess.run(
                [self._path, "--version"], capture_output=True, text=True, check=True, timeout=60
            )
            words = run.stdout.split()
            if words and words[-1].startswith("v1."):
                return words[-1]
        raise OracleMissing(f"{self._path} is no oracle: it does not say of which Kubernetes")

    def ask(self, requests: Sequence[Mapping[str, Any]]) -> list[Json]:
        """
        The answers, one for each request and in their order.

        The `id` of a request is set here. Raises `OracleCrashed` at the first request without an
        answer; the next call starts the process anew.
        """
        if not requests:
            return []
        process = self._running()
        sender = threading.Thread(target=_send, args=(process, requests), daemon=True)
        sender.start()
        answers: list[Json] = []
        try:
            lines = _lines(process, self._patience)
            for number, request in enumerate(requests):
                answers.append(self._answer(next(lines, None), number, request, answers))
        except BaseException:
            self._kill()
            raise
        finally:
            sender.join()
        return answers

    def _answer(
        self, line: bytes | None, number: int, request: Mapping[str, Any], before: list[Json]
    ) -> Json:
        if line is None:
            raise OracleCrashed(self._epitaph(), request, before)
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("id") != number:
            start = line[:200].decode(errors="replace")
            raise OracleCrashed(f"wrote no answer but: {start}", request, before)
        return answer

    def _epitaph(self) -> str:
        process = self._process
        assert process is not None
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return f"gave no answer within {self._patience:g} s"
        self._reader.join()
        shown = b"".join(self._stderr)[-STDERR_SHOWN:].decode(errors="replace")
        return f"ended with exit code {code}: {shown.strip() or 'it said nothing'}"

    def close(self) -> None:
        """End the process, if there is one. It ends by itself at the end of its input."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.stdin.close()
            self._process.wait(timeout=5)
        self._kill()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._reader.join()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._stderr = []
            self._process = subprocess.Popen(
                [self._path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
            _widen(self._process)
            self._reader = threading.Thread(
                target=_collect, args=(self._process, self._stderr), daemon=True
            )
            self._reader.start()
        return self._process


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let the oracle go on answering while this process does something else."""
    if sys.platform == "linux":
        import fcntl  # other systems have none, or no such size

        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # more than an ordinary user may have
                fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _send(process: subprocess.Popen[bytes], requests: Sequence[Mapping[str, Any]]) -> None:
    """Write from a thread of its own: both pipes may be full at a time."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):  # it is gone; whoever reads will say so
        for number, request in enumerate(requests):
            view = memoryview(_line({**request, "id": number}).encode())
            while view:
                view = view[process.stdin.write(view) or 0 :]


def _line(request: Json) -> str:
    """The request on a line. A live object that is as the cache shows it is sent once."""
    if not all(isinstance(request.get(name), list) for name in ("cache", "live")):
        return _text(request) + "\n"
    cache, live = (list(map(_text, request.pop(name))) for name in ("cache", "live"))
    places = {each: str(at) for at, each in reversed(list(enumerate(cache)))}
    live = [places.get(each, each) for each in live]
    text = _text(request)
    return f'{text[:-1]},"cache":[{",".join(cache)}],"live":[{",".join(live)}]}}\n'


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _collect(process: subprocess.Popen[bytes], into: list[bytes]) -> None:
    assert process.stderr is not None
    with process.stderr as stream:
        while part := stream.read(65_536):
            into.append(part)
            while sum(map(len, into[1:])) > STDERR_SHOWN:
                del into[0]


def _lines(process: subprocess.Popen[bytes], patience: float) -> Iterator[bytes]:
    """Lines of standard output, until its end or for as long as the next one comes in time."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    parts: list[bytes] = []
    while select.select([descriptor], [], [], patience)[0]:
        part = os.read(descriptor, 1 << 20)
        if not part:
            return
        *whole, rest = part.split(b"\n")
        if whole:
            yield b"".join([*parts, whole[0]])
            yield from whole[1:]
            parts = []
        parts.append(rest)
