"""What every rule makes of an exam of unknown content, as terms: the whole inference, made on demand.

It says what `service.inference.reference` and `standing` say, a third time on purpose, and a test holds it
to them exam by exam. A truth of three values is a pair of terms: known true, known false.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from service.domain.exam import OTHER, SIDES, Key, Side
from service.domain.rule import (
    AllOf,
    AnyOf,
    AssessedTest,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    FlagTest,
    NotKnown,
    RaiseFlag,
    Rule,
    StateTest,
)
from service.domain.rulebase import Bound, RuleBase
from service.domain.vocabulary import (
    Count,
    DerivedDefinition,
    Difference,
    FirstUsable,
    KnownTrue,
    ObservedCount,
    Ratio,
    UsableTest,
)
from service.inference.dark import dark_groups
from service.verify.static.any_exam import AnyExam
from service.verify.static.observed import passes
from service.verify.static.terms import Questions, Term, every, opposite, some, sum_at_least, variable
from service.verify.static.truth import (
    Outcome,
    Truth,
    grouped,
    judged,
    outcome,
    settled,
    sum_compared,
    sum_passes,
)


@dataclass(frozen=True, slots=True)
class Points:
    """A contributor's points, one term for each single point, so that they can be counted."""

    support: tuple[Term, ...]
    against: tuple[Term, ...]
    supporting_clusters: tuple[Term, ...]
    assessed: tuple[Term, ...]

    @property
    def net(self) -> list[tuple[int, Term]]:
        return [*((1, term) for term in self.support), *((-1, term) for term in self.against)]

    def quantity(self, name: str) -> list[tuple[int, Term]]:
        if name == "net":
            return self.net
        terms: tuple[Term, ...] = self.assessed if name == "coverage" else getattr(self, name)
        return [(1, term) for term in terms]


@dataclass(frozen=True, slots=True)
class Held:
    """What is taken as it may be, instead of being worked out.

    `conclusions`: every state, class and flag. `classes`: those of every contributor but the named one,
    as they are read by rules. `rules`: the codes of rules whose firing may be anything.
    """

    conclusions: bool = False
    classes_but: str | None = None
    rules: frozenset[str] = frozenset()


