"""Which unknown findings are worth examining next, and when to stop."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.answer.case import Case
from service.domain.exam import Key, Side
from service.domain.explanation import AnswerShown, NextTests, TestValue
from service.domain.rule import Ask
from service.domain.vocabulary import FindingDefinition
from service.explain.cells_said import cell_shown
from service.explain.completions import End, completions
from service.explain.leading import Span, open_lead, spanning
from service.inference.cells import Cell, cell_of, common_cells
from service.inference.reference import FIRES

NOT_AGAIN = ("unable", "refused", "not_applicable")
"""What was sent so is not asked again; it stays unknown all the same."""

Answers = list[tuple[Cell, list[End]]]


def next_tests(case: Case, side: Side) -> NextTests:
    """The unknown findings by value: the least drop in reachable classes, whatever is found, per second.

    Equal ones by how much less they leave open on average, per second: of what the contributors that can
    still lead may come to, then of all classes; then by id. Early on no single answer is sure to exclude a
    class, and an order by id alone would take the form's longest way. Contributors and mechanisms count
    alike, but no mechanism leads. Safety questions that are due come before all of them.
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


def _order(test: TestValue) -> tuple[Fraction, Fraction, Fraction, str, str]:
    averages = (test.lead_drop_on_average, test.drop_on_average)
    lead, classes = (average / test.burden_seconds for average in averages)
    return -test.value, -lead, -classes, test.key[0], test.key[1] or ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What every contributor and mechanism of one knee can become, now and after each answer."""

    case: Case
    side: Side
    now: Mapping[str, list[End]]
    """For each contributor what it can still come to."""
    after: Mapping[Key, Mapping[str, Answers]]
    """For each unknown finding and each contributor that reads it, what each cell leaves."""
    spans: Mapping[str, Span]
    """For each contributor that is ranked what it spans now."""
    span: Callable[[str, Iterable[End]], Span]

    @property
    def unknown(self) -> tuple[Key, ...]:
        return tuple(self.after)

    @property
    def total(self) -> int:
        return sum(len(_classes(ends)) for ends in self.now.values())

    def settled(self, contributor: str) -> bool:
        """Whether no completion changes its class."""
        return _classes(self.now[contributor]) == {self.case.views[self.side].standings[contributor].name}


def _classes(ends: Iterable[End]) -> set[str]:
    return {name for name, _ in ends}


def _outlook(case: Case, side: Side) -> Outlook:
    now: dict[str, list[End]] = {}
    after: dict[Key, dict[str, Answers]] = {}
    for contributor in case.rulebase.contributors:
        found = completions(case, side, contributor)
        now[contributor] = found.ends
        for key, answers in found.by_answer().items():
            after.setdefault(key, {})[contributor] = answers
    span = spanning(case.rulebase)
    spans = {c.id: span(c.id, now[c.id]) for c in case.rulebase.ranked_contributors}
    return Outlook(case, side, now, after, spans, span)


def _value(outlook: Outlook, key: Key) -> TestValue:
    definition = outlook.case.rulebase.findings[key[0]]
    assert definition.burden_seconds is not None
    after = [(cell, _left(outlook, key, cell)) for cell in _cells(outlook, key)]
    answers = tuple(_answer(outlook, definition, cell, left) for cell, left in after)
    classes = [answer.classes_left for answer in answers]
    leads = [_open_lead(outlook, left) for _, left in after]
    return TestValue(
        key=key,
        burden_seconds=definition.burden_seconds,
        drop=outlook.total - max(classes),
        drop_on_average=outlook.total - Fraction(sum(classes), len(classes)),
        lead_drop_on_average=open_lead(outlook.spans) - Fraction(sum(leads), len(leads)),
        answers=answers,
        words=tuple(_words(outlook.case, outlook.side, key)),
    )


def _cells(outlook: Outlook, key: Key) -> tuple[Cell, ...]:
    """Each cell that some contributor tells apart."""
    definition = outlook.case.rulebase.findings[key[0]]
    return common_cells(definition, [[cell for cell, _ in a] for a in outlook.after[key].values()])


def _left(outlook: Outlook, key: Key, cell: Cell) -> dict[str, list[End]]:
    """For each contributor that reads the finding what it can come to with this answer."""
    definition = outlook.case.rulebase.findings[key[0]]
    left = {}
    for contributor, answers in outlook.after[key].items():
        own = cell_of(definition, [cell for cell, _ in answers], cell.value)
        left[contributor] = [end for known, ends in answers if known is own for end in ends]
    return left


def _answer(
    outlook: Outlook, definition: FindingDefinition, cell: Cell, left: Mapping[str, list[End]]
) -> AnswerShown:
    classes = {contributor: _classes(ends) for contributor, ends in left.items()}
    before = {contributor: len(_classes(outlook.now[contributor])) for contributor in left}
    settles = tuple((c, next(iter(found))) for c, found in classes.items() if len(found) == 1 < before[c])
    fewer = sum(before[contributor] - len(found) for contributor, found in classes.items())
    return AnswerShown(cell_shown(outlook.case.rulebase, definition, cell), outlook.total - fewer, settles)


def _open_lead(outlook: Outlook, left: Mapping[str, list[End]]) -> int:
    """What is open about who leads once this is left."""
    then = {c: outlook.span(c, ends) for c, ends in left.items() if c in outlook.spans}
    return open_lead({**outlook.spans, **then})


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
