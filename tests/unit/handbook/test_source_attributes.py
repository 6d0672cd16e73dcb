"""The thirteen source attributes: all of them, for every rule, and computed from what the rule reads."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.config import CHECKOUT
from service.domain.rule import AllOf, FindingTest
from service.domain.rulebase import RuleBase
from service.domain.source_attributes import ATTRIBUTES, USES, SourceAttribute
from service.handbook.source_attributes import SourceAttributes
from service.knowledge.source import plain, read_source

RULES = CHECKOUT / "rules"

Answers = dict[str, dict[str, SourceAttribute]]


def answered(rulebase: RuleBase) -> Answers:
    """For each code the attributes by their id."""
    attributes = SourceAttributes(rulebase)
    return {code: {a.id: a for a in attributes.of(rule)} for code, rule in rulebase.readable.items()}


@pytest.fixture(scope="module")
def answers(rulebase: RuleBase) -> Answers:
    return answered(rulebase)


def users(answers: Answers, attribute: str, directly: bool = False) -> set[str]:
    return {
        code for code, of in answers.items() if any(own or not directly for _, own in of[attribute].findings)
    }


def test_each_rule_and_convention_answers_all_thirteen_in_order(rulebase: RuleBase, answers: Answers) -> None:
    assert answers.keys() == rulebase.readable.keys()
    for of in answers.values():
        assert list(of) == list(ATTRIBUTES)
        assert [a.number for a in of.values()] == list(range(1, 14))
        assert all(a.says and a.label for a in of.values())
        assert [a.used is None for a in of.values()] == [True] * 4 + [False] * 9


def test_the_citation_is_that_of_the_rules_own_evidence(rulebase: RuleBase, answers: Answers) -> None:
    for code, rule in rulebase.readable.items():
        citation = answers[code]["bibliographic_citation"]
        assert set(citation.citations) == {cited.cite for cited in rule.evidence}
        for cite in citation.citations:
            assert rulebase.sources[cite].reference in citation.says


def test_a_draft_says_that_it_was_not_released(rulebase: RuleBase, answers: Answers) -> None:
    assert rulebase.source_sheet.released is None
    assert answers["H01"]["release_dates"].says.startswith("Not released: version 0.1.0")
    assert "H01 is in version 1." in answers["H01"]["release_dates"].says


def test_race_language_gender_and_social_circumstances_are_used_by_no_rule(
    rulebase: RuleBase, answers: Answers
) -> None:
    for attribute in (
        "race",
        "ethnicity",
        "language",
        "sexual_orientation",
        "gender_identity",
        "social_determinants",
    ):
        assert users(answers, attribute) == set()
        assert all(of[attribute].used is False for of in answers.values())
        assert {of[attribute].says for of in answers.values()} == {
            "Not used. No finding of the vocabulary records it."
        }
    words = re.compile(
        r"\b(?:race|racial|ethnic\w*|language|orientation|gender|income|housing|education|poverty)\b"
    )
    named = [
        finding.id
        for finding in rulebase.findings.values()
        if words.search(" ".join((finding.id.replace("_", " "), finding.label, *finding.aliases)).casefold())
    ]
    assert named == []


def test_which_rules_use_sex_and_age_is_found_as_the_specification_lists_them(answers: Answers) -> None:
    """clinical.md 10.3, which lists those of the scored rules and of the screen that read it themselves."""
    assert {"D06", "M04"} <= users(answers, "sex", directly=True)
    assert {"H14", "H15", "H16", "M04", "X01", "Z01", "Z02", "Z09"} <= users(
        answers, "date_of_birth", directly=True
    )
    assert {"D10"} <= users(answers, "health_status_assessments", directly=True)
    assert "H01" not in users(answers, "sex") | users(answers, "date_of_birth")


# -- against a search of the files that knows nothing of the loader ------------------------------


def written(path: Path) -> Any:
    source = read_source(path, path.name, [])
    assert source is not None
    return plain(source)


def words_in(value: Any) -> Iterator[str]:
    """Every key and every text in it."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from words_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from words_in(child)
    else:
        yield str(value)


