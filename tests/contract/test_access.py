"""Who may do what: every operation of the contract, for every role, tenant and key that opens nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access import keys, sessions
from service.access.principal import LOCAL
from service.access.roles import ROLES, Scope
from service.app import create_app
from service.assess import Assessor
from service.audit.entry import Actor
from service.audit.store import Store, open_store
from service.web import guard
from service.web.guard import COOKIE, need_of, needs, principal, require
from tests.contract.conformance import contract, filled, operations, validate
from tests.signed_in import signed_in

BY = Actor(LOCAL, "administrator")
TENANTS = ("north", "south")
OPEN = "open"
OPERATIONS = [(path, method, operation) for path, method, operation in operations()]
GUARDED = [(path, method) for path, method, operation in OPERATIONS if operation["x-scope"] != OPEN]
addresses = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in count(1))
"""Each used once: an address that fails too often is told so instead."""


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Served:
    """An application over a store of its own."""

    app: Flask
    store: Store
    clock: Clock

    def key(self, role: str, **more: Any) -> str:
        return keys.create(self.store, self.clock(), BY, **({"tenant": "north", "role": role} | more))[0]

    def ask(
        self, path: str, method: str = "get", key: str | None = None, client: FlaskClient | None = None,
        remote: str | None = None, **headers: str,
    ) -> TestResponse:  # fmt: skip
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        return (client or self.app.test_client()).open(
            filled(path), method=method.upper(), headers=sent,
            environ_overrides={"REMOTE_ADDR": remote or next(addresses)},
        )  # fmt: skip


Serve = Callable[[], Served]


@pytest.fixture(scope="module")
def make(assessor: Assessor, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Store, Clock], Served]:
    def made(store: Store, clock: Clock) -> Served:
        return Served(create_app(assessor=assessor, now=clock, store=store), store, clock)

    return made


def new_store(folder: Path, clock: Clock) -> Store:
    return open_store(f"sqlite:///{folder}/log.db", folder / "keys.json", {}, clock, may_make_keys=True)


@pytest.fixture(scope="module")
def served(make: Callable[[Store, Clock], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Where keys were made before: nobody gets in without."""
    clock = Clock()
    store = new_store(tmp_path_factory.mktemp("keyed"), clock)
    keys.create(store, clock(), BY, tenant="north", role="clinician")
    return make(store, clock)


@pytest.fixture
def keyless(make: Callable[[Store, Clock], Served], tmp_path: Path) -> Served:
    """Where no key was ever made."""
    clock = Clock()
    return make(new_store(tmp_path, clock), clock)


# -- the contract and the code say the same ----------------------------------------------------------


def test_every_route_declares_the_scope_that_the_contract_names(served: Served) -> None:
    declared = {}
    for rule in served.app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        need = need_of(served.app.view_functions[rule.endpoint])
        assert need is not None, f"{path} says not what it needs"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            declared[path, method.lower()] = need.scopes
    named = {(path, method): scopes_of(operation) for path, method, operation in OPERATIONS}
    assert named == declared
    assert {path for (path, _), scopes in declared.items() if not scopes} == {"/healthz", "/readyz"}


def scopes_of(operation: dict[str, Any]) -> tuple[str, ...]:
    scope = operation["x-scope"]
    if scope == OPEN:
        assert operation["security"] == []
        return ()
    assert "security" not in operation
    return tuple(scope) if isinstance(scope, list) else (scope,)


def test_the_contract_tells_what_each_role_may() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+)\|$", contract()["info"]["description"], re.M)
    assert {role: frozenset(re.findall(r"\w+", scopes)) for role, scopes in rows} == ROLES


def test_every_guarded_operation_documents_its_refusals() -> None:
    for path, method, operation in OPERATIONS:
        refusals = {"401", "403", "429", "503"} & operation["responses"].keys()
        assert refusals == ({"401", "403", "429", "503"} if (path, method) in GUARDED else refusals - {"401"})


# -- role x route x tenant -----------------------------------------------------------------------------


