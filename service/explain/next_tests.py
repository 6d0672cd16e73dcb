"""Which unknown findings are worth examining next, and when to stop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.answer.case import Case
from service.domain.exam import Key, Side
from service.domain.explanation import AnswerShown, NextTests, TestValue
from service.domain.rule import Ask
from service.explain.cells_said import cell_shown
from service.explain.completions import End, completions
from service.inference.cells import Cell, cell_of, common_cells
from service.inference.reference import FIRES

NOT_AGAIN = ("unable", "refused", "not_applicable")
"""What was sent so is not asked again; it stays unknown all the same."""

Answers = list[tuple[Cell, list[End]]]


def next_tests(case: Case, side: Side) -> NextTests:
    """The unknown findings by value: the least drop in reachable classes, whatever is found, per second.

    Equal ones by the drop on average, per second; then by id: early on no single answer is sure to
    exclude a class, and an order by id alone would take the form's longest way. Contributors and
    mechanisms count alike. Safety questions that are due come before all of them.
    """
    outlook = _outlook(case, side)
    stop = all(outlook.settled(contributor) for contributor in outlook.now)
    tests = [_value(outlook, key) for key in outlook.unknown if _reason_not_to_ask(case, side, key) is None]
    tests.sort(key=_order)
    not_to_ask = ((key, _reason_not_to_ask(case, side, key)) for key in outlook.unknown)
    return NextTests(
        side=side,
        stop=stop,
        text=case.rulebase.wording["next_stop" if stop else "next_some" if tests else "next_none"],
        classes=outlook.total,
        due=case.screen.not_screened,
        tests=tuple(tests),
        not_to_ask=tuple((key, reason) for key, reason in not_to_ask if reason is not None),
    )


def _order(test: TestValue) -> tuple[Fraction, Fraction, str, str]:
    return -test.value, -test.drop_on_average / test.burden_seconds, test.key[0], test.key[1] or ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What every contributor and mechanism of one knee can become, now and after each answer."""

    case: Case
    side: Side
    now: Mapping[str, frozenset[str]]
    """For each contributor the classes it can still have."""
    after: Mapping[Key, Mapping[str, Answers]]
    """For each unknown finding and each contributor that reads it, what each cell leaves."""

    @property
    def unknown(self) -> tuple[Key, ...]:
        return tuple(self.after)

    @property
    def total(self) -> int:
        return sum(map(len, self.now.values()))

    def settled(self, contributor: str) -> bool:
        """Whether no completion changes its class."""
        return self.now[contributor] == {self.case.views[self.side].standings[contributor].name}


def _outlook(case: Case, side: Side) -> Outlook:
    now: dict[str, frozenset[str]] = {}
    after: dict[Key, dict[str, Answers]] = {}
    for contributor in case.rulebase.contributors:
        found = completions(case, side, contributor)
        now[contributor] = frozenset(name for name, _ in found.ends)
        for key, answers in found.by_answer().items():
            after.setdefault(key, {})[contributor] = answers
    return Outlook(case, side, now, after)


def _value(outlook: Outlook, key: Key) -> TestValue:
    definition = outlook.case.rulebase.findings[key[0]]
    answers = tuple(_answers(outlook, key))
    left = [answer.classes_left for answer in answers]
    assert definition.burden_seconds is not None
    return TestValue(
        key=key,
        burden_seconds=definition.burden_seconds,
        drop=outlook.total - max(left),
        drop_on_average=outlook.total - Fraction(sum(left), len(left)),
        answers=answers,
        words=tuple(_words(outlook.case, outlook.side, key)),
    )


def _answers(outlook: Outlook, key: Key) -> Iterator[AnswerShown]:
    """Each cell that some contributor tells apart."""
    rulebase = outlook.case.rulebase
    definition = rulebase.findings[key[0]]
    readers = outlook.after[key]
    for cell in common_cells(definition, [[cell for cell, _ in answers] for answers in readers.values()]):
        left = dict(outlook.now)
        for contributor, answers in readers.items():
            own = cell_of(definition, [cell for cell, _ in answers], cell.value)
            left[contributor] = frozenset(name for known, ends in answers if known is own for name, _ in ends)
        settles = tuple(
            (contributor, next(iter(left[contributor])))
            for contributor in readers
            if len(left[contributor]) == 1 < len(outlook.now[contributor])
        )
        yield AnswerShown(cell_shown(rulebase, definition, cell), sum(map(len, left.values())), settles)


def _words(case: Case, side: Side, key: Key) -> Iterator[tuple[str, str]]:
    """What the rules that fired say of the test."""
    for rule, outcome in zip(case.rulebase.rules, case.views[side].outcomes, strict=True):
        for effect in rule.effects if outcome == FIRES else ():
            if isinstance(effect, Ask) and key[0] in effect.findings:
                yield rule.code, effect.why


def _reason_not_to_ask(case: Case, side: Side, key: Key) -> str | None:
    for knee in (side, key[1] or side):  # it may be done on the other
        if key[0] in case.screen.forbidden[knee]:
            return case.screen.forbidden[knee][key[0]]
    gap = case.gap(key)
    return gap.status if gap is not None and gap.status in NOT_AGAIN else None
