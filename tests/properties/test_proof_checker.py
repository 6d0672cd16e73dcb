"""The proof checker accepts what the service answers and rejects what was falsified, and tells what is right.

Usually 120 answers and some 150 falsified ones; with KNEECHAIN_FULL=1 20,000 and 2,000.
"""

import ast
import json
import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from itertools import chain, pairwise, product
from random import Random
from typing import Any

import orjson
import pytest

import service.assess
from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.answer import both_sides, firings, methods, notes
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import SIDES
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.proof import beside, conditions, counting, outcomes, screen, sentence, sight, words
from service.proof.case import Case
from service.proof.check import Checker
from service.proof.layout import ANSWER, REASONING
from service.proof.shapes import Discrepancy
from tests.contract.test_answers import MADE
from tests.generators import as_json, size
from tests.properties.answered import SOME_ID, Answered, alike, answered, drawn
from tests.properties.corruptions import CORRUPTIONS, Forger
from tests.properties.inferring import infer

BATCHES = 8
ACCEPTED = size(15, 2_500)
"""Answers of each batch."""
REJECTED = size(1, -(-2_000 // len(CORRUPTIONS)))
"""Falsified answers of each kind of corruption."""
POOL = size(60, 600)
"""Answers that are falsified, beside some that are made for it."""
PLACES = size(8, 300)
"""Parts of an answer that are given a wrong shape."""
UNREACHED = {
    # named differently by what is wrong with it: as another one, that is invented
    "answer", "summary", "contributor", "contributor_words", "criterion", "finding", "flag", "flag_rules",
    "rule", "side", "state", "chain", "arrow", "next_test", "note", "recommendation", "origin",
    "rule_base_name", "withholds", "alternative", "merged_recommendation",
    "disabled_cluster", "disabled_cluster_left_out",
}  # fmt: skip


@pytest.fixture(scope="module")
def checker(rulebase: RuleBase) -> Checker:
    return Checker(rulebase)


@pytest.fixture(scope="module")
def pool(assessor: Assessor, reader: ExamReader, now: datetime) -> list[Answered]:
    made = [reader.read_bytes(as_json(body), now) for body in MADE.values()]
    made.append(alike(reader.read_bytes(as_json(MADE["two knees"]), now)))
    exams = [*drawn(assessor.rulebase, now, seed=1_000, how_many=POOL), *made]
    return list(answered(assessor, now, exams))


@pytest.fixture(scope="module")
def most_first(pool: list[Answered]) -> list[Answered]:
    """The pool, those first that show two knees, then one, then none: soon to show what is wrong."""
    return sorted(pool, key=lambda given: -sum(bool(knee["contributors"]) for knee in given.answer["knees"]))


# -- what is right is accepted -------------------------------------------------------------------


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_answer_of_the_service_is_proved(
    assessor: Assessor, checker: Checker, now: datetime, batch: int
) -> None:
    statuses: Counter[str] = Counter()
    exams = drawn(assessor.rulebase, now, seed=500 + batch, how_many=ACCEPTED)
    for number, given in enumerate(answered(assessor, now, exams)):
        assert checker.check(given.exam, given.answer) == [], f"seed {500 + batch}, exam {number}"
        statuses[given.answer["safety"]["status"]] += 1
    assert statuses["hold"] and statuses["incomplete"], "the exams reach too little"


def test_an_answer_without_ledger_or_trace_is_proved_where_one_was_asked_for(
    assessor: Assessor, checker: Checker, pool: list[Answered], now: datetime
) -> None:
    for given in pool[:10]:
        assessment = assessor.assess(given.exam, now=now, assessment_id=SOME_ID)
        for brief in (False, True):
            answer = json.loads(orjson.dumps(write_assessment(assessment, assessor.rulebase, brief=brief)))
            assert "ledger" not in answer
            assert ("trace" in answer) is not brief
            assert checker.check(given.exam, answer, brief=brief) == []
            assert pointers(checker.check(given.exam, answer, brief=brief, with_ledger=True)) == {"/ledger"}
            missing = {f"/{part}" for part in REASONING} if brief else set()
            assert pointers(checker.check(given.exam, answer)) == missing


def test_a_brief_answer_has_all_of_its_reasoning_or_none(checker: Checker, pool: list[Answered]) -> None:
    for given, part in product(pool[:4], REASONING):
        answer = given.answer
        del answer[part]
        assert pointers(checker.check(given.exam, answer, brief=True)) == {f"/{part}"}


def pointers(found: list[Discrepancy]) -> set[str]:
    return {one.pointer for one in found}


def test_the_order_of_what_has_no_order_is_not_held_against_an_answer(
    checker: Checker, pool: list[Answered]
) -> None:
    for given in pool[:20]:
        answer = given.answer
        for part in ("suppressed", "undetermined", "notes", "stale", "ledger"):
            answer[part].reverse()
        for firing in answer["trace"]:
            firing["inputs"].reverse()
            firing["premises"].reverse()
        assert checker.check(given.exam, answer) == []


@pytest.mark.parametrize("seed", range(4))
def test_answers_under_rules_some_of_which_are_switched_off_are_proved(
    rulebase: RuleBase, now: datetime, seed: int
) -> None:
    """Of the screen, or of the others: what they would conclude is unknown, and said to be."""
    random = Random(seed)
    chosen = random.sample([r for r in rulebase.rules if r.safety == (seed == 0)], (3, 10, 30, 60)[seed])
    off = SwitchedOff(by="A. Example", on=date(2026, 1, 1), reason="under review", was="draft")
    rules = [replace(r, status="disabled", disabled=off) if r in chosen else r for r in rulebase.rules]
    assessor = Assessor.of(replace(rulebase, rules=tuple(rules)))
    checker, open_ = Checker(assessor.rulebase), 0
    for given in answered(assessor, now, drawn(assessor.rulebase, now, seed, size(10, 100))):
        assert checker.check(given.exam, given.answer) == []
        open_ += sum("disabled" in row for row in given.answer["undetermined"])
    assert open_ or seed == 0, "nothing is left open by what is switched off"


# -- what is falsified is rejected ---------------------------------------------------------------


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_falsified_answer_is_rejected_and_what_is_wrong_is_named(
    rulebase: RuleBase, checker: Checker, pool: list[Answered], name: str
) -> None:
    falsify, kind = CORRUPTIONS[name]
    random = Random(name)
    made = 0
    for given in chain.from_iterable(random.sample(pool, len(pool)) for _ in range(REJECTED)):
        falsified = given.answer
        if falsify(Forger(falsified, rulebase, random)) and orjson.dumps(falsified) != given.text:
            found = checker.check(given.exam, falsified)
            assert kind in {one.kind for one in found}, found
            made += 1
        if made == REJECTED:
            return
    pytest.fail(f"only {made} of {REJECTED}: the exams reach too little")


def test_the_corpus_has_a_corruption_for_every_kind_of_discrepancy() -> None:
    kinds = {kind for _, kind in CORRUPTIONS.values()}
    assert len(CORRUPTIONS) >= 25
    assert kinds - set(ANSWER.kinds()) == {"unknown_part"}
    invented = {kind for kind in ANSWER.kinds() if kind.endswith(("_invented", "_out_of_order"))}
    assert set(ANSWER.kinds()) - kinds - invented <= UNREACHED


def test_a_discrepancy_says_where_what_was_claimed_and_what_is_right(
    checker: Checker, pool: list[Answered]
) -> None:
    given = next(given for given in pool if given.answer["trace"])
    falsified = given.answer
    falsified["trace"][0]["rule_version"] = 7
    (found,) = checker.check(given.exam, falsified)
    assert (found.kind, found.pointer, found.claimed) == ("rule_version", "/trace/0/rule_version", 7)
    assert found.right == given.answer["trace"][0]["rule_version"]


def test_the_answer_to_another_exam_is_rejected(checker: Checker, pool: list[Answered]) -> None:
    for one, other in pairwise(pool[:20]):
        if one.answer["trace"] != other.answer["trace"]:
            assert checker.check(one.exam, other.answer)


@pytest.mark.parametrize("nonsense", [None, 1, "hold", [], {}, {"trace": 1, "knees": [1, None, {}]}])
def test_what_is_no_answer_is_rejected_in_words(
    checker: Checker, pool: list[Answered], nonsense: Any
) -> None:
    assert checker.check(pool[0].exam, nonsense)


@pytest.mark.parametrize("wrong", [None, 5, "text", ["text"], [None], {"a": 1}, [[]]])
def test_no_part_of_the_wrong_shape_breaks_the_checker(
    checker: Checker, pool: list[Answered], wrong: Any
) -> None:
    given = pool[0]
    for place in Random(0).sample(list(_places(given.answer)), PLACES):
        falsified = given.answer
        node: Any = falsified
        for key in place[:-1]:
            node = node[key]
        if node[place[-1]] != wrong:
            node[place[-1]] = deepcopy(wrong)
            assert checker.check(given.exam, falsified), place


def _places(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*here, key)
        yield from _places(child, (*here, key))


# -- the checker's own evaluation ----------------------------------------------------------------


def test_its_outcomes_are_those_of_both_engines(
    assessor: Assessor, checker: Checker, pool: list[Answered]
) -> None:
    outcomes: Counter[str] = Counter()
    for given in pool:
        case, inferred = Case(checker.book, given.exam), infer(assessor, given.exam)
        for index, rule in enumerate(assessor.rulebase.rules):
            views = inferred.screened if rule.safety else inferred.knees
            judged = case.screen.judgements if rule.safety else case.knees
            for side in SIDES if rule.safety else judged:
                outcome = judged[side].outcome(rule)
                assert outcome == views[side].outcomes[index], f"{rule.code} {side}"
                outcomes[outcome] += 1
    assert min(outcomes[o] for o in ("fires", "silent", "suppressed", "undetermined")) > 50


def misread_at_most(word: str, seen: Any, limits: Any) -> bool:
    return compares("below" if word == "at_most" else word, seen, limits)


compares = words.compares


def unknown_for_false(self: conditions.Conditions, condition: Any) -> Any:
    return bool(truth_of_conditions(self, condition))


truth_of_conditions = conditions.Conditions.truth


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "at_most is read as below": (words, "compares", misread_at_most),
    "unknown is read as false": (conditions.Conditions, "truth", unknown_for_false),
    "the other side is never looked at": (sight.Sight, "of", lambda self, test: self),
    "nothing grows old": (
        counting.Counting,
        "_sort",
        lambda self, key, seen: self.posted.update({key: seen}),
    ),
    "gates answer nothing": (counting.Counting, "_said_by_gates", lambda self: iter(())),
    "no finding is computed": (counting.Counting, "_compute", lambda self, definition, side: None),
    "nothing is covered": (outcomes.Outcomes, "covered", lambda self, contributor: (0, 1)),
    "no state is ever present": (outcomes.Outcomes, "state", lambda self, state: False),
    "no flag is ever raised": (outcomes.Outcomes, "flagged", lambda self, flag: False),
    "nothing is due": (screen.Screen, "_missing", lambda self: iter(())),
    "nothing is forbidden": (screen.Screen, "_forbidden", lambda self, side: iter(())),
    "what was assumed is not said": (sentence.Sentence, "_assumed", lambda self: iter(())),
    "limits are not said": (sentence.Sentence, "_limits", {}),
    "what is so is said as what is not": (sentence, "TURNED", {}),
    "all was examined": (sentence.Sentence, "_not_examined", lambda self, test: False),
    "nothing points elsewhere": (beside, "alternatives", lambda knee: iter(())),
    "the pain-free side shows nothing": (beside.OtherSide, "_signs", []),
    "what a rule asks of the person is not asked": (beside.OtherSide, "_of_the_person", lambda *_: False),
    "every sign is read by every rule": (beside.OtherSide, "_asked", lambda *_: True),
    "two knees never differ": (beside, "differ", lambda case, knees: False),
    "the left knee always comes first": (beside, "_worse_first", lambda case, knees: knees),
    "two methods never disagree": (beside, "_of_methods", lambda case, sight: iter(())),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_checker_with_a_planted_fault_no_longer_accepts_the_answers(
    rulebase: RuleBase, most_first: list[Answered], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    checker = Checker(rulebase)
    assert any(checker.check(given.exam, given.answer) for given in most_first)


def count_what_did_not_fire(case: Any, view: Any, rules: list[int]) -> dict[str, None]:
    scores = (score for index in rules for score in case.rulebase.rules[index].scores)
    return dict.fromkeys(score.target for score in scores if score.supports)


def clear_whether_different_or_not(case: Any, knees: Any) -> bool:
    best = case.rulebase.class_order[0]
    return len(knees) == 2 and all(any(c.standing.name == best for c in knee.contributors) for knee in knees)


def tell_of_all_methods(case: Any, view: Any, formula: Any) -> Any:
    """Also of those that say the same."""
    truth = case.inference.slots.condition
    tests = [o.test for o in formula.tests if truth(o.test)(view.levels) is not None]
    return [tuple(case.seen_behind(test, view) for test in tests[:2])] if len(tests) > 1 else []


def point_to_what_did_not_fire(case: Any, trace: Any) -> Any:
    shown = list(right_alternatives(case, trace))
    missing = [d for d in case.rulebase.alternatives.values() if d.id not in {a.definition.id for a in shown}]
    return [*shown, *(replace(shown[0], definition=definition) for definition in missing[:1] if shown)]


right_alternatives = service.assess.alternatives


def say_what_nobody_saw(case: Any, rule: Any, held: Any, assumed: Any, view: Any) -> str:
    told = right_sentence(case, rule, held, assumed, view)
    return told.replace("Seen: ", "Seen: Fever: yes; ", 1)


right_sentence = firings.because

SERVICE_FAULTS: dict[str, tuple[Any, str, Any]] = {
    "rules that did not fire count for what is the same": (both_sides, "_counting", count_what_did_not_fire),
    "knees with the same signs are merged": (
        both_sides,
        "_clear_and_different",
        clear_whether_different_or_not,
    ),
    "the left knee always comes first": (both_sides, "_worse_first", lambda case, knees: knees),
    "methods that agree are told to disagree": (methods, "_disagreeing", tell_of_all_methods),
    "what nothing points to is shown": (service.assess, "alternatives", point_to_what_did_not_fire),
    "sentences say what nobody saw": (firings, "because", say_what_nobody_saw),
    "of two knees only one is noted": (notes, "both_sides_notes", lambda case, knees: iter(())),
}


@pytest.mark.parametrize("fault", SERVICE_FAULTS)
def test_the_answers_of_a_service_with_a_planted_fault_are_rejected(
    assessor: Assessor,
    checker: Checker,
    most_first: list[Answered],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setattr(*SERVICE_FAULTS[fault])
    exams = (given.exam for given in most_first)
    assert any(checker.check(given.exam, given.answer) for given in answered(assessor, now, exams))


# -- its independence ----------------------------------------------------------------------------


def test_the_checker_imports_the_domain_and_the_standard_library_and_nothing_else() -> None:
    imported = set()
    for path in (CHECKOUT / "service" / "proof").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    ours = {name for name in imported if name.startswith(("service", "schemas"))}
    assert all(name.startswith(("service.domain", "service.proof")) for name in ours)
    assert {name.partition(".")[0] for name in imported - ours} <= sys.stdlib_module_names


def test_the_checker_does_not_use_the_logic_it_checks() -> None:
    """Of `service.domain.logic` it takes a type only, and of the rule base no conclusion drawn from it."""
    text = "\n".join(path.read_text() for path in (CHECKOUT / "service" / "proof").glob("*.py"))
    for shared in (
        "all_of",
        "any_of(",
        "exactly(",
        ".setters",
        ".sided_rules",
        ".may_assume",
        ".level ",
        "in_steps",
    ):
        assert shared not in text
