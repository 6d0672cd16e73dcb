"""The encoding for z3 held to the reference evaluator: at a known exam its terms have the same values."""

from collections.abc import Iterable, Iterator, Mapping

from service.assess import Assessor
from service.domain.exam import SIDES, Exam, Key, Observation, Side
from service.inference.usable import what_counts
from service.inference.view import View
from service.verify.static.encoding import Encoding
from service.verify.static.observed import Cells, Members, Steps
from service.verify.static.terms import Questions, Solution, Term, every, opposite, same, variable
from tests.properties.inferring import Inferred

OUTCOMES = ("fires", "suppressed", "undetermined", "silent")


class Encoded:
    """The whole encoding of one rule base, asked about one known exam after another."""

    def __init__(self, assessor: Assessor) -> None:
        self.rulebase = assessor.rulebase
        self.questions = Questions()
        self.encoding = Encoding(assessor.rulebase, self.questions)
        self._names: dict[int, Term] = {}
        for side in SIDES:
            for rule in self.rulebase.rules:
                self._name(getattr(self.encoding.outcome(rule, side), found) for found in OUTCOMES)
            for contributor in self.rulebase.contributors:
                points = self.encoding.points(contributor, side)
                self._name(self.encoding.classes(contributor, side).values())
                self._name((*points.support, *points.against, *points.supporting_clusters))
            for state in self.rulebase.setters:
                truth = self.encoding.state(state, side)
                self._name((truth.true, truth.false))

    def _name(self, terms: Iterable[Term]) -> None:
        """Told once as facts, terms are worked out by propagation instead of one by one."""
        for term in terms:
            if not isinstance(term, bool) and id(term) not in self._names:
                name = self._names[id(term)] = variable(f"term {len(self._names)}")
                self.questions.fact(str(name), same(name, term))

    def _holds(self, solution: Solution, term: Term) -> bool:
        return solution.holds(self._names.get(id(term), term))

    def differences(self, exam: Exam, inferred: Inferred) -> Iterator[str]:
        """What the encoding says otherwise than the evaluators said of every rule, state and contributor."""
        solution = self.questions.find(*self._is_exam(exam, inferred))
        if solution is None:
            yield "no exam like that, says the encoding"
            return
        for views, safety in ((inferred.screened, True), (inferred.knees, False)):
            for side, view in views.items():
                yield from self._outcomes(solution, side, view, safety)
        for side, view in inferred.knees.items():
            yield from self._conclusions(solution, side, view)

    def _outcomes(self, solution: Solution, side: Side, view: View, safety: bool) -> Iterator[str]:
        for rule, outcome in zip(self.rulebase.rules, view.outcomes, strict=True):
            if rule.active and rule.safety == safety:
                found = self.encoding.outcome(rule, side)
                said = [name for name in OUTCOMES
                        if self._holds(solution, getattr(found, name))]  # fmt: skip
                if said != [outcome]:
                    yield f"{rule.code} {side}: {said}, not {outcome}"

    def _conclusions(self, solution: Solution, side: Side, view: View) -> Iterator[str]:
        for contributor, standing in view.standings.items():
            points = self.encoding.points(contributor, side)
            net = sum(weight for weight, term in points.net if self._holds(solution, term))
            classes = self.encoding.classes(contributor, side)
            named = [name for name, term in classes.items() if self._holds(solution, term)]
            clusters = sum(self._holds(solution, term) for term in points.supporting_clusters)
            if (net, named, clusters) != (standing.net, [standing.name], standing.supporting_clusters):
                yield f"{contributor} {side}: {named} {net}, not {standing.name} {standing.net}"
        for state, truth in view.states.items():
            if state in self.rulebase.setters and not self._of_screen(state):
                found = self.encoding.state(state, side)
                if (self._holds(solution, found.true), self._holds(solution, found.false)) != (
                    truth is True,
                    truth is False,
                ):
                    yield f"state {state} {side} is not {truth}"

    def _of_screen(self, state: str) -> bool:
        return any(self.rulebase.rules[index].safety for index in self.rulebase.setters[state])

    # -- one known exam --------------------------------------------------------------------------

    def _is_exam(self, exam: Exam, inferred: Inferred) -> Iterator[Term]:
        counting: Mapping[Key, Observation] = what_counts(self.rulebase, exam).counting
        for side in SIDES:
            term = self.encoding.exam.assessed(side)
            yield term if side in exam.knees else opposite(term)
        for key, found in self.encoding.exam._seen.items():
            given = counting.get(key)
            observed = given is not None and given.observed
            match found:
                case Cells():
                    cells = zip(found.cells, found.chosen, strict=True)
                    definition = self.rulebase.findings[key[0]]
                    yield every(
                        term if observed and cell.holds(definition, given.value) else opposite(term)  # type: ignore[union-attr,arg-type]
                        for cell, term in cells
                    )
                case Members():
                    yield from self._members(found, given.value if observed else frozenset())  # type: ignore[union-attr,arg-type]
                case Steps():
                    yield from self._steps(found, given)
        for state, given_state in inferred.given.items():
            term = variable(f"{state}.given")
            yield term if given_state else opposite(term)

    @staticmethod
    def _members(found: Members, value: frozenset[str]) -> Iterator[Term]:
        unnamed = value - set(found.members)
        for member, term in found.has.items():
            stands = member in value or (bool(unnamed) and member == found.rest)
            yield term if stands else opposite(term)

    @staticmethod
    def _steps(found: Steps, given: Observation | None) -> Iterator[Term]:
        posted = given is not None and given.observed and not given.derived_from
        yield found.posted if posted else opposite(found.posted)
        if posted:
            yield found.level == given.level  # type: ignore[union-attr]
        if found.barred is not None:
            barred = given is not None and not given.observed and given.status != "not_assessed"
            yield found.barred if barred else opposite(found.barred)
