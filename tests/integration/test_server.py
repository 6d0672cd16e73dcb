"""`kneechain serve` as it runs: what gunicorn does by itself, and that nobody keeps others waiting."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.config import CHECKOUT
from service.web.headers import ALWAYS
from tests.contract.conformance import Answer, check

PATIENT = b"Erika-Mustermann-1984"


@dataclass(frozen=True)
class Running:
    port: int
    log: Path
    printed: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer; the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body

    def get(self, path: str, method: str = "GET", more: str = "") -> tuple[int, dict[str, str], bytes]:
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n"
        return self.send(head.encode())

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two workers, whose session and counts are the same."""
    folder = tmp_path_factory.mktemp("server")
    log, printed, temporary = folder / "log", folder / "printed", folder / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    environment = os.environ | {"KNEECHAIN_WORKERS": "2", "TMPDIR": str(temporary)}
    with (
        log.open("wb") as said, printed.open("wb") as out,
        subprocess.Popen(command, cwd=CHECKOUT, stdout=out, stderr=said, env=environment) as process,
    ):  # fmt: skip
        try:
            yield Running(_port(log, process), log, printed)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert [*temporary.iterdir()] == [], "what was counted is gone with the server"


def _port(log: Path, process: "subprocess.Popen[bytes]") -> int:
    for _ in range(600):
        listening = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text())
        if listening:
            return int(listening[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


CHUNKED = (
    b"POST /v1/assessments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
NO_HTTP = {
    "a name in the first line": b"GET /v1/findings?q=" + PATIENT + b" of Bonn HTTP/1.1\r\n\r\n",
    "a name as the method": PATIENT.replace(b"-", b"\x01") + b" / HTTP/1.1\r\n\r\n",
    "a name as a header": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + PATIENT + b" (x): 1\r\n\r\n",
    "a name in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-P: " + PATIENT + b"\x00\r\n\r\n",
    "a name as the version": b"GET / " + PATIENT + b"\r\n\r\n",
    "a line without end": b"GET /" + PATIENT + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
    "a name as the length of a chunk": CHUNKED + PATIENT + b"\r\n",
    "a name where a chunk should end": CHUNKED + b"2\r\n{}" + PATIENT + b"\r\n",
}


@pytest.mark.parametrize("request_", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_a_problem_and_repeated_nowhere(running: Running, request_: bytes) -> None:
    status, headers, body = running.send(request_)
    assert status == 400
    check(Answer("POST", "/v1/assessments", status, headers, body))
    assert b"ustermann" not in body
    assert ALWAYS.items() <= headers.items()
    assert headers["Kneechain-Notice"]
    log = running.log.read_text()
    assert "ustermann" not in log
    assert "Traceback" not in log


def test_head_and_options_go_over_the_wire_without_a_body(running: Running) -> None:
    status, headers, body = running.get("/v1/rulebase", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(running.get("/v1/rulebase")[2])
    status, headers, body = running.get("/v1/rulebase", "OPTIONS")
    assert (status, body) == (204, b"")
    assert headers["Allow"] == "GET, HEAD, OPTIONS"
    assert not {"Content-Type", "Content-Length"} & headers.keys()


def test_connections_that_say_nothing_keep_nobody_waiting(running: Running) -> None:
    """A browser opens some ahead of need; a slow client sends its body in drops."""
    slow = b"POST /v1/assessments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    slow += b"Content-Type: application/json\r\n\r\n{"
    idle = [running.connect() for _ in range(4)]
    try:
        idle[0].sendall(slow)
        begun = time.monotonic()
        for path in ("/healthz", "/readyz", "/healthz"):
            status, _, body = running.get(path)
            assert status == 200
            assert json.loads(body)["status"] in ("ok", "ready")
        assert time.monotonic() - begun < 4, "an idle connection holds a thread for five seconds"
    finally:
        for connection in idle:
            connection.close()


def test_every_line_of_the_log_is_json(running: Running) -> None:
    running.get(f"/v1/findings/{PATIENT.decode()}?{PATIENT.decode()}")
    events = running.events
    assert {event["logger"] for event in events} >= {"gunicorn.error", "service.web.observing"}
    assert events[-1]["route"] == "/v1/findings/<finding>"
    assert "ustermann" not in str(events)


def test_the_printed_link_opens_one_session_for_all_workers_which_count_together(running: Running) -> None:
    found = re.search(
        r"^http://127\.0\.0\.1:(\d+)(/session\?link=[\w-]{43})$", running.printed.read_text(), re.M
    )
    assert found
    assert int(found[1]) == running.port
    status, headers, _ = running.get(found[2])
    assert (status, running.get(found[2])[0]) == (303, 404)
    cookie = headers["Set-Cookie"].partition(";")[0]
    before = _count(running, cookie)
    for _ in range(20):
        assert running.get("/v1/rules/H01/source-attributes")[0] == 200
    assert {_count(running, cookie) for _ in range(10)} == {before + 20}
    assert running.get("/metrics")[0] == 403
    for secret in (cookie, found[2]):
        assert secret.partition("=")[2] not in running.log.read_text()


def _count(running: Running, cookie: str) -> float:
    """How often a rule's source attributes were answered, as any of the workers tells it."""
    status, _, body = running.get("/metrics", more=f"Cookie: {cookie}\r\n")
    assert status == 200
    route = 'route="/v1/rules/<code>/source-attributes",status="200"'
    found = re.search(rf'^kneechain_requests_total{{method="GET",{route}}} (\S+)$', body.decode(), re.M)
    return float(found[1]) if found else 0


@pytest.mark.parametrize(
    "more", ["X-Forwarded-For: 127.0.0.1\r\n", "Authorization: Bearer kc_x\r\n", "Host: x\r\n"]
)
def test_over_the_wire_too_only_this_machine_itself_needs_no_key(running: Running, more: str) -> None:
    """A second Host is no HTTP, or another name."""
    assert running.get("/docs")[0] == 200
    assert running.get("/docs", more=more)[0] in ((400, 401) if more.startswith("Host") else (401,))


def test_whoever_stops_in_the_middle_keeps_nobody_waiting_for_long(running: Running) -> None:
    """More than there are threads, of each kind: in the head, and in the body."""
    post = b"POST /v1/assessments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    parts = (post, post + b"Content-Length: 5000\r\n\r\n{")
    stalled = [running.connect() for _ in range(17)]
    for connection in stalled:
        connection.settimeout(60)
    for number, connection in enumerate(stalled):
        connection.sendall(parts[number % 2])
    with running.connect() as asking:
        asking.settimeout(60)
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert asking.recv(65536).startswith(b"HTTP/1.1 200 ")
    answered = stalled[1].recv(65536)
    assert answered.startswith(b"HTTP/1.1 400 ")
    for connection in stalled:
        connection.close()
