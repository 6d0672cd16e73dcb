"""Questions to z3: what it gives up on is undecided, and never taken for a proof."""

from typing import Any

import pytest
from click.testing import CliRunner

from service.cli import main
from service.verify.static import terms, verify
from service.verify.static.terms import Questions, Term, Undecided, variable, whole


def undecidable() -> list[Term]:
    """No two cubes add up to a third one: true, and beyond z3."""
    one, two, three = (whole(name) for name in ("one", "two", "three"))
    return [one > 0, two > 0, three > 0, one * one * one + two * two * two == three * three * three]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up early, so that the test is short."""
    monkeypatch.setattr(terms, "MOST_STEPS", terms.MOST_STEPS // 10)


@pytest.mark.usefixtures("soon")
def test_what_cannot_be_decided_is_neither_possible_nor_impossible() -> None:
    questions = Questions()
    said = set()
    for ask in (questions.find, questions.never, questions.never):
        with pytest.raises(Undecided, match="z3 gave up") as given_up:
            ask(*undecidable())
        said.add(str(given_up.value))
    assert len(said) == 1
    assert questions.find(variable("p")) is not None and questions.never(variable("p"), False)


@pytest.mark.usefixtures("soon")
def test_rules_of_which_a_question_cannot_be_decided_are_not_said_to_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asks(study: Any) -> Any:
        return study.questions.never(*undecidable())

    monkeypatch.setattr(verify, "reports", lambda study: ())
    monkeypatch.setattr(verify, "PROOFS", (asks,))
    result = CliRunner().invoke(main, ["rules", "verify"])
    assert (result.exit_code, "verify cannot tell: z3 gave up" in result.output) == (3, True)
