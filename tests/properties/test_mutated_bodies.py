"""Whatever is done to a sound exam, the answer is an assessment or a problem that says what is wrong.

500 bodies; with KNEECHAIN_FULL=1 20,000.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.config import CHECKOUT

BODIES = 20_000 if os.environ.get("KNEECHAIN_FULL") == "1" else 500
SECRET = "Jane:Doe:4711"
"""What stands in every field that could name someone."""
STATED = ("by", "reason", "evidence")
IDENTIFYING = {
    "exam_id": SECRET, "subject": SECRET, "encounter": SECRET,
    "performed_at": "2026-11-20T09:30:00+01:00",
    "clearances": [
        {"flag": flag, "role": role, "at": "2026-11-20T08:45:00Z"} | dict.fromkeys(STATED, SECRET)
        for flag, role in (("Z03", "physician"), ("Z06", "physiotherapist"))
    ],
}  # fmt: skip
ODD_FINDINGS = [
    {"id": "fpi6", "side": "left", "status": "refused", "assessor": SECRET},
    {"id": "bmi", "value": 22.4, "unit": "kg/m2", "method": SECRET, "observed_at": "2026-11-20T08:00:00Z"},
    {"id": "prior_treatment", "value": ["taping", "insoles"]},
    {"id": "hip ER MMT", "side": "left", "value": "4/5", "painful": True},
    {"id": "knee_pain_present", "side": "left", "value": "yes"},
    {"id": "locked_knee", "side": "left", "value": "yes"},
    {"id": "sex_at_birth", "value": "unknown"},
]


@dataclass
class Object:
    """A JSON object as it is written: keys may come twice."""

    members: list[Any] = field(default_factory=list)


@dataclass
class Member:
    key: str
    value: Any


@dataclass
class Array:
    items: list[Any] = field(default_factory=list)


def tree(value: Any) -> Any:
    """A JSON value as a tree that can be bent: single values as their JSON text."""
    if isinstance(value, dict):
        return Object([Member(json.dumps(key), tree(child)) for key, child in value.items()])
    if isinstance(value, list):
        return Array([tree(child) for child in value])
    return json.dumps(value)


def text(node: Any) -> str:
    match node:
        case Object(members):
            return "{" + ", ".join(f"{member.key}: {text(member.value)}" for member in members) + "}"
        case Array(items):
            return "[" + ", ".join(map(text, items)) + "]"
    return str(node)


def places(node: Any) -> Iterator[tuple[list[Any], int]]:
    """Every member and item of a tree, as the list that holds it and its index there."""
    inside = node.members if isinstance(node, Object) else node.items if isinstance(node, Array) else []
    for index, child in enumerate(inside):
        yield inside, index
        yield from places(child.value if isinstance(child, Member) else child)


EXAMS = [
    {**json.loads((CHECKOUT / "examples" / f"{name}.json").read_text(encoding="utf-8")), **IDENTIFYING}
    for name in ("four-findings", "first-visit", "hot-knee", "both-knees")
] + [
    {"knees": ["left"], "findings": ODD_FINDINGS, **IDENTIFYING},
    {"findings": ODD_FINDINGS, **IDENTIFYING},
    {"findings": [{"id": "gonalgia", "side": "right", "value": True}]},
]

NUMBERS = [
    "0",
    "-0.0",
    "1",
    "8.5",
    "-13",
    "1e400",
    "1e-400",
    "1e99999999999999999999",
    "NaN",
    "-Infinity",
    "9" * 400,
]
WORDS = [
    "left",
    "both",
    "yes",
    "4-",
    "observed",
    "refused",
    "mm",
    "fpi6",
    "flat feet",
    "Z03",
    "nurse",
    "none",
]
NASTY = [
    '"\\ud800"',
    '"\\u0000"',
    '"\\u001b[2J"',
    '"\\u202e"',
    '"' + "x" * 2000 + '"',
    '"__proto__"',
    "[" * 40 + "]" * 40,
]
TIMES = [
    "2026-11-20T09:00:00Z", "2026-11-20T09:00:00", "0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z", "2026-11-20T09:00:60Z", "2027-01-01T00:00:00Z",
]  # fmt: skip
NO_JSON = ["01", "+1", "1.", "nul", "'x'", "", "\\", '"\\q"', '"\n"', "/* */", "\ufeff"]
junk = st.one_of(
    st.sampled_from(["null", "true", "false", "{}", "[]", "[null]", '{"id": "fpi6"}', *NUMBERS, *NASTY]),
    st.sampled_from([*map(json.dumps, [*WORDS, *TIMES])]),
    st.text(max_size=20).map(json.dumps),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inside: (
            st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
        ),
        max_leaves=6,
    ).map(json.dumps),
)
keys = st.sampled_from(
    [
        "id",
        "side",
        "value",
        "unit",
        "status",
        "observed_at",
        "painful",
        "knees",
        "findings",
        "flag",
        "at",
        "colour",
    ]
) | st.text(max_size=6)


def _replace(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    new = draw(junk)
    inside[at] = Member(inside[at].key, new) if isinstance(inside[at], Member) else new


def _drop(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    del inside[at]


def _double(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    inside.insert(draw(st.integers(0, len(inside))), inside[at])


def _insert(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    new = draw(junk)
    inside.insert(at, Member(json.dumps(draw(keys)), new) if isinstance(inside[at], Member) else new)


def _misspell(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    """A letter too many: in a key, else in a text."""
    letter = draw(st.sampled_from(["x", "/", "~", "\\ud800", "é"]))
    member = inside[at]
    if isinstance(member, Member):
        inside[at] = Member(f'{member.key[:-1]}{letter}"', member.value)
    elif isinstance(member, str) and member.startswith('"'):
        inside[at] = f'{member[:-1]}{letter}"'


def _wrap(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    """The value as a list of itself, as an object, or as a text."""
    old = inside[at].value if isinstance(inside[at], Member) else inside[at]
    new = draw(st.sampled_from([Array([old]), Object([Member('"value"', old)]), json.dumps(text(old))]))
    inside[at] = Member(inside[at].key, new) if isinstance(inside[at], Member) else new


def _no_json(draw: Callable[..., Any], inside: list[Any], at: int) -> None:
    new = draw(st.sampled_from(NO_JSON))
    inside[at] = Member(inside[at].key, new) if isinstance(inside[at], Member) else new


BENDS = [_replace] * 4 + [_drop] * 2 + [_double] * 2 + [_insert] * 2 + [_misspell] * 2 + [_wrap, _no_json]


@st.composite
def bodies(draw: Callable[..., Any]) -> bytes:
    """A sound exam, bent up to four times, and now and then broken as bytes."""
    root = tree(draw(st.sampled_from(EXAMS)))
    for _ in range(draw(st.integers(0, 4))):
        where = list(places(root))
        if not where:
            break
        draw(st.sampled_from(BENDS))(draw, *draw(st.sampled_from(where)))
    body = text(root).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=3)) + body[at + draw(st.integers(0, 3)) :]
    return body


def resolves(pointer: str, body: Any) -> bool:
    """Whether a pointer names a value of the body, or a key that is missing from an object of it."""
    if pointer == "":
        return True
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
    for part in path:
        body = body[int(part)] if isinstance(body, list) else body[part]
    if isinstance(body, dict):
        return True
    return isinstance(body, list) and int(last) < len(body)


def check_problem(problem: dict[str, Any], body: bytes) -> None:
    assert problem["status"] == 422
    assert problem["type"] == "/docs#problem-422"
    errors = problem["errors"]
    assert errors
    assert problem["detail"].startswith(f"{len(errors)} thing")
    for error in errors:
        assert set(error) <= {"pointer", "detail", "value", "expected", "did_you_mean"}
        assert all(isinstance(said, str) for said in error.values())
        assert error["detail"]
        assert error["expected"]
        assert error.get("value", "").isprintable()
        assert re.fullmatch(r"(/([^/~]|~[01])*)*", error["pointer"])
    if not any(re.search(r"not JSON|not UTF-8|nested|more than once", error["detail"]) for error in errors):
        sent = json.loads(body)
        assert all(resolves(error["pointer"], sent) for error in errors)


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.slow
def test_a_bent_exam_is_answered_or_refused_in_the_documented_shape(client: FlaskClient) -> None:
    statuses: Counter[int] = Counter()

    @settings(max_examples=BODIES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(bodies())
    def answered(body: bytes) -> None:
        answer = client.post("/v1/assessments", data=body, content_type="application/json")
        statuses[answer.status_code] += 1
        said = json.loads(answer.data, parse_constant=no_constant)
        if answer.status_code in (200, 201):  # 200 where the same was posted before
            assert answer.headers["Content-Type"] == "application/json"
            assert said["safety"]["status"] in ("clear", "refer", "incomplete", "hold")
        else:
            assert answer.status_code in (409, 422), said
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert SECRET not in answer.text
            if answer.status_code == 422:  # else the exam_id came before with another body
                check_problem(said, body)

    answered()
    assert statuses[200] + statuses[201] + statuses[409] > BODIES / 50
    assert statuses[422] > BODIES / 2


def test_the_exams_that_are_bent_are_sound(client: FlaskClient) -> None:
    for exam in EXAMS:
        sound = text(tree(exam))
        answer = client.post("/v1/assessments?dry_run=true", data=sound, content_type="application/json")
        assert answer.status_code == 200, answer.text
