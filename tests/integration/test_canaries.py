"""Fifty things said of persons, told to a whole server: it keeps them sealed, repeats none and forgets them.

Every operation of openapi.yaml is asked, and brought to every error of it that a client can bring it to.
"""

import base64
import http.client
import json
import os
import re
import signal
import socket
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.app import LARGEST_BODY
from service.audit.entry import Actor
from service.audit.store import Store
from service.audit.tables import drafts, records, subjects
from service.audit.verifying import verifier_of, verify_store
from service.records import erasing
from service.records.accesses import Asker
from tests.audit.conftest import Stores, postgresql, stores
from tests.canaries import CANARIES, DRAFT, MISPLACED, REFERENCES, TEXTS, found_in, hidden_in
from tests.contract.conformance import filled, operations
from tests.integration.canary_bodies import DRAFT_BODY, REVIEW, SIDED, Json, exam, right, wrong
from tests.integration.torture import Service, make_keys

__all__ = ["postgresql", "stores"]
ASSESS = "/v1/assessments"
HEADERS = dict.fromkeys(("User-Agent", "Referer", "Request-Id", "X-Patient"), TEXTS["name in a header"])
OTHER = {"subject": "somebody-else", "knees": ["left"], "findings": [SIDED]}
"""Of somebody who stays."""
LOG = "service.log"
NOT_BY_A_CLIENT = {"500", "503"}


@dataclass(frozen=True)
class Heard:
    """What came back."""

    method: str
    address: str
    status: int
    headers: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def leaks(self) -> list[str]:
        """Headers never hold anything; a problem what was misplaced, if it says that it was."""
        named = self.address.startswith(("/v1/findings/", "/v1/rules/"))
        told = self.status == 422 or (self.status == 404 and named)
        shown = self.body if self.status >= 400 or self.address.endswith("/search") else b""
        return found_in(self.headers) + found_in(shown.decode(), told)


