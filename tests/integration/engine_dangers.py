"""How durable_rules goes wrong or dies, one way at a time, each in a process of its own:

    python -m tests.integration.engine_dangers NAME

prints as JSON what happened, if the process lives to say so.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import durable_rules_engine as engine

Outcome = dict[str, Any]
DANGERS: dict[str, Callable[[], Outcome]] = {}
NOT_HANDLED, REPEATED = 1, 2
_names = count()


def danger(act: Callable[[], Outcome]) -> Callable[[], Outcome]:
    DANGERS[act.__name__] = act
    return act


def rule_set(**rules: Any) -> int:
    """A rule set; each rule is a list of conditions, or one."""
    written = {
        name: {"all": said if isinstance(said, list) else [{"m": said}]} for name, said in rules.items()
    }
    return int(engine.create_ruleset(f"rules{next(_names)}", json.dumps(written)))


def fired(handle: int, fact: str, assert_: Callable[..., Any] = engine.assert_fact) -> list[str]:
    """The rules a fact fires, in order."""
    status, state = assert_(handle, fact)
    return [] if status == NOT_HANDLED else drained(handle, state)


def drained(handle: int, state: int) -> list[str]:
    started = engine.start_action_for_state(handle, state)
    message = started[1] if started else None
    names = []
    while message:
        names.append(next(iter(json.loads(message))))
        message = engine.complete_and_start_action(handle, state)
    return names


def fact(sid: str = "s", id_: str = "1", **properties: Any) -> str:
    return json.dumps({"id": id_, "sid": sid, **properties})


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def refused(handle: int, text: str) -> str:
    try:
        return f"fired {', '.join(fired(handle, text))}"
    except engine.error as error:
        return str(error)


# -- what kills the process ------------------------------------------------------------------


@danger
def delete_state_after_a_partial_match() -> Outcome:
    handle = rule_set(three=[{"a": {"x": 1}}, {"b": {"y": 1}}, {"c": {"z": 1}}])
    fired(handle, fact(id_="1", x=1))
    fired(handle, fact(id_="2", y=1))
    engine.delete_state(handle, "s")
    return {"survived": True}


@danger
def delete_state_of_a_trivial_rule() -> Outcome:
    handle = rule_set(one={"x": 1})
    for _ in range(3):
        fired(handle, fact(x=1))
        engine.delete_state(handle, "s")
    return {"survived": True}


@danger
def actions_of_a_batch_that_ended_at_once() -> Outcome:
    handle = rule_set(one={"x": 1})
    batch = '[{"id": "1", "sid": "s", "y": 1e-07}, {"id": "2", "sid": "s", "x": 1}]'
    _, state = engine.assert_facts(handle, batch)
    return {"fired": drained(handle, state)}


# -- what is silently wrong --------------------------------------------------------------------


@danger
def text_for_a_number() -> Outcome:
    handle = rule_set(high={"$gte": {"x": 12.5}})
    return {x: fired(handle, fact(id_=x, x=x)) for x in ("13", "abc")}


@danger
def true_for_one() -> Outcome:
    handle = rule_set(one={"x": 1}, half={"$gte": {"x": 0.5}})
    return {"fired": fired(handle, fact(x=True))}


@danger
def not_a_number() -> Outcome:
    handle = rule_set(high={"$gte": {"x": 1}}, low={"$lt": {"x": 1}}, other={"$neq": {"x": 1}})
    return {"fired": fired(handle, '{"id": "1", "sid": "s", "x": NaN}')}


@danger
def a_batch_with_an_exponent() -> Outcome:
    handle = rule_set(before={"x": 1}, after={"y": 1})
    tiny = '{"id": "2", "sid": "s", "z": 1e-07}'
    batch = f"[{fact(id_='1', x=1)}, {tiny}, {fact(id_='3', y=1)}]"
    return {"fired": fired(handle, batch, engine.assert_facts)}


@danger
def absence_by_order() -> Outcome:
    found = {}
    for order in ("xy", "yx"):
        handle = rule_set(absent=[{"m": {"x": 1}}, {"n$not": {"y": 1}}])
        found[order] = [name for key in order for name in fired(handle, fact(id_=key, **{key: 1}))]
    return found


@danger
def one_fact_for_two_conditions() -> Outcome:
    both = [{"m": {"x": 1}}, {"n": {"y": 1}}]
    handle = rule_set(two=both, one={"$and": [{"x": 1}, {"y": 1}]})
    return {"fired": fired(handle, fact(x=1, y=1))}


@danger
def events_are_consumed() -> Outcome:
    event, same_fact = (rule_set(first={"x": 1}, second={"x": 1}) for _ in range(2))
    return {"event": fired(event, fact(x=1), engine.assert_event), "fact": fired(same_fact, fact(x=1))}


@danger
def an_exception_in_an_action() -> Outcome:
    from durable.lang import assert_fact, m, ruleset, when_all

    with ruleset("acting"):

        @when_all(m.x == 1)
        def fail(context: Any) -> None:
            raise ValueError("lost")

    return {"exception": assert_fact("acting", {"x": 1}).get("exception", "")}


# -- what is refused -----------------------------------------------------------------------------


@danger
def numbers_with_an_exponent() -> Outcome:
    handle = rule_set(any={"$gte": {"x": 0}})
    return {x: refused(handle, f'{{"id": "1", "sid": "s", "x": {x}}}') for x in ("1e-07", "1e+22", "1E3")}


@danger
def many_properties() -> Outcome:
    found = {}
    for properties in (250, 260, 400):
        handle = rule_set(first={"p0": 1})
        found[str(properties)] = refused(handle, fact(**{f"p{n}": 1 for n in range(properties)}))
    return found


@danger
def many_patterns_true_at_once() -> Outcome:
    found = {}
    for patterns in (60, 70):
        handle = rule_set(**{f"r{n}": {f"p{n}": 1} for n in range(patterns)})
        said = refused(handle, fact(**{f"p{n}": 1 for n in range(patterns)}))
        found[str(patterns)] = said if said.startswith("Could") else f"fired {said.count(',') + 1}"
    return found


@danger
def a_repeated_fact_and_one_nobody_reads() -> Outcome:
    handle = rule_set(one={"x": 1})
    engine.assert_fact(handle, fact(x=1))
    return {
        "repeated": engine.assert_fact(handle, fact(x=1))[0] == REPEATED,
        "unread": engine.assert_fact(handle, fact(id_="2", y=1))[0] == NOT_HANDLED,
    }


# -- what is never given back ----------------------------------------------------------------------


@danger
def a_session_for_every_exam() -> Outcome:
    return {"megabytes_each": _growth([f"exam{n}" for n in range(200)])}


@danger
def one_session_wiped() -> Outcome:
    return {"megabytes_each": _growth(["seat"] * 200)}


def _growth(sessions: list[str]) -> float:
    handle = rule_set(**{f"r{n}": {f"p{n % 20}": 1} for n in range(40)})
    properties = {f"p{n}": 1 for n in range(20)}
    before = resident_megabytes()
    for sid in sessions:
        text = fact(sid=sid, **properties)
        fired(handle, text)
        engine.retract_fact(handle, text)
    return (resident_megabytes() - before) / len(sessions)


@danger
def a_new_rule_set() -> Outcome:
    before = resident_megabytes()
    for _ in range(50):
        rule_set(**{f"r{n}": {f"p{n % 20}": 1} for n in range(60)})
    return {"megabytes_each": (resident_megabytes() - before) / 50}


@danger
def a_host() -> Outcome:
    from durable.engine import Host

    before = threading.active_count()
    Host()
    return {"threads": threading.active_count() - before}


if __name__ == "__main__":
    print(json.dumps(DANGERS[sys.argv[1]]()), flush=True)
    os._exit(0)  # a Host's threads never end
