"""Chooses the exams of the golden corpus: every case and example, and drawn ones that show the most."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from service.config import CHECKOUT
from service.records.replaying import Replayer
from tests.golden.corpus import Entry, answer, drawn
from tests.integration.answers import NOW, case_bodies

DRAWN = 300
POOL = 1_500
"""Exams drawn at each clock."""
CLOCKS = (NOW, datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC))
"""A working day, the last second of a leap day, and the hour that summer time leaves out in Europe."""


def chosen(replayer: Replayer) -> Iterator[Entry]:
    yield from (Entry.of(name, NOW, body) for name, body in case_bodies().items())
    for path in sorted((CHECKOUT / "examples").glob("*.json")):
        yield Entry.of(path.stem, NOW, json.loads(path.read_bytes()))
    yield from sorted(_telling(replayer), key=lambda entry: entry.name)


def _telling(replayer: Replayer) -> list[Entry]:
    """The smallest exams that together show all that any drawn one shows, filled up with any others."""
    pool = sorted(_pool(replayer), key=lambda entry: len(entry.posted))
    seen: set[Any] = set()
    telling, others = [], []
    for entry in pool:
        shown = set(what_it_shows(json.loads(answer(entry, replayer))))
        (others if shown <= seen else telling).append(entry)
        seen |= shown
    return telling + Random(0).sample(others[: len(pool) // 2], max(0, DRAWN - len(telling)))


def _pool(replayer: Replayer) -> Iterator[Entry]:
    for seed, clock in enumerate(CLOCKS, start=2_000):
        yield from drawn(replayer.assessor.rulebase, clock, seed, POOL)


def what_it_shows(answer: dict[str, Any]) -> Iterator[Any]:
    """The rules that fire, stay open or are suppressed, flags, classes, options and the like."""
    safety, knees = answer["safety"], answer["knees"]
    yield "status", safety["status"], safety["referral_first"], len(knees)
    yield "outside", answer["outside_intended_use"]
    yield from (("flag", flag["code"], "cleared" in flag) for flag in safety["flags"])
    for part in ("trace", "suppressed", "undetermined", "notes"):
        yield from ((part, one["rule"]) for one in answer[part])
    yield from (("unknown", gap["status"]) for one in answer["undetermined"] for gap in one["gaps"])
    yield from ("stale" for _ in answer["stale"])
    for knee in knees:
        yield "scope", knee["scope"]
        yield from (("class", c["id"], c["class"]) for c in _with_mechanisms(knee["contributors"]))
        for part, key in (("alternatives", "id"), ("chains", "id"), ("recommendations", "code")):
            yield from ((part, one[key]) for one in knee[part])
    yield from (("both", merged["code"]) for merged in answer["merged_recommendations"])


def _with_mechanisms(contributors: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for contributor in contributors:
        yield contributor
        yield from contributor["mechanisms"]