@dataclass
class Story:
    """Tells a server, as a person at its machine who may do everything."""

    service: Service
    store: Store
    at: datetime
    cookie: str = ""
    heard: list[Heard] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    assessment: str = ""
    callers: Iterator[int] = field(default_factory=lambda: iter(range(1, 250)))

    def ask(self, method: str, address: str, body: Any = b"", caller: str = "127.0.0.1", cut: int = 0,
            **headers: str) -> Heard:  # fmt: skip
        """`caller`: the address that asks. `cut`: so many bytes of the body never come."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        told = {"Content-Type": "application/json", "Cookie": self.cookie, **HEADERS, **headers}
        self.sent.append(f"{address} {told} {content.decode('utf-8', 'replace')}")
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, 20, (caller, 0))
        connection.putrequest(method, quote(address, safe="/?=&%"))
        for name, value in {**told, "Content-Length": str(len(content))}.items():
            connection.putheader(name, value)
        connection.endheaders(content[: len(content) - cut])
        if cut:
            connection.sock.shutdown(socket.SHUT_WR)
        response = connection.getresponse()
        heard = Heard(method, address, response.status, str(response.headers), response.read())
        connection.close()
        self.heard.append(heard)
        return heard

    def sign_in(self) -> None:
        link = re.search(r"/session\?link=\S+", self.said)
        assert link
        opened = self.ask("GET", link[0])
        cookie = re.search(r"Set-Cookie: ([^;]+)", opened.headers)
        assert cookie
        self.cookie = f"{cookie[1]}; patient={TEXTS['name in a header']}"

    @property
    def repeated(self) -> list[str]:
        """What answers held that they must not."""
        return [f"{heard.status} to {heard.method} {heard.address}: {leak}"
                for heard in self.heard for leak in heard.leaks]  # fmt: skip

    @property
    def counted(self) -> Json:
        counted: Json = self.ask("GET", "/v1/audit/statistics").json
        return counted

    @property
    def told(self) -> set[str]:
        """Names of the canaries that were sent."""
        sent = "\n".join(self.sent)
        return {name for name, text in CANARIES.items() if text in sent or json.dumps(text)[1:-1] in sent}

    def end(self) -> None:
        assert self.service.process
        self.service.process.terminate()
        self.service.process.wait()

    @property
    def said(self) -> str:
        """All that the server wrote to standard output and error, save how long each request took."""
        log = (self.service.folder / LOG).read_text(encoding="utf-8")
        return re.sub(r'"duration_ms":[\d.]+', "", log)


# -- what is told ----------------------------------------------------------------------------------


def tell_what_is_right(story: Story) -> None:
    at, ask = story.at, story.ask
    posted = exam(at)
    first = ask("POST", ASSESS, posted)
    again = ask("POST", f"{ASSESS}?view=full&ledger=false", posted)
    assert (first.status, again.status) == (201, 200) and first.body == again.body
    story.assessment = first.json["assessment_id"]
    mine = f"{ASSESS}/{story.assessment}"
    corrected = {"exam_id": REFERENCES["exam_id of a correction"], "corrects": story.assessment}
    answers = [
        ask("POST", f"{ASSESS}?dry_run=true", posted),
        ask("POST", f"{ASSESS}?view=brief&ledger=true", exam(at, **corrected)),
        *(ask("POST", ASSESS, exam(at, exam_id=str(uuid4()), subject=str(uuid4()))) for _ in range(5)),
        ask("POST", f"{mine}/reviews", REVIEW),
        ask("POST", f"{mine}/reviews", REVIEW),
        *(ask("GET", f"{mine}{part}") for part in ("", "/trace", "/ledger", "/replay", "/reviews")),
        ask("GET", f"{mine}/replay?rules_as_of={quote(datetime.now(UTC).isoformat())}"),
        ask("POST", f"{ASSESS}/search", {"subject": REFERENCES["subject"]}),
        ask("POST", f"{ASSESS}/search", {"subject": REFERENCES["subject of nobody"]}),
        ask("PUT", DRAFT, DRAFT_BODY),
        ask("PUT", f"{DRAFT}-2", {**DRAFT_BODY, "subject": REFERENCES["subject"]}),
        ask("GET", DRAFT),
        *(ask("POST", path, right(path, at)) for path, _, _ in operations() if "/explain/" in path),
    ]
    assert {answer.status for answer in answers} <= {200, 201}
    assert "successor-version" in ask("GET", mine).headers


def no_key(story: Story, method: str, path: str) -> Heard:
    caller = f"127.0.{next(story.callers)}.1"  # who fails thirty times is told something else
    return known(story, method, path, caller=caller, Authorization=f"Bearer {TEXTS['name in a header']}")


def too_often(story: Story, method: str, path: str) -> Heard:
    for _ in range(100):
        heard = known(story, method, path, caller="127.0.0.9", Authorization="Bearer kc_x")
        if heard.status == 429:
            break
    return heard


def known(story: Story, method: str, path: str, query: str = "", body: Any = None, **more: Any) -> Heard:
    address = filled(path, assessment=story.assessment, draft=REFERENCES["draft"])
    if body is None:
        body = right(path, story.at) if takes_body(path, method) else b""
    return story.ask(method, address + query, body, **more)


def nothing_there(story: Story, method: str, path: str) -> Heard:
    astray = dict.fromkeys(("finding", "code", "name"), MISPLACED["address"])
    address = filled(path, assessment=uuid4(), draft=f"{REFERENCES['draft']}~", **astray)
    query = f"?link={MISPLACED['address']}" if path == "/session" else ""
    return story.ask(method, address + query, right(path, story.at) if takes_body(path, method) else b"")


def otherwise(story: Story, method: str, path: str) -> Heard:
    other = {**REVIEW, "decision": "accept"} if path.endswith("/reviews") else exam(story.at, knees=["right"])
    return known(story, method, path, body=other)


def large(story: Story, method: str, path: str) -> Heard:
    body = json.dumps(right(path, story.at)).encode()
    return known(story, method, path, body=body.ljust(LARGEST_BODY + 1))


def takes_body(path: str, method: str) -> bool:
    return any(
        (path, method) == (p, m.upper()) and "requestBody" in operation for p, m, operation in operations()
    )


Way = Callable[[Story, str, str], Heard]
WAYS: dict[str, Way] = {
    "400": partial(known, cut=1),
    "401": no_key,
    "403": partial(known, Origin=f"https://{MISPLACED['address']}.example"),
    "404": nothing_there,
    "405": lambda story, _, path: known(story, "PATCH", path, body=exam(story.at)),
    "409": otherwise,
    "410": known,
    "412": partial(known, **{"If-Match": '"99"'}),
    "413": large,
    "415": partial(known, **{"Content-Type": f"text/plain; of={MISPLACED['address']}"}),
    "422": partial(known, query=f"?{MISPLACED['key']}={MISPLACED['word']}&view={MISPLACED['word']}"),
    "429": too_often,
}
DOCUMENTED = [
    (path, method.upper(), status)
    for path, method, operation in operations()
    for status in operation["responses"]
    if status >= "400" and status not in NOT_BY_A_CLIENT
]


def tell_what_is_wrong(story: Story) -> None:
    for path, method, status in DOCUMENTED:
        if status != "410":
            heard = WAYS[status](story, method, path)
            assert heard.status == int(status), heard
    for path, method, _ in operations():
        if takes_body(path, method.upper()):
            for body in wrong(path, story.at):
                heard = known(story, method.upper(), path, body=body)
                assert heard.status == 422, (path, body)
    astray, replay = MISPLACED["address"], f"{ASSESS}/{story.assessment}/replay"
    for address in (f"/v1/findings?q={astray}", f"/{astray}", f"{ASSESS}/{astray}",
                    f"{replay}?rules_as_of={MISPLACED['time']}"):  # fmt: skip
        assert story.ask("GET", address).status in (200, 404, 422)


def tell_workers_that_are_killed(story: Story) -> None:
    """In the middle of a body."""
    body = json.dumps(exam(story.at)).encode()
    head = f"POST {ASSESS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", story.service.port)) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body[:500])
        for worker in story.service.workers():
            os.kill(worker, signal.SIGKILL)
        while not story.service.ready():
            time.sleep(0.05)
    assert story.ask("POST", ASSESS, body).status == 200


# -- what fails by itself ----------------------------------------------------------------------------


@contextmanager
def store_away(store: Store) -> Iterator[None]:
    """Nothing can be recorded meanwhile."""
    engine = store.database.engine
    if store.database.sqlite:
        queue = Path(f"{engine.url.database}.lock")
        aside = queue.rename(queue.with_suffix(".aside"))
        queue.mkdir()
        yield
        queue.rmdir()
        aside.rename(queue)
        return
    admin = sa.create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = engine.url.database
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    admin.dispose()


@contextmanager
def changed(store: Store, assessment: str) -> Iterator[None]:
    """The ciphertext of a record is not what it was meanwhile."""
    mine = records.c.id == assessment
    with store.database.writing() as connection:
        sealed = connection.execute(sa.select(records.c.sealed).where(mine)).scalar_one()
        connection.execute(sa.update(records).where(mine).values(sealed=sealed[:-1]))
    yield
    with store.database.writing() as connection:
        connection.execute(sa.update(records).where(mine).values(sealed=sealed))


def tell_what_fails(story: Story) -> None:
    mine = [(p, m.upper()) for p, m, _ in operations() if "{assessment}" in p and m == "get"]
    with changed(story.store, story.assessment):
        assert {known(story, method, path).status for path, method in mine} == {500, 200}  # 200: of reviews
    told = [(p, m.upper()) for p, m, _ in operations() if takes_body(p, m.upper())]
    with store_away(story.store):
        assert {known(story, method, path).status for path, method in (*mine, *told)} == {503}
    assert story.ask("GET", f"{ASSESS}/{story.assessment}").status == 200


# -- where it is looked for --------------------------------------------------------------------------


def kept(story: Story) -> Iterator[tuple[str, bytes]]:
    """All that is kept, by where: files with their names, what the database holds, an export of now."""
    store = story.store
    for file in (*story.service.folder.rglob("*"), *_files_of_postgresql(store)):
        yield "names", str(file).encode()
        if file.is_file() and file.name != LOG:
            yield str(file), file.read_bytes().rstrip(b"\0")
    with store.database.reading() as connection:
        for table in sa.inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                yield table, b"\0".join(map(_opened, row))
    for options in ("form=csv", "log=access", "log=decisions"):
        for line in story.ask("GET", f"/v1/audit/export?{options}").body.splitlines():
            sealed = json.loads(line).get("sealed") if options.startswith("log") else None
            yield options, line + _opened(base64.b64decode(sealed or ""))


def _files_of_postgresql(store: Store) -> Iterator[Path]:
    if store.database.sqlite:
        return
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
        oid = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()")
    for part in (f"base/{oid.scalar_one()}", "pg_wal"):
        yield from (Path(folder) / part).rglob("*")
    yield Path(folder) / "log"


def _opened(value: Any) -> bytes:
    """A value as bytes; uncompressed as well, where it is compressed."""
    data = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    try:
        return data + zlib.decompress(data)
    except zlib.error:
        return data


def looked_for(story: Story, traces: Collection[bytes] = ()) -> list[str]:
    """What is found of canaries, and of other traces of persons; and where."""
    found = []
    for where, data in kept(story):
        found += [f"{where}: {what}" for what in hidden_in(data)]
        if story.store.database.sqlite or not where.startswith("/"):  # PostgreSQL overwrites in its own time
            found += [f"{where}: {trace!r}" for trace in traces if trace in data]
    return found


def wrapped_keys(store: Store) -> set[bytes]:
    with store.database.reading() as connection:
        of_persons = connection.execute(sa.select(subjects.c.wrapped_key)).scalars().all()
        return {*of_persons, *connection.execute(sa.select(drafts.c.wrapped_key)).scalars()}


def lookups(story: Story) -> set[bytes]:
    """The keyed hashes by which persons, their exams and reviews were found.

    That of a draft stays in the access log, where it says which draft somebody read.
    """
    kinds = ("subject", "exam", f"review of {story.assessment}")
    named = product(kinds, REFERENCES.values())
    return {story.store.keyring.lookup("local", *each).encode() for each in named}


def erase_all_but(store: Store, subject: str, journal: Path) -> None:
    who = Asker("local", Actor("test", "administrator"), datetime.now(UTC))
    erasing.erase(store, who, erasing.by_subject(store, who, REFERENCES["subject of a draft"]), journal)
    stays = erasing.by_subject(store, who, subject).token
    with store.database.reading() as connection:
        tokens = connection.execute(sa.select(subjects.c.token).where(subjects.c.token != stays))
        others = [*tokens.scalars()]
    assert len(others) > 5
    for token in others:
        erasing.erase(store, who, erasing.Whom(token), journal)


# -- the story ---------------------------------------------------------------------------------------


@pytest.fixture
def story(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    temporary = stores.folder / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    if not stores.url.startswith("sqlite"):
        make_keys(stores.folder)
    service = Service(stores.url, stores.folder)
    service.start()
    try:
        yield Story(service, stores.open(), datetime.now(UTC))
    finally:
        if service.process and service.process.poll() is None:
            service.kill()


def test_what_is_said_of_persons_is_repeated_nowhere_kept_sealed_and_can_be_forgotten(story: Story) -> None:
    store, folder = story.store, story.service.folder
    story.sign_in()
    stays = story.ask("POST", ASSESS, OTHER)
    tell_what_is_right(story)
    tell_what_is_wrong(story)
    tell_workers_that_are_killed(story)
    tell_what_fails(story)
    assert story.told == CANARIES.keys()
    assert {status for _, _, status in DOCUMENTED} == WAYS.keys()
    store.writer.make_checkpoints()
    assert (folder / "checkpoints.ndjson").stat().st_size

    # nothing of it is repeated, or kept in clear
    assert found_in(story.ask("GET", "/metrics").body.decode()) == []
    assert hidden_in(story.said.encode()) == []
    assert looked_for(story) == []

    # nothing of it is left
    keys, counted = wrapped_keys(store), story.counted
    erase_all_but(store, OTHER["subject"], folder / "erasures.ndjson")
    gone = keys - wrapped_keys(store)
    assert len(gone) == len(keys) - 1
    for path, method, status in DOCUMENTED:
        if status == "410":
            assert known(story, method, path).status == 410, path
    assert looked_for(story, {*gone, *map(base64.b64encode, gone), *lookups(story)}) == []

    # and everything else stands
    assert story.counted == counted and counted["assessments"] >= 5
    assert [*verify_store(store, verifier_of(store.keyring))] == []
    other = f"{ASSESS}/{stays.json['assessment_id']}"
    assert story.ask("GET", other).body == stays.body
    assert story.ask("GET", f"{other}/replay").json["identical"]
    story.end()
    assert '"event":"Shutting down' in story.said
    assert hidden_in(story.said.encode()) == []
    assert story.repeated == []
