"""An exam that shows what a report says, as it would be posted; both evaluators must confirm it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from schemas.exam import ExamReader
from service.domain.exam import SIDES, Exam, Key, Side, Value
from service.domain.rule import Rule
from service.domain.vocabulary import SCREEN_STATES
from service.inference.dependencies import Dependencies
from service.inference.infer import Inference
from service.inference.no_answer import NoAnswer
from service.inference.usable import what_counts
from service.inference.view import View
from service.verify.static.encoding import Encoding
from service.verify.static.terms import CannotTell, Solution, variable

HERE: Side = "left"
"""The side everything is seen from; the rules know no other."""
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
Posted = Mapping[Key, tuple[str, Value | None]]


@dataclass(frozen=True, slots=True)
class Witness:
    """An exam as posted, the states the screen gave, and which outcomes it shows on the left."""

    knees: tuple[Side, ...]
    posted: Posted
    given: Mapping[str, bool] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """By rule code; the outcomes that the report speaks of."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Classes of contributors that are held, whatever the exam gives."""
    nets: Mapping[str, int] = field(default_factory=dict)
    """The nets of contributors that the report speaks of."""
    says: str | None = None
    """What it shows, where that is more than a few outcomes."""

    @property
    def body(self) -> dict[str, Any]:
        """The exam as it is posted."""
        return {
            "knees": list(self.knees),
            "findings": [_item(key, *said) for key, said in self.posted.items()],
        }

    @property
    def tree(self) -> dict[str, Any]:
        """The body, and what it shows, for reading."""
        given = {"given": dict(self.given)} if any(self.given.values()) else {}
        held = {"classes": dict(self.classes)} if self.classes else {}
        return {**self.body, **given, **held, "shows": self.says or {**self.outcomes, **self.nets}}


def _item(key: Key, status: str, value: Value | None) -> dict[str, Any]:
    finding, side = key
    where = {"side": side} if side else {}
    said: dict[str, Any] = {"status": status} if value is None else {"value": _as_posted(value)}
    return {"id": finding, **where, **said}


def _as_posted(value: Value) -> Any:
    match value:
        case frozenset():
            return sorted(value)
        case Decimal() | Fraction():
            return int(value) if value == int(value) else Decimal(value)  # type: ignore[arg-type]
        case _:
            return value


class NotConfirmed(CannotTell):
    """An evaluator says otherwise than the encoding: one of them is wrong."""


class Witnesses:
    """Reads exams out of solutions, makes them small, and has them confirmed."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.rulebase = inference.rulebase
        self.reader = ExamReader(inference.rulebase)
        self.dependencies = Dependencies(inference.rulebase)

    def of(
        self, encoding: Encoding, solution: Solution, rules: Iterable[Rule], screened: bool = False
    ) -> Witness:
        """The smallest exam found in which these rules have the outcomes they have in the solution.

        `screened`: the rules are those of the screen. Raises NotConfirmed.
        """
        chosen = tuple(rules)
        outcomes = {rule.code: _outcome(encoding, solution, rule) for rule in chosen}
        assessed = encoding.exam.assessed
        sides = [side for side in SIDES if solution.holds(assessed(side))] if screened else [HERE]
        given = {} if screened else {s: solution.holds(variable(f"{s}.given")) for s in SCREEN_STATES}
        bears = self._bears_on(chosen)
        posted = {key: said for key, said in encoding.exam.posted(solution).items() if key[0] in bears}
        witness = Witness(tuple(sides), posted, given, outcomes)
        if not self.confirms(witness):
            raise NotConfirmed(f"{outcomes} is not so in {witness.body}")
        return self._smaller(witness, self.confirms)

    def with_net(self, encoding: Encoding, solution: Solution, contributor: str, net: int) -> Witness:
        """The exam of a solution, in which a contributor has this net while the others' classes are held."""
        classes = {
            name: next(c for c, term in encoding.classes(name).items() if solution.holds(term))
            for name in encoding.classes_read
        }
        given = {state: solution.holds(variable(f"{state}.given")) for state in SCREEN_STATES}
        posted = encoding.exam.posted(solution)
        witness = Witness((HERE,), posted, given, classes=classes, nets={contributor: net})
        if not self.confirms(witness):
            raise NotConfirmed(f"{contributor} has another net than {net} in {witness.body}")
        return witness

    def together(self, one: Witness, two: Witness) -> Witness | None:
        """An exam that shows what both show; None where they cannot be put together."""
        at_odds = any(one.posted[key] != two.posted[key] for key in one.posted.keys() & two.posted.keys())
        rules = self.rulebase.rule_by_code
        screening = {rules[code].safety for witness in (one, two) for code in witness.outcomes}
        if at_odds or len(screening) > 1 or one.given != two.given:
            return None
        knees = tuple(side for side in SIDES if side in {*one.knees, *two.knees})
        outcomes = {**one.outcomes, **two.outcomes}
        both = Witness(knees, {**one.posted, **two.posted}, one.given, outcomes)
        return both if self.confirms(both) else None

    def _bears_on(self, rules: Iterable[Rule]) -> set[str]:
        """The findings that these rules read, also by way of others, and what those are computed from."""
        indexes = self.dependencies.rules_behind(self.inference.index[rule.code] for rule in rules)
        read = self.dependencies.tests(indexes, self.dependencies.contributors_of(indexes))
        named = {finding for finding, _ in read}
        formulas = [self.rulebase.findings[finding].derive for finding in named]
        return named | {operand.finding for ratio in formulas if ratio for operand in ratio.operands}

    def confirms(self, witness: Witness) -> bool:
        """Whether both evaluators agree and find the outcomes that the witness shows."""
        try:
            view = self.view(witness)
        except NoAnswer:
            return False
        index = self.inference.index
        return all(view.outcomes[index[code]] == found for code, found in witness.outcomes.items()) and all(
            view.standings[contributor].net == net for contributor, net in witness.nets.items()
        )

    def view(self, witness: Witness) -> View:
        """What the rules say from the left: those of the screen if one is spoken of, else the others."""
        exam = self.exam(witness)
        counting = what_counts(self.rulebase, exam).counting
        rules = self.rulebase.rule_by_code
        if any(rules[code].safety for code in witness.outcomes):
            return self.inference.screen(counting, exam)[HERE]
        view = self.inference.view(counting, HERE, given=witness.given)
        for stratum in self.inference.strata:
            self._hold(view, witness)
            self.inference.settle(stratum, view)
        self._hold(view, witness)
        return view

    @staticmethod
    def _hold(view: View, witness: Witness) -> None:
        for contributor, name in witness.classes.items():
            if contributor in view.standings:
                view.standings[contributor] = replace(view.standings[contributor], name=name)

    def exam(self, witness: Witness) -> Exam:
        """The exam as the service reads it."""
        return self.reader.read(witness.body, MOMENT)

    @staticmethod
    def _smaller(witness: Witness, shows: Callable[[Witness], bool]) -> Witness:
        """Without what can be left out, finding by finding."""
        for key in tuple(witness.posted):
            fewer = replace(witness, posted={k: said for k, said in witness.posted.items() if k != key})
            if shows(fewer):
                witness = fewer
        return witness


def _outcome(encoding: Encoding, solution: Solution, rule: Rule) -> str:
    found = encoding.outcome(rule)
    names = {
        "fires": found.fires, "suppressed": found.suppressed, "undetermined": found.undetermined,
        "silent": found.silent,
    }  # fmt: skip
    return next(name for name, term in names.items() if solution.holds(term))
