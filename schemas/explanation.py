"""Replies to questions as JSON. Documented in openapi.yaml as `Explanation`."""

from typing import Any

from schemas.assessment import sided, write_certainty, write_heading
from schemas.difference import write_key, write_what_if
from schemas.reasons import write_why, write_why_not
from service.domain.assessment import Shown
from service.domain.difference import WhatIf
from service.domain.exam import Key
from service.domain.explanation import (
    MOST_CHANGES,
    AnswerShown,
    Bounds,
    CellShown,
    Change,
    ChangeGroup,
    ChangeOption,
    Counterfactuals,
    Driver,
    NextTests,
    TestValue,
)
from service.domain.reasons import Why, WhyNot
from service.domain.reply import Answer, Reply
from service.domain.rulebase import RuleBase

Json = dict[str, Any]


def write_reply(reply: Reply, rulebase: RuleBase) -> Json:
    """The whole reply. While it is withheld nothing but the screens is told."""
    question, safety = reply.question, reply.assessment.safety
    written: Json = {"question": question.name, **write_heading(reply.assessment, rulebase)}
    if question.side is not None:
        written["side"] = question.side
        if not reply.withheld:
            written["hypothetical"] = question.posted is not None
    if question.target is not None and not reply.withheld:
        target = question.target
        written["target"] = {"kind": target.kind, "id": target.id, "label": reply.label}
    written |= {
        "provisional": safety.status == "incomplete",
        "secondary": safety.referral_first and safety.status != "hold",
        "withheld": bool(reply.withheld),
        "withheld_reason": list(reply.withheld),
    }
    return written if reply.answer is None else {**written, "answer": _answer(reply.answer, rulebase)}


def _answer(answer: Answer, rulebase: RuleBase) -> Json:
    match answer:
        case Why():
            return write_why(answer, rulebase)
        case WhyNot():
            return write_why_not(answer, rulebase)
        case WhatIf():
            return write_what_if(answer, rulebase)
        case Bounds():
            return _bounds(answer, rulebase)
        case NextTests():
            return _next_tests(answer, rulebase)
        case Counterfactuals():
            return _counterfactuals(answer, rulebase)


# -- parts that several answers have ---------------------------------------------------------------


def _named(key: Key, rulebase: RuleBase) -> Json:
    """A finding by id, side and label."""
    return {**write_key(key), "label": rulebase.findings[key[0]].label}


def _classed(name: str, rulebase: RuleBase) -> Json:
    return {"class": name, "class_words": rulebase.class_words[name]}


def _cell(cell: CellShown) -> Json:
    return {"value": _shown(cell.value), "words": cell.words}


def _shown(value: Shown) -> Any:
    return list(value) if isinstance(value, tuple) else value


# -- bounds ----------------------------------------------------------------------------------------


def _bounds(answer: Bounds, rulebase: RuleBase) -> Json:
    return {
        "text": answer.text,
        "net": {"lowest": answer.lowest, "now": answer.now, "highest": answer.highest},
        **_classed(answer.class_now, rulebase),
        "link_certainty": write_certainty(rulebase.contributors[answer.contributor]),
        "reachable": [_classed(name, rulebase) for name in answer.classes],
        "settled": answer.settled,
        "exact": True,
        "unknown": [_named(key, rulebase) for key in answer.unknown],
        "drivers": [_driver(driver, rulebase) for driver in answer.drivers],
    }


def _driver(driver: Driver, rulebase: RuleBase) -> Json:
    widths = [{**_cell(cell), "width": width} for cell, width in driver.widths]
    return {**_named(driver.key, rulebase), "widths": widths}


# -- next tests ------------------------------------------------------------------------------------


def _next_tests(answer: NextTests, rulebase: RuleBase) -> Json:
    return {
        "text": answer.text,
        "stop": answer.stop,
        "reachable": answer.classes,
        "due": [_named(key, rulebase) for key in answer.due],
        "tests": [_test(test, rulebase) for test in answer.tests],
        "not_to_ask": [{**_named(key, rulebase), "why": why} for key, why in answer.not_to_ask],
    }


def _test(test: TestValue, rulebase: RuleBase) -> Json:
    return {
        **_named(test.key, rulebase),
        "drop_per_second": round(float(test.value), 4),
        "drop": test.drop,
        "drop_on_average": round(float(test.drop_on_average), 2),
        "lead_drop_on_average": round(float(test.lead_drop_on_average), 2),
        "burden_seconds": test.burden_seconds,
        "answers": [_possible(answer, rulebase) for answer in test.answers],
        "asked_by": [{"rule": rule, "says": says} for rule, says in test.words],
    }


def _possible(answer: AnswerShown, rulebase: RuleBase) -> Json:
    settles = [
        {
            "contributor": id_,
            "label": rulebase.contributors[id_].label,
            **_classed(name, rulebase),
            "link_certainty": write_certainty(rulebase.contributors[id_]),
        }
        for id_, name in answer.settles
    ]
    return {**_cell(answer.cell), "reachable": answer.classes_left, "settles": settles}


# -- counterfactuals -------------------------------------------------------------------------------


def _counterfactuals(answer: Counterfactuals, rulebase: RuleBase) -> Json:
    return {
        "text": answer.text,
        **_classed(answer.class_now, rulebase),
        "link_certainty": write_certainty(rulebase.contributors[answer.contributor]),
        "wanted": answer.wanted,
        "groups": [_group(group, rulebase) for group in answer.groups],
        "total": answer.total,
        "page": answer.page,
        "pages": answer.pages,
        "most_changes": MOST_CHANGES,
        "larger_sets": "not_searched" if answer.more_can_change else "none",
        "changeable": [_named(key, rulebase) for key in answer.changeable],
    }


def _group(group: ChangeGroup, rulebase: RuleBase) -> Json:
    return {
        "findings": [_named(key, rulebase) for key in group.findings],
        "burden_seconds": group.burden_seconds,
        "options": [_option(option, rulebase) for option in group.options],
    }


def _option(option: ChangeOption, rulebase: RuleBase) -> Json:
    return {
        "changes": [_change(change) for change in option.changes],
        **_classed(option.class_then, rulebase),
    }


def _change(change: Change) -> Json:
    return sided(change.key[1], {"finding": change.key[0], "now": _shown(change.now), **_cell(change.cell)})
