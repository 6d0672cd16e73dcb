"""Servers to be measured, and clients that ask them: what `http_rate` and `decision_log` have in common."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.config import CHECKOUT

TICKS = os.sysconf("SC_CLK_TCK")
EXAM_ID = b"exam-id-00000000"
"""In a body, what each request has a number of its own for."""


@dataclass(frozen=True, slots=True)
class Round:
    """What some clients met in some seconds. `cpu_ms`: processor time of the server's workers a request."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


def median(rounds: list[Round]) -> dict[str, float]:
    fields = ("rate", "p50_ms", "p99_ms", "cpu_ms")
    return {field: round(statistics.median(getattr(r, field) for r in rounds), 3) for field in fields}


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that listens."""

    port: int
    pid: int

    def round(self, body: bytes, clients: int, seconds: float) -> Round:
        """Each client asks again as soon as it was answered."""
        before = self._cpu_seconds()
        times = sorted(asyncio.run(_load(self.port, body, clients, seconds)))
        spent = self._cpu_seconds() - before
        return Round(
            rate=len(times) / seconds,
            p50_ms=statistics.median(times) * 1e3,
            p99_ms=times[int(len(times) * 0.99)] * 1e3,
            cpu_ms=spent / len(times) * 1e3,
        )

    def _cpu_seconds(self) -> float:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        total = 0
        for child in children:
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS


@contextmanager
def serving(
    kind: str, workers: int, answer: bytes, folder: Path, url: str | None = None
) -> Iterator[Serving]:
    """`bench.http_server` in a process of its own; its decision log, if it keeps one, is at `url`.

    `answer`: what an echo sends back. `folder` holds what the server needs and is not removed.
    """
    echoed = folder / "answer.json"
    echoed.write_bytes(answer)
    environment = {
        **os.environ,
        "KNEECHAIN_DATABASE_URL": url or f"sqlite:///{folder}/log.db",
        "KNEECHAIN_KEYS": str(folder / "keys.json"),
        "KNEECHAIN_CHECKPOINTS": str(folder / "checkpoints.ndjson"),
    }
    port = _free_port()
    command = [sys.executable, "-m", "bench.http_server", kind, str(port), str(workers), str(echoed)]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield Serving(port, process.pid)
        finally:
            process.terminate()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kneechain-bench-") as folder:
        yield Path(folder)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


async def _load(port: int, body: bytes, clients: int, seconds: float) -> list[float]:
    head = (
        f"POST /v1/assessments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    end = time.perf_counter() + seconds
    numbers = iter(range(time.time_ns() // 1_000_000 % 10**7 * 1_000_000, 10**14))
    loads = await asyncio.gather(
        *(_client(port, lambda: head + _numbered(body, next(numbers)), end) for _ in range(clients))
    )
    return [elapsed for load in loads for elapsed in load]


def _numbered(body: bytes, number: int) -> bytes:
    return body.replace(EXAM_ID, b"%016d" % number)


async def _client(port: int, request: Callable[[], bytes], end: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    times = []
    while time.perf_counter() < end:
        sent = request()
        start = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - start)
        if b"connection: close" in head.lower():
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.close()
    return times
