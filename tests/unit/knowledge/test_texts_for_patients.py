"""What may be said to a patient is written apart, and the loader refuses the words that may frighten."""

import pytest

from service.knowledge.problems import Problem
from tests.unit.knowledge.workbench import Workbench

CONTRIBUTORS = "vocabulary/contributors.yaml"
OPTIONS = "vocabulary/recommendations.yaml"
BASE = "rulebase.yaml"


WORDS = ("collapsed", "Weak", "weakness", "unstable", "INSTABILITY", "damage", "dysfunctional")


@pytest.mark.parametrize(
    ("name", "text"), [(CONTRIBUTORS, "How far your ankle bends."), (OPTIONS, "practise bending your ankle.")]
)
def test_a_word_that_frightens_is_refused_in_a_text_for_patients(
    bench: Workbench, name: str, text: str
) -> None:
    bench.replace(name, text, f"{text} {' '.join(WORDS)}")
    problems = bench.problems()
    line = problems[0].line
    said = sorted(f"'{word.casefold()}' is not said to patients" for word in WORDS)
    assert problems == [Problem(name, line, message) for message in said]
    assert bench.read(name).splitlines()[line - 1].strip().startswith("for_patients:")


def test_a_word_that_only_holds_such_a_word_is_none(bench: Workbench) -> None:
    bench.replace(CONTRIBUTORS, "How far your ankle bends.", "How a tweak of your undamaged ankle feels.")
    assert bench.problems() == []


def test_it_is_the_rule_base_that_says_which_words(bench: Workbench) -> None:
    bench.replace(BASE, "never_to_patients: [collaps", "never_to_patients: [bend, collaps")
    messages = {problem.message for problem in bench.problems()}
    assert messages == {"'bends' is not said to patients", "'bending' is not said to patients"}


@pytest.mark.parametrize("listed", ["''", "Weak", "two words"])
def test_what_is_no_beginning_of_a_word_is_refused(bench: Workbench, listed: str) -> None:
    bench.replace(BASE, "never_to_patients: [collaps", f"never_to_patients: [{listed}, collaps")
    line = bench.line_of(BASE, "never_to_patients:")
    assert Problem(BASE, line, "'never_to_patients' holds beginnings of words") in bench.problems()


@pytest.mark.parametrize("name", [CONTRIBUTORS, OPTIONS])
def test_no_entry_may_go_without_one(bench: Workbench, name: str) -> None:
    bench.replace(name, "    for_patients:", "    for_patient:")
    assert any("lacks 'for_patients'" in problem.message for problem in bench.problems())