class Encoding:
    """The terms of one rule base over one unknown exam."""

    def __init__(
        self, rulebase: RuleBase, questions: Questions, changed: Iterable[Key] = (), held: Held | None = None
    ) -> None:
        self.rulebase = rulebase
        self.questions = questions
        self.exam = AnyExam(rulebase, questions, changed)
        self.held = held or Held()
        self._dark = dark_groups(rulebase)
        self.index = {rule.code: index for index, rule in enumerate(rulebase.rules)}
        self._truths: dict[tuple[Condition, Side], Truth] = {}
        self._outcomes: dict[tuple[str, Side], Outcome] = {}
        self._states: dict[tuple[str, Side], Truth] = {}
        self._derived: dict[tuple[str, Side], Truth | Term] = {}
        self._points: dict[tuple[str, Side], Points] = {}
        self._classes: dict[tuple[str, Side], dict[str, Term]] = {}
        self.classes_read: set[str] = set()
        """The contributors whose classes were taken as they may be."""

    # -- rules -------------------------------------------------------------------------------------

    def outcome(self, rule: Rule, side: Side = "left") -> Outcome:
        found = self._outcomes.get((rule.code, side))
        if found is None:
            found = self._outcomes[rule.code, side] = self._outcome(rule, side)
        return found

    def _outcome(self, rule: Rule, side: Side) -> Outcome:
        if rule.code in self.held.rules:
            fires = variable(f"{rule.code}.{side}.fires")
            return Outcome(fires, False, False, opposite(fires))
        return outcome(self.truth(rule.when, side), self.truth(rule.unless, side))

    def fires(self, rule: Rule, side: Side = "left") -> Term:
        return self.outcome(rule, side).fires

    # -- conditions --------------------------------------------------------------------------------

    def truth(self, condition: Condition, side: Side = "left") -> Truth:
        place = condition, side
        found = self._truths.get(place)
        if found is None:
            found = self._truths[place] = self._truth(condition, side)
        return found

    def _truth(self, condition: Condition, side: Side) -> Truth:
        match condition:
            case NotKnown(member):
                return settled(opposite(self.truth(member, side).true))
            case AllOf() | AnyOf() | AtLeastN() | ExactlyN():
                return grouped(condition, [self.truth(member, side) for member in condition.members])
            case _:
                return self.criterion(condition, side)

    def criterion(self, criterion: Criterion, side: Side) -> Truth:
        match criterion:
            case FindingTest():
                return self.finding_test(criterion, side)
            case StateTest(state):
                return self.state(state, side)
            case ClassTest():
                return self.class_test(criterion, side)
            case CoverageTest():
                return self._coverage_test(criterion, side)
            case FlagTest(flag):
                raised = self.flag(flag)
                return Truth(raised, every([opposite(raised), flag not in self.rulebase.dark_flags]))
            case AssessedTest():
                return settled(self.exam.assessed(side))

    def finding_test(self, test: FindingTest, side: Side) -> Truth:
        at = OTHER[side] if test.other else side
        derived = self.rulebase.derived.get(test.finding)
        if derived is not None:
            return self._derived_test(derived, test, at)
        found = self.exam.of(self.exam.key(test.finding, at))
        if test.word in ("observed", "not_observed"):
            truth = settled(found.known)
            return truth if test.word == "observed" else truth.turned
        passed = found.test(test)
        failed = False if passed is found.known else every([found.known, opposite(passed)])
        return Truth(passed, failed)

    # -- formulas ----------------------------------------------------------------------------------

    def _derived_test(self, derived: DerivedDefinition, test: FindingTest, side: Side) -> Truth:
        match derived.formula:
            case Ratio() as ratio:
                known, number = self.exam.ratio(ratio, side)
                return judged(known, passes(number, test))
            case Difference() as difference:
                known, number = self.exam.difference(difference, side)
                return judged(known, passes(number, test))
            case FirstUsable(tests):
                return self._of_yes_no(test, self.first_usable(tests, side, self.truth))
            case KnownTrue(when):
                return self._of_yes_no(test, settled(self.truth(when, side).true))
            case Count(tests, always_known):
                truths = [(option.points, self.finding_test(option.test, side)) for option in tests]
                known = always_known or some(truth.known for _, truth in truths)
                return judged(known, sum_passes([(points, truth.true) for points, truth in truths], test))
            case ObservedCount(region):
                return settled(sum_passes(self._observed_in(region, side), test))

    def _of_yes_no(self, test: FindingTest, answer: Truth) -> Truth:
        """A test of a formula that says yes or no."""
        yes, no = "yes" in test.levels, "no" in test.levels
        true = some([yes and answer.true, no and answer.false])
        return Truth(true, every([answer.known, opposite(true)]))

    def first_usable(
        self, tests: Iterable[UsableTest], side: Side, truth_of: Callable[[Condition, Side], Truth]
    ) -> Truth:
        """What the first test that can be used says, its truth as `truth_of` tells it."""
        yes: list[Term] = []
        no: list[Term] = []
        before: Term = True
        for option in tests:
            usable = True if option.only_if is None else self.truth(option.only_if, side).true
            found = truth_of(option.test, side)
            yes.append(every([before, usable, found.true]))
            no.append(every([before, usable, found.false]))
            before = every([before, opposite(every([usable, self.truth(option.test, side).known]))])
        return Truth(some(yes), some(no))

    def _observed_in(self, region: str, side: Side) -> list[tuple[int, Term]]:
        found = (f for f in self.rulebase.findings.values() if f.region == region)
        return [(1, self.exam.of(self.exam.key(f.id, side)).known) for f in found]

    # -- conclusions -------------------------------------------------------------------------------

    def state(self, state: str, side: Side = "left") -> Truth:
        place = state, side
        if place not in self._states:
            self._states[place] = self._state(state, side)
        return self._states[place]

    def _state(self, state: str, side: Side) -> Truth:
        if self.rulebase.states[state].given_by_screen:
            return settled(variable(f"{state}.given"))
        if self.held.conclusions:
            true, false = variable(f"{state}.{side}.present"), variable(f"{state}.{side}.absent")
            self.questions.fact(f"{state}.{side}", opposite(every([true, false])))
            return Truth(true, false)
        outcomes = [self.outcome(self.rulebase.rules[i], side) for i in self.rulebase.setters.get(state, ())]
        fires = some(outcome.fires for outcome in outcomes)
        open_ = some(outcome.undetermined for outcome in outcomes)
        dark = state in self.rulebase.dark_states
        return Truth(fires, every([opposite(fires), opposite(open_), not dark]))

    def flag(self, flag: str) -> Term:
        """Raised from either side."""
        if self.held.conclusions:
            return variable(f"{flag}.raised")
        return some(self.fires(rule, side) for rule in self._raisers(flag) for side in SIDES)

    def _raisers(self, flag: str) -> Iterator[Rule]:
        for rule in self.rulebase.rules:
            if rule.active and any(isinstance(e, RaiseFlag) and e.flag == flag for e in rule.effects):
                yield rule

    def class_test(self, test: ClassTest, side: Side = "left") -> Truth:
        classes = self.classes(test.contributor, side)
        undecided = self.rulebase.undecided_classes
        true = some(term for name, term in classes.items() if name in test.classes)
        false = some(t for name, t in classes.items() if name not in test.classes and name not in undecided)
        return Truth(true, false)

    def classes(self, contributor: str, side: Side = "left") -> dict[str, Term]:
        """Each class and whether the contributor has it; exactly one holds."""
        place = contributor, side
        if place not in self._classes:
            but = self.held.classes_but
            free = self.held.conclusions or (but is not None and but != contributor)
            made = self._any_class if free else self._class_of
            self._classes[place] = made(contributor, side)
        return self._classes[place]

    def _any_class(self, contributor: str, side: Side) -> dict[str, Term]:
        self.classes_read.add(contributor)
        terms = {name: variable(f"{contributor}.{side}.is.{name}") for name in self.rulebase.class_order}
        only_one = sum_at_least([(-1, term) for term in terms.values()], -1)
        self.questions.fact(f"{contributor}.{side}.class", some(terms.values()), only_one)
        return terms

    def _class_of(self, contributor: str, side: Side) -> dict[str, Term]:
        points = self.points(contributor, side)
        found: dict[str, list[Term]] = {name: [] for name in self.rulebase.class_order}
        before: Term = True
        for class_rule in self.rulebase.class_rules:
            holds = every(self._bound(points, bound) for bound in class_rule.bounds)
            found[class_rule.name].append(every([before, holds]))
            before = every([before, opposite(holds)])
        return {name: some(terms) for name, terms in found.items()}

    def _bound(self, points: Points, bound: Bound) -> Term:
        limits = [Fraction(limit) for limit in bound.limits]
        if bound.quantity == "coverage":
            limits = [limit * len(points.assessed) / 100 for limit in limits]
        return sum_compared(points.quantity(bound.quantity), bound.word, limits)

    def _coverage_test(self, test: CoverageTest, side: Side) -> Truth:
        assessed = self.assessed(test.contributor, side)
        limits = [Fraction(level) * len(assessed) / 100 for level in test.levels]  # type: ignore[arg-type]
        return settled(sum_compared([(1, term) for term in assessed], test.word, limits))

    def points(self, contributor: str, side: Side = "left") -> Points:
        place = contributor, side
        if place not in self._points:
            self._points[place] = self._count_points(contributor, side)
        return self._points[place]

    def _count_points(self, contributor: str, side: Side) -> Points:
        """Of a cluster and direction only the strongest that fires counts: point by point."""
        fired: dict[tuple[str, bool], list[tuple[int, Term]]] = {}
        for rule in self.rulebase.rules:
            for score in rule.scores if rule.active else ():
                if score.target == contributor:
                    place = score.cluster, score.supports
                    fired.setdefault(place, []).append((score.points, self.fires(rule, side)))
        ones: dict[bool, list[Term]] = {True: [], False: []}
        for (_, supports), scored in fired.items():
            for point in range(1, max(points for points, _ in scored) + 1):
                ones[supports].append(some(term for points, term in scored if points >= point))
        clusters = [some(t for _, t in scored) for (_, supports), scored in fired.items() if supports]
        assessed = self.assessed(contributor, side)
        return Points(tuple(ones[True]), tuple(ones[False]), tuple(clusters), assessed)

    def assessed(self, contributor: str, side: Side = "left") -> tuple[Term, ...]:
        """Of each key group whether any of its findings is observed; never, of one that is in the dark."""
        key, of = self.exam.key, self.exam.of
        groups = self.rulebase.contributors[contributor].key_groups
        dark = self._dark.get(contributor, frozenset())
        return tuple(
            place not in dark and some(of(key(finding, side)).known for finding in group.any_of)
            for place, group in enumerate(groups)
        )
