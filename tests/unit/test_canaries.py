"""The canaries are what they are said to be, and the watch over the whole suite sees them."""

import base64
import json
import logging
import struct
from collections.abc import Callable
from datetime import datetime
from itertools import combinations

import pytest
from flask import Flask, Response

from schemas.text import REFERENCE
from service.app import create_app
from service.assess import Assessor
from service.audit.store import Store
from service.web.guard import open_to_all
from tests.canaries import (
    CANARIES,
    DRAFT,
    MISPLACED,
    NUMBERS,
    REFERENCES,
    TEXTS,
    WATCH,
    found_in,
    hidden_in,
)

SUBJECT, ASTRAY = REFERENCES["subject"], MISPLACED["value"]
LOG = logging.getLogger("service.anything")


def test_there_are_fifty_and_none_is_part_of_another() -> None:
    assert len(CANARIES) == len(REFERENCES) + len(TEXTS) + len(NUMBERS) + len(MISPLACED) == 50
    assert not any(one in other or other in one for one, other in combinations(CANARIES.values(), 2))
    for name, reference in REFERENCES.items():
        assert (REFERENCE.fullmatch(reference) is None) == name.endswith(" that is none"), name


@pytest.mark.parametrize("name", CANARIES)
def test_each_is_found_in_any_text(name: str) -> None:
    canary = CANARIES[name]
    for text in (canary, json.dumps({"a": canary}), f"x={canary.upper()};", f"“{canary}”"):
        assert found_in(text), text
        assert bool(found_in(text, told=True)) == (name not in MISPLACED)


@pytest.mark.parametrize("name", CANARIES)
def test_each_is_found_in_bytes_however_it_is_written(name: str) -> None:
    canary = CANARIES[name]
    written = [canary.encode(encoding) for encoding in ("utf-8", "utf-16", "utf-16-be")]
    written.append(json.dumps(canary).encode())
    if name in NUMBERS:
        written += [struct.pack(order, NUMBERS[name]) for order in ("<d", ">d")]
    else:
        written += [canary.encode().hex().encode(), canary.encode().hex().upper().encode()]
        written += [base64.b64encode(b"\xff" * before + canary.encode() + b"\xff") for before in range(6)]
    for data in written:
        assert hidden_in(b"\x00\xff" + data + b"\xff\x00"), data


def test_other_things_are_not_found() -> None:
    for text in ("1187.35", "21187.3", "v1.1187.3.0", "qanat", "393,7", ""):
        assert found_in(text) == []


# -- the watch, which is told to look away again before it would fail these tests ------------------------


def _raised() -> None:
    try:
        raise ValueError(SUBJECT)
    except ValueError:
        try:
            raise KeyError("elsewhere")
        except KeyError:
            LOG.exception("failed")


LOGGED: dict[str, Callable[[], None]] = {
    "the message": lambda: LOG.info(f"read {SUBJECT}"),
    "an argument": lambda: LOG.warning("read %s", {"subject": SUBJECT}),
    "beside the message": lambda: LOG.info("read", extra={"who": SUBJECT}),
    "the cause of an error": _raised,
    "by another": lambda: logging.getLogger("sqlalchemy.engine").warning(SUBJECT),
    "a number": lambda: LOG.info("body mass %s", NUMBERS["body_mass_kg"]),
    "what was misplaced": lambda: LOG.info(ASTRAY),
}


@pytest.mark.parametrize("log", LOGGED.values(), ids=LOGGED.keys())
def test_the_watch_sees_what_is_logged(log: Callable[[], None]) -> None:
    log()
    assert WATCH.take()


def test_how_long_a_request_took_is_no_finding() -> None:
    LOG.info("request", extra={"duration_ms": NUMBERS["hip_er_hhd_n"]})
    assert WATCH.take() == []


ANSWERS = {
    "an error": (Response(SUBJECT, 409), True),
    "a number in an error": (Response("mass 393.7 kg", 500), True),
    "a fault that repeats a reference": (Response(SUBJECT, 422), True),
    "a fault that repeats what was misplaced": (Response(ASTRAY, 422), False),
    "another error that does": (Response(ASTRAY, 400), True),
    "an answer": (Response(SUBJECT, 200), False),
    "its headers": (Response("", 201, {"Location": f"/v1/assessments?of={SUBJECT}"}), True),
}


@pytest.fixture
def app(assessor: Assessor, now: datetime, store: Store) -> Flask:
    return create_app(assessor=assessor, now=lambda: now, store=store)


@pytest.mark.parametrize(("answer", "leaks"), ANSWERS.values(), ids=ANSWERS.keys())
def test_the_watch_sees_errors_and_headers(app: Flask, answer: Response, leaks: bool) -> None:
    app.add_url_rule("/planted", "planted", open_to_all(lambda: answer))
    app.test_client().get("/planted")
    assert bool(WATCH.take()) == leaks


@pytest.mark.parametrize(
    ("address", "leaks"),
    [(f"/v1/findings?q={SUBJECT}", True), (f"/{SUBJECT.replace('-', '%2D')}", True), (f"/{ASTRAY}", True),
     (DRAFT, False), (f"/v1/findings?q={REFERENCES['draft']}", True)],
)  # fmt: skip
def test_the_watch_sees_addresses(app: Flask, address: str, leaks: bool) -> None:
    app.test_client().get(address)
    assert bool(WATCH.take()) == leaks