MATRIX = [
    (role, tenant, path, method)
    for role in ROLES
    for tenant in TENANTS
    for path, method, _ in OPERATIONS
]  # fmt: skip


@pytest.fixture(scope="module")
def of_each(served: Served) -> dict[tuple[str, str], str]:
    """A key of each role in each tenant."""
    return {(role, tenant): served.key(role, tenant=tenant) for role in ROLES for tenant in TENANTS}


@pytest.mark.parametrize(("role", "tenant", "path", "method"), MATRIX)
def test_exactly_the_allowed_succeed(
    served: Served, of_each: dict[tuple[str, str], str], role: str, tenant: str, path: str, method: str
) -> None:
    scopes = scopes_of(contract()["paths"][path][method])
    response = served.ask(path, method, of_each[role, tenant])
    assert response.status_code != 401
    assert (response.status_code != 403) is (not scopes or not ROLES[role].isdisjoint(scopes))
    if response.status_code == 403:
        assert validate(response)["detail"] == f"This needs the scope {' or '.join(scopes)}."


def sent(operation: dict[str, Any]) -> dict[str, Any]:
    """The body of an example of the contract, if it has one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return {}
    example = (
        content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
    )
    return {"json": example}


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_who_may_is_answered_and_of_another_tenant_nothing_is_there(
    served: Served, of_each: dict[tuple[str, str], str], path: str, method: str
) -> None:
    operation = contract()["paths"][path][method]
    if path == "/session":
        pytest.skip("takes a link that works once: see below")
    for tenant in TENANTS:
        for role, scopes in ROLES.items():
            if scopes.isdisjoint(scopes_of(operation)):
                continue
            address = filled(path, **norths(served, of_each))
            key = {"Authorization": f"Bearer {of_each[role, tenant]}"}
            response = served.app.test_client().open(
                address, method=method.upper(), headers=key, **sent(operation)
            )
            theirs = tenant != "north" and {"{assessment}", "{draft}"} & {*path.split("/")}
            created = theirs and method == "put"  # a draft of the same id, but their own
            assert response.status_code == (404 if theirs and not created else response.status_code)
            assert theirs or 200 <= response.status_code < 300, (role, response.text)
            validate(response)


def norths(served: Served, of_each: dict[tuple[str, str], str]) -> dict[str, object]:
    """An assessment and a draft of one tenant."""
    key = {"Authorization": f"Bearer {of_each['clinician', 'north']}"}
    client = served.app.test_client()
    exam = {
        "knees": ["left"],
        "findings": [{"id": "hallux_valgus_manchester", "side": "left", "value": "moderate"}],
    }
    made = client.post("/v1/assessments", json=exam, headers=key).json
    draft = f"draft-{made['assessment_id']}"
    client.put(f"/v1/drafts/{draft}", json=exam, headers=key)
    return {"assessment": made["assessment_id"], "draft": draft}


def test_a_search_finds_only_what_is_of_the_tenant(
    served: Served, of_each: dict[tuple[str, str], str]
) -> None:
    mine = norths(served, of_each)["assessment"]
    for tenant in TENANTS:
        key = {"Authorization": f"Bearer {of_each['auditor', tenant]}"}
        found = served.app.test_client().post("/v1/assessments/search", json={"limit": 100}, headers=key).json
        assert (mine in {line["assessment_id"] for line in found["assessments"]}) is (tenant == "north")


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_a_key_narrowed_to_other_scopes_is_refused(served: Served, path: str, method: str) -> None:
    scopes = set(scopes_of(contract()["paths"][path][method]))
    role = next(role for role, granted in ROLES.items() if granted & scopes)
    others = sorted(ROLES[role] - scopes)
    assert served.ask(path, method, served.key(role, scopes=others)).status_code == 403


NOBODYS: dict[str, Callable[[Served], str | None]] = {
    "none at all": lambda served: None,
    "no key": lambda served: "nonsense",
    "a key that never was": lambda served: f"kc_{'0' * 12}_{'A' * 43}",
    "a key with another secret": lambda served: served.key("clinician")[:-4] + "AAAA",
    "an expired key": lambda served: expired(served),
    "a revoked key": lambda served: revoked(served),
}


def expired(served: Served) -> str:
    at = served.clock() - timedelta(days=2)
    return keys.create(served.store, at, BY, tenant="north", role="clinician", days=1)[0]


def revoked(served: Served) -> str:
    told, kept = keys.create(served.store, served.clock(), BY, tenant="north", role="clinician")
    keys.revoke(served.store, served.clock(), BY, kept.id)
    return told


@pytest.mark.parametrize("nobodys", NOBODYS.values(), ids=NOBODYS.keys())
@pytest.mark.parametrize(("path", "method"), [*GUARDED, ("/v2/nowhere", "get"), ("/docs", "put")])
def test_without_a_valid_key_nothing_is_answered(
    served: Served, nobodys: Callable[[Served], str | None], path: str, method: str
) -> None:
    for remote in (next(addresses), "127.0.0.1"):
        served.app.extensions[guard.EXTENSION].failures._known.clear()
        response = served.ask(path, method, nobodys(served), remote=remote)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.get_json()["type"] == "/docs#problem-401"


@pytest.mark.parametrize("nobodys", [*NOBODYS][1:])
def test_an_invalid_key_never_falls_back_to_whoever_is_at_this_machine(keyless: Served, nobodys: str) -> None:
    """The application began without keys, so that it would let them in without one."""
    assert keyless.ask("/docs", remote="127.0.0.1").status_code == 200
    key = NOBODYS[nobodys](keyless)
    for client in (keyless.app.test_client(), signed_in(keyless.app)):
        assert keyless.ask("/docs", key=key, client=client, remote="127.0.0.1").status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Bearer  ", "Digest", "kc", ""])
def test_only_bearer_is_read(served: Served, scheme: str) -> None:
    key = served.key("clinician")
    assert served.ask("/docs", Authorization=f"{scheme} {key}").status_code == 401
    assert served.ask("/docs", Authorization=f"bearer {key}").status_code == 200


def test_what_is_open_is_open_to_everybody(served: Served) -> None:
    for path in ("/healthz", "/readyz"):
        assert (
            served.ask(path, Host="elsewhere.example", Origin="https://elsewhere.example").status_code == 200
        )
        assert served.ask(path, key="nonsense").status_code == 200


def test_a_key_is_used_and_revoked_while_the_server_runs(served: Served) -> None:
    told, kept = keys.create(served.store, served.clock(), BY, tenant="north", role="auditor")
    assert served.ask("/docs", key=told).status_code == 200
    keys.revoke(served.store, served.clock(), BY, kept.id)
    assert served.ask("/docs", key=told).status_code == 401


# -- views of an application's own ------------------------------------------------------------------------


@pytest.fixture
def views(keyless: Served) -> Served:
    @keyless.app.get("/undeclared")
    def undeclared() -> Any:
        raise AssertionError("must not run")

    @keyless.app.get("/who")
    @needs("knowledge")
    def who() -> Any:
        asks = principal()
        return jsonify([asks.key, asks.tenant, asks.roles])

    @keyless.app.get("/either/<Scope>")
    @needs("assess", "export")
    def either(Scope: Scope) -> Any:  # noqa: N803
        require(Scope)
        return jsonify("allowed")

    return keyless


def test_a_route_that_does_not_say_what_it_needs_is_refused_to_everybody(views: Served) -> None:
    assert views.ask("/undeclared").status_code == 401
    for client in (views.app.test_client(), signed_in(views.app)):
        assert views.ask("/undeclared", client=client, remote="127.0.0.1").status_code == 403
    for role in ROLES:
        assert views.ask("/undeclared", key=views.key(role)).status_code == 403


def test_a_view_is_told_who_asks_and_in_which_tenant(views: Served) -> None:
    told = views.key("auditor", tenant="south")
    assert views.ask("/who", key=told).json == [told.split("_")[1], "south", ["auditor"]]
    assert views.ask("/who", remote="127.0.0.1").json == ["local", "local", ["clinician"]]
    all_roles = ["clinician", "auditor", "administrator"]
    assert views.ask("/who", client=signed_in(views.app), remote="127.0.0.1").json == [
        "local",
        "local",
        all_roles,
    ]


def test_a_view_that_needs_one_of_several_scopes_says_which(views: Served) -> None:
    clinician, auditor, administrator = (
        views.key(role) for role in ("clinician", "auditor", "administrator")
    )
    assert views.ask("/either/assess", key=clinician).status_code == 200
    assert views.ask("/either/export", key=clinician).status_code == 403
    assert views.ask("/either/export", key=auditor).status_code == 200
    assert views.ask("/either/assess", key=auditor).status_code == 403
    refused = views.ask("/either/assess", key=administrator)
    assert refused.json["detail"] == "This needs the scope assess or export."


# -- at this machine --------------------------------------------------------------------------------------

HERE = ("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535")
ELSEWHERE = (
    "", "evil.example", "localhost.evil.example", "evil.example:8000", "127.0.0.1.evil.example", "127.0.0.2",
    "[::2]", "::1", "localhost:", "localhost:x", "localhost:123456", "localhost,evil.example", "0.0.0.0",
    "user@localhost", "2130706433", "localhost/", " ",
)  # fmt: skip


@pytest.mark.parametrize("host", HERE)
@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1"])
def test_whoever_calls_this_machine_from_it_is_a_clinician(keyless: Served, host: str, remote: str) -> None:
    assert keyless.ask("/docs", remote=remote, Host=host).status_code == 200
    assert keyless.ask("/metrics", remote=remote, Host=host).status_code == 403


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_name_of_this_machine_needs_a_key(keyless: Served, host: str) -> None:
    """A page can have its own name lead here; the browser then sends that name."""
    for client in (keyless.app.test_client(), signed_in(keyless.app)):
        response = client.get("/docs", environ_overrides={"HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1"})
        assert response.status_code == 401
    assert keyless.ask("/docs", key=keyless.key("auditor"), Host="evil.example").status_code == 200


@pytest.mark.parametrize(
    "remote", ["10.0.0.9", "192.168.1.1", "::2", "::ffff:10.0.0.1", "", "localhost", "unix:"]
)
def test_whoever_calls_from_elsewhere_needs_a_key(keyless: Served, remote: str) -> None:
    client = signed_in(keyless.app)
    assert client.get("/docs", environ_overrides={"REMOTE_ADDR": remote}).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-X",
        "X-Real-IP",
        "Via",
    ],
)
def test_whoever_is_relayed_needs_a_key(keyless: Served, header: str) -> None:
    for client in (keyless.app.test_client(), signed_in(keyless.app)):
        assert client.get("/docs", headers={header: "127.0.0.1"}).status_code == 401


ANOTHER = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"},
    {"Origin": "http://127.0.0.1"}, {"Origin": "localhost"}, {"Origin": ""},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]  # fmt: skip
THE_SAME = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"},
            {"Origin": "http://LOCALHOST", "Sec-Fetch-Site": "same-origin"}]  # fmt: skip


@pytest.mark.parametrize("headers", ANOTHER, ids=str)
def test_a_page_of_another_site_may_nothing_without_a_key(keyless: Served, headers: dict[str, str]) -> None:
    for client in (keyless.app.test_client(), signed_in(keyless.app)):
        for method, path in (("GET", "/docs"), ("POST", "/v1/assessments"), ("OPTIONS", "/v1/assessments")):
            response = client.open(path, method=method, headers=headers)
            assert response.status_code == 403
            assert response.json["detail"] == "A page of another site asked."
            assert not any(name.startswith("Access-Control") for name, _ in response.headers)
    assert keyless.ask("/docs", key=keyless.key("auditor"), **headers).status_code == 200


@pytest.mark.parametrize("headers", THE_SAME, ids=str)
def test_a_page_of_this_site_may(keyless: Served, headers: dict[str, str]) -> None:
    assert keyless.app.test_client().get("/docs", headers=headers).status_code == 200


def test_once_there_is_a_key_nobody_gets_in_without_after_a_new_start(
    keyless: Served, make: Callable[[Store, Clock], Served]
) -> None:
    client = signed_in(keyless.app)
    cookie = client.get_cookie(COOKIE)
    assert cookie
    revoked(keyless)
    assert client.get("/metrics").status_code == 200
    again = make(keyless.store, keyless.clock).app.test_client()
    again.set_cookie(COOKIE, cookie.value)
    assert again.get("/metrics").status_code == 401


# -- the session --------------------------------------------------------------------------------------------


def link(served: Served) -> str:
    return sessions.new_link(served.store, served.clock())


def test_the_link_opens_a_session_once(keyless: Served) -> None:
    client, secret = keyless.app.test_client(), link(keyless)
    assert client.get("/metrics").status_code == 403
    opened = client.get("/session", query_string={"link": secret})
    validate(opened)
    assert (opened.status_code, opened.headers["Location"], opened.data) == (303, "/docs", b"")
    assert client.get("/metrics").status_code == 200
    other = keyless.app.test_client()
    validate(again := other.get("/session", query_string={"link": secret}))
    assert again.status_code == 404
    assert other.get("/metrics").status_code == 403


def test_the_cookie_is_for_this_site_and_no_script(keyless: Served) -> None:
    opened = keyless.app.test_client().get("/session", query_string={"link": link(keyless)})
    name, *attributes = opened.headers["Set-Cookie"].split("; ")
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}", name)
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= {*attributes}
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    assert opened.headers["Cache-Control"] == "no-store"


def test_link_and_session_end(keyless: Served) -> None:
    secret, client = link(keyless), signed_in(keyless.app)
    keyless.clock.at += timedelta(minutes=15)
    assert keyless.app.test_client().get("/session", query_string={"link": secret}).status_code == 404
    assert client.get("/metrics").status_code == 200
    keyless.clock.at += timedelta(hours=12)
    assert client.get("/metrics").status_code == 403
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize("wrong", ["", "nonsense", "x" * 5_000, "' OR 1=1 --", "\x00", "ä"])
def test_what_is_no_link_opens_nothing(keyless: Served, wrong: str) -> None:
    response = keyless.app.test_client().get("/session", query_string={"link": wrong})
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers
    client = keyless.app.test_client()
    assert client.get("/metrics", headers={"Cookie": f"{COOKIE}={wrong[:9]}"}).status_code == 403


def test_the_session_is_at_this_machine_only(keyless: Served) -> None:
    assert signed_in(keyless.app).get("/metrics").status_code == 200
    assert keyless.ask("/metrics", client=signed_in(keyless.app)).status_code == 401


# -- how much may be asked ----------------------------------------------------------------------------------


def test_more_than_may_be_asked_in_a_minute_is_not_answered(served: Served) -> None:
    here = served.app.extensions[guard.EXTENSION]
    usual, here.throttle = here.throttle, guard.Throttle(25)
    try:
        first, second = served.key("clinician"), served.key("clinician", tenant="south")
        statuses = [served.ask("/v1/explain/counterfactuals", "post", first).status_code for _ in range(3)]
        assert statuses == [415, 415, 429]
        statuses = [served.ask("/docs", key=first).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        refused = served.ask("/docs", key=first)
        validate(refused)
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert served.ask("/docs", key=second).status_code == 200
        assert served.ask("/healthz", key=first).status_code == 200
    finally:
        here.throttle = usual


def test_an_address_that_fails_too_often_is_told_so_and_its_valid_keys_go_on(served: Served) -> None:
    remote, key = next(addresses), served.key("clinician")
    wrong = [served.ask("/docs", key="nonsense", remote=remote).status_code for _ in range(31)]
    assert wrong == [401] * 30 + [429]
    assert served.ask("/docs", remote=remote).status_code == 429
    assert served.ask("/docs", key=key, remote=remote).status_code == 200
    assert served.ask("/docs", key="nonsense").status_code == 401
