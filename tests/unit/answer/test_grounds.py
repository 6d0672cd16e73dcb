"""Which criteria make a condition what it is."""

from service.answer.grounds import deciding
from service.domain.logic import Truth
from service.domain.rule import AllOf, AnyOf, Condition, Criterion, ExactlyN, NotKnown, StateTest

YES, NO, OPEN = StateTest("yes"), StateTest("no"), StateTest("open")
TRUTHS: dict[Criterion, Truth] = {YES: True, NO: False, OPEN: None}


def _decide(condition: Condition) -> list[Criterion]:
    return list(deciding(condition, TRUTHS.__getitem__))


def test_those_that_agree_with_it_decide_all_and_any() -> None:
    assert _decide(AllOf((YES, NO, OPEN))) == [NO]
    assert _decide(AnyOf((NO, YES, OPEN))) == [YES]
    assert _decide(AllOf((YES, OPEN))) == [OPEN]


def test_what_is_denied_decides_a_not_known() -> None:
    assert _decide(NotKnown(NO)) == [NO]
    assert _decide(AllOf((YES, NotKnown(NO)))) == [YES, NO]


def test_every_member_decides_how_many_there_are() -> None:
    assert _decide(ExactlyN(1, (YES, NO))) == [YES, NO]
