"""`kneechain serve` as it runs: what gunicorn does by itself, and that nobody keeps others waiting."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.config import CHECKOUT
from tests.contract.conformance import Answer, check

PATIENT = b"Erika-Mustermann-1984"


@dataclass(frozen=True)
class Running:
    port: int
    log: Path

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

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        return self.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    with log.open("wb") as said, subprocess.Popen(command, cwd=CHECKOUT, stdout=said, stderr=said) as process:
        try:
            yield Running(_port(log, process), log)
        finally:
            process.terminate()


def _port(log: Path, process: "subprocess.Popen[bytes]") -> int:
    for _ in range(600):
        listening = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text())
        if listening:
            return int(listening[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


NO_HTTP = {
    "a name in the first line": b"GET /v1/findings?q=" + PATIENT + b" of Bonn HTTP/1.1\r\n\r\n",
    "a name as the method": PATIENT.replace(b"-", b"\x01") + b" / HTTP/1.1\r\n\r\n",
    "a name as a header": b"GET / HTTP/1.1\r\nHost: x\r\n" + PATIENT + b" (x): 1\r\n\r\n",
    "a name in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX-P: " + PATIENT + b"\x00\r\n\r\n",
    "a name as the version": b"GET / " + PATIENT + b"\r\n\r\n",
    "a line without end": b"GET /" + PATIENT + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
    "a name as the length of a chunk": b"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + PATIENT + b"\r\n",
    "a name where a chunk should end": b"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}" + PATIENT + b"\r\n",
}


@pytest.mark.parametrize("request_", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_a_problem_and_repeated_nowhere(running: Running, request_: bytes) -> None:
    status, headers, body = running.send(request_)
    assert status == 400
    check(Answer("POST", "/v1/assessments", status, headers, body))
    assert b"ustermann" not in body
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
    slow = b"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
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
