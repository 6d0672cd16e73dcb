"""The service's rate over HTTP beside a bare Flask echo of the same bytes on the same server.

Both run under the same gunicorn settings; the echo reads the same posted body
and sends back an answer of the same bytes, made beforehand. Rounds alternate,
so that both meet the same machine. Clients and servers share the cores, so the
processor time a server's workers spend on one request is reported too.

Run: python -m bench.http_rate
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.knowledge.load import load_rulebase

RESULTS = Path(__file__).parent / "results" / "http.json"
PORTS = {"kneechain": 8931, "echo": 8932}
SAFE = {"age_years": 40, "pain_onset": "insidious", "walk_4_steps_now": "yes"}
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--workers", type=int, default=2)
    asked = options.parse_args()
    print(f"{'':46}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'cpu ms':>10}")
    measured = [_measured(name, exam, asked) for name, exam in _exams().items()]
    RESULTS.parent.mkdir(exist_ok=True)
    written = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "asked": vars(asked)}
    RESULTS.write_text(json.dumps(written | {"exams": measured}, indent=2) + "\n")


def _exams() -> dict[str, dict[str, Any]]:
    """A first look, a whole visit, and as much as anybody will post."""
    examples = CHECKOUT / "examples"
    return {
        "first look": json.loads((examples / "four-findings.json").read_bytes()),
        "whole visit": json.loads((examples / "full-chain.json").read_bytes()),
        "everything": posted_exam(load_rulebase(CHECKOUT / "rules"), 140),
    }


def _measured(name: str, exam: dict[str, Any], asked: argparse.Namespace) -> dict[str, Any]:
    """Both servers' medians on one exam, printed as they come."""
    body = json.dumps(exam).encode()
    answer = _one_answer(body)
    rounds: dict[str, list[Round]] = {server: [] for server in PORTS}
    with _server("kneechain", asked.workers, answer) as ours, _server("echo", asked.workers, answer) as echo:
        for _ in range(asked.rounds):
            for server, pid in (("kneechain", ours), ("echo", echo)):
                rounds[server].append(_round(PORTS[server], pid, body, asked.clients, asked.seconds))
    medians = {server: _median(taken) for server, taken in rounds.items()}
    sizes = f"{name}: {len(exam['findings'])} findings, {len(body)} → {len(answer)} bytes"
    for server, m in medians.items():
        title = sizes if server == "kneechain" else "  echo of the same bytes"
        print(f"{title:46}{m['rate']:12.0f}{m['p50_ms']:10.2f}{m['p99_ms']:10.2f}{m['cpu_ms']:10.3f}")
    share = medians["kneechain"]["rate"] / medians["echo"]["rate"]
    print(f"  {share:.0%} of the echo's rate")
    sent = {"exam": name, "findings": len(exam["findings"]), "sent": len(body), "answered": len(answer)}
    return {**sent, "median": medians, "share_of_echo": round(share, 4)}


def _median(rounds: list[Round]) -> dict[str, float]:
    fields = ("rate", "p50_ms", "p99_ms", "cpu_ms")
    return {field: round(statistics.median(getattr(r, field) for r in rounds), 3) for field in fields}


def posted_exam(rulebase: RuleBase, count: int, seed: int = 1) -> dict[str, Any]:
    """An exam of `count` findings of a left knee, then its other side; every safety answer reassuring."""
    chance = random.Random(seed)
    reassuring = {**dict.fromkeys(rulebase.gates, "no"), **SAFE}
    findings = [_posted(rulebase.findings[name], "left", value) for name, value in reassuring.items()]
    others = [d for d in rulebase.findings.values() if d.safety is None and d.use != "safety"]
    for side in ("left", "right"):
        for definition in others if side == "left" else [d for d in others if d.sided]:
            findings.append(_posted(definition, side, _value(definition, chance)))
    return {"knees": ["left"], "findings": findings[:count]}


def _posted(definition: FindingDefinition, side: str, value: object) -> dict[str, object]:
    where = {"side": side} if definition.sided else {}
    return {"id": definition.id, **where, "value": value}


def _value(definition: FindingDefinition, chance: random.Random) -> object:
    if definition.numeric:
        assert definition.minimum is not None and definition.maximum is not None and definition.step
        steps = int((definition.maximum - definition.minimum) / definition.step)
        number = definition.minimum + chance.randint(0, steps) * definition.step
        return int(number) if number == int(number) else float(number)
    values = sorted(set(definition.values) - definition.exclusive_values)
    return [chance.choice(values)] if definition.type == "set" else chance.choice(values)


def _one_answer(body: bytes) -> bytes:
    from service.app import create_app

    client = create_app().test_client()
    response = client.post("/v1/assessments", data=body, content_type="application/json")
    assert response.status_code == 201, response.get_data()[:500]
    return response.get_data()


@contextmanager
def _server(name: str, workers: int, answer: bytes) -> Iterator[int]:
    """The server's process id; it is stopped at the end."""
    path = Path(f"/tmp/bench-answer-{os.getpid()}.json")
    path.write_bytes(answer)
    command = [sys.executable, "-m", "bench.http_server", name, str(PORTS[name]), str(workers), str(path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL) as process:
        _wait(PORTS[name])
        try:
            yield process.pid
        finally:
            process.terminate()
    path.unlink(missing_ok=True)


def _wait(port: int) -> None:
    import socket

    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def _round(port: int, pid: int, body: bytes, clients: int, seconds: float) -> Round:
    before = _cpu_seconds(pid)
    times = asyncio.run(_load(port, body, clients, seconds))
    spent = _cpu_seconds(pid) - before
    ordered = sorted(times)
    return Round(
        rate=len(times) / seconds,
        p50_ms=statistics.median(ordered) * 1e3,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1e3,
        cpu_ms=spent / len(times) * 1e3,
    )


def _cpu_seconds(pid: int) -> float:
    """Processor time of the server's workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for child in children:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


async def _load(port: int, body: bytes, clients: int, seconds: float) -> list[float]:
    head = (
        f"POST /v1/assessments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    end = time.perf_counter() + seconds
    loads = await asyncio.gather(*(_client(port, head + body, end) for _ in range(clients)))
    return [elapsed for load in loads for elapsed in load]


async def _client(port: int, request: bytes, end: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    times = []
    while time.perf_counter() < end:
        start = time.perf_counter()
        writer.write(request)
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


if __name__ == "__main__":
    main()