class Files:
    """The rule files as plain data, and what each word in them leads to."""

    def __init__(self) -> None:
        paths = [path for path in RULES.rglob("*.yaml") if path.parent != RULES]
        documents = [written(path) for path in paths if "vocabulary" not in path.parts]
        self.rules = {d["code"]: d for d in documents if "when" in d}
        self.formulas = written(RULES / "vocabulary" / "derived.yaml")["derived"]
        self.options = written(RULES / "vocabulary" / "recommendations.yaml")["recommendations"]
        listed = written(RULES / "vocabulary" / "contributors.yaml")
        self.contributors = [*listed["contributors"], *listed["mechanisms"]]

    def reads(self, code: str) -> set[str]:
        """Every word from which the rule's outcome, and what it offers, can follow."""
        rule = self.rules[code]
        waiting = [*words_in(rule["when"]), *words_in(rule.get("unless", []))]
        for effect in rule["then"]:
            option = self.options.get(effect.get("recommend"), {})
            waiting += [option.get("target", ""), option.get("target_if_state", "")]
        found: set[str] = set()
        while waiting:
            word = waiting.pop()
            if word not in found:
                found.add(word)
                waiting += self.behind(word)
        return found

    def behind(self, word: str) -> Iterator[str]:
        if word in self.formulas:
            yield from words_in(self.formulas[word])
        if word in ("some_contributor", "every_contributor"):
            yield from self.contributors
        for rule in self.rules.values():
            for effect in rule["then"]:
                if word in (effect.get(key) for key in ("state", "supports", "opposes", "flag")):
                    yield from (*words_in(rule["when"]), *words_in(rule.get("unless", [])))


def test_a_use_is_found_wherever_a_brute_search_finds_it(rulebase: RuleBase, answers: Answers) -> None:
    files, seen = Files(), set()
    assert files.rules.keys() == rulebase.rule_by_code.keys()
    for code in files.rules:
        reads = files.reads(code)
        for attribute in USES:
            expected = reads & set(rulebase.source_sheet.reads[attribute])
            found = {finding for finding, _ in answers[code][attribute].findings}
            assert found == expected, (code, attribute)
            seen |= {attribute} if found else set()
    assert seen == {"sex", "date_of_birth", "health_status_assessments"}


def test_an_answer_follows_its_rule(rulebase: RuleBase) -> None:
    """H01 is made to read sex: it says so, and so does what reads the state that it sets."""
    test = FindingTest("sex_at_birth", "one_of", ("female",), "female")
    rules = tuple(
        replace(rule, when=AllOf((rule.when, test))) if rule.code == "H01" else rule
        for rule in rulebase.rules
    )
    before, after = answered(rulebase), answered(replace(rulebase, rules=rules))
    assert before["H01"]["sex"].says == "Not used by this rule."
    assert after["H01"]["sex"].says == "Read by this rule: Sex at birth."
    gained = users(after, "sex") - users(before, "sex")
    readers = {
        code
        for code, rule in rulebase.rule_by_code.items()
        if any(getattr(c, "state", None) == "external_rotator_underuse" for c in rule.criteria())
    }
    assert readers
    assert readers <= gained | users(before, "sex")
    assert "Read by what this rule rests on: Sex at birth." in {after[code]["sex"].says for code in gained}


def test_a_rule_that_is_switched_off_lends_nothing_to_others(rulebase: RuleBase) -> None:
    off = tuple(replace(rule, status="disabled") if rule.code == "M04" else rule for rule in rulebase.rules)
    answers = answered(replace(rulebase, rules=off))
    assert "I04" not in users(answers, "date_of_birth")
    assert "M04" in users(answers, "date_of_birth"), "it still says what it would read"


def test_what_the_screen_reads_is_said_beside_every_rule(answers: Answers) -> None:
    for code, of in answers.items():
        assert of["date_of_birth"].screen == ("age_years",), code
        assert of["sex"].screen == ()
        assert "The safety screen, which runs before every answer, reads Age." in of["date_of_birth"].says
