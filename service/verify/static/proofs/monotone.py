"""A worse finding of the knee's own side never lowers the net it bears on, but where a rule says why."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from service.domain.exam import Key, Value
from service.domain.rule import Rule, StateTest
from service.domain.vocabulary import FindingDefinition
from service.verify.static.encoding import Encoding, Held
from service.verify.static.observed import Cells, Steps
from service.verify.static.proofs.proof import Proof
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.terms import Questions, Solution, Term, every, same, some, sum_at_least
from service.verify.static.witness import HERE, Witness

STATEMENT = (
    "A worse value of a finding that says which of its values are worse, on the knee's own side, never "
    "lowers the net of a contributor or mechanism: of two exams that differ in nothing else, in which "
    "the same findings are observed and all other contributors have the same classes, the worse has the "
    "same net or more. Excepted is what a rule declares, with its reason."
)
HOW = (
    "z3: for each such finding and each contributor scored by a rule that reads it, directly, by a "
    "formula or by a state, no two such exams exist; the firing of a rule that declares the finding is "
    "held the same. A declaration that is not needed fails."
)


@dataclass
class _Found:
    """What the search came to."""

    pairs: int = 0
    needed: set[tuple[str, str]] = field(default_factory=set)
    violations: list[Report] = field(default_factory=list)


def worse_never_lowers(study: Study, only: Collection[str] | None = None) -> Proof:
    """`only` names the findings to look at; all of them unless given."""
    found = _Found()
    chosen = study.rulebase.findings if only is None else only
    for definition in study.rulebase.findings.values():
        if definition.worse is not None and definition.id in chosen:
            for contributor in study.rulebase.contributors:
                rules = scoring(study, contributor)
                if definition.id in _own_findings(study, rules):
                    _compare(study, definition, contributor, rules, found)
    found.violations.extend(_stale(study, found, chosen))
    return Proof("worse_never_lowers", STATEMENT, HOW, found.pairs, tuple(found.violations))


def scoring(study: Study, contributor: str) -> list[Rule]:
    """The rules that score a contributor, and those that set the states these read, and so on."""
    rules = study.rulebase.rules
    waiting = [rule for rule in study.active if any(score.target == contributor for score in rule.scores)]
    found: dict[str, Rule] = {}
    while waiting:
        rule = waiting.pop()
        if rule.code not in found:
            found[rule.code] = rule
            read = [c.state for c in rule.criteria() if isinstance(c, StateTest)]
            waiting.extend(rules[i] for state in read for i in study.rulebase.setters.get(state, ()))
    return list(found.values())


def _own_findings(study: Study, rules: list[Rule]) -> set[str]:
    """The findings that these rules read of the knee's own side, and what those are computed from."""
    indexes = [study.inference.index[rule.code] for rule in rules]
    read = {finding for finding, other in study.witnesses.dependencies.tests(indexes) if not other}
    ratios = [study.rulebase.findings[finding].derive for finding in read]
    return read | {o.finding for ratio in ratios if ratio for o in ratio.operands if not o.other}


def _compare(
    study: Study, definition: FindingDefinition, contributor: str, rules: list[Rule], found: _Found
) -> None:
    """Looks for two exams with less net in the worse one, holding ever more rules until there are none."""
    declared = [rule for rule in rules if definition.id in rule.not_monotone]
    blamed: list[Rule] = []
    found.pairs += 1
    while pair := _Pair(study, definition, contributor, [*declared, *blamed]).lowered():
        culprits = [rule for rule in pair.culprits(rules) if rule not in blamed]
        found.violations.append(pair.report(culprits))
        if not culprits:
            return
        blamed.extend(culprits)
    for rule in declared:
        others = [other for other in declared if other is not rule]
        if _Pair(study, definition, contributor, [*others, *blamed]).lowered():
            found.needed.add((rule.code, definition.id))


class _Pair:
    """Two unknown exams that differ in one finding, worse in the second; some rules fire alike in both."""

    def __init__(
        self, study: Study, definition: FindingDefinition, contributor: str, held: list[Rule]
    ) -> None:
        self.study, self.definition, self.contributor = study, definition, contributor
        self.key: Key = (definition.id, HERE if definition.sided else None)
        self.questions = Questions()
        alike = Held(classes_but=contributor, rules=frozenset(rule.code for rule in held))
        self.better = Encoding(study.rulebase, self.questions, held=alike)
        self.worse = Encoding(study.rulebase, self.questions, (self.key,), alike)
        self.solution: Solution | None = None

    def lowered(self) -> "_Pair | None":
        """This pair, where the worse exam can have less net."""
        nets = self.better.points(self.contributor).net, self.worse.points(self.contributor).net
        less = sum_at_least([*nets[0], *((-weight, term) for weight, term in nets[1])], 1)
        self.solution = self.questions.find(
            self.better.exam.assessed(HERE), self._is_worse(), *self._same_observed(), less
        )
        return self if self.solution else None

    def _is_worse(self) -> Term:
        one, two = self.better.exam.of(self.key), self.worse.exam.of(self.key)
        if isinstance(one, Steps) and isinstance(two, Steps):
            higher = self.definition.worse == "higher"
            return every([one.posted, two.posted, two.level > one.level if higher else two.level < one.level])
        assert isinstance(one, Cells) and isinstance(two, Cells)
        return some(
            every([one.chosen[a], two.chosen[b]])
            for a in range(len(one.cells))
            for b in range(len(two.cells))
            if any(
                self.definition.is_worse(worse, better)
                for better in _values(one, a)
                for worse in _values(two, b)
            )
        )

    def _same_observed(self) -> Iterator[Term]:
        """What is computed from the finding is computed in both exams, or in neither."""
        for other in self.study.rulebase.findings.values():
            if other.derive is not None and any(o.finding == self.key[0] for o in other.derive.operands):
                key = (other.id, HERE if other.sided else None)
                yield same(self.better.exam.of(key).known, self.worse.exam.of(key).known)

    # -- telling of it -----------------------------------------------------------------------------------

    def culprits(self, rules: list[Rule]) -> list[Rule]:
        """The rules that began to oppose; if there are none, those that stopped supporting."""
        assert self.solution is not None
        turned: dict[bool, list[Rule]] = {True: [], False: []}
        for rule in rules:
            before, after = (self.solution.holds(e.fires(rule)) for e in (self.better, self.worse))
            for score in rule.scores:
                if score.target == self.contributor and before != after and score.supports == before:
                    turned[score.supports].append(rule)
        return turned[False] or turned[True]

    def report(self, culprits: list[Rule]) -> Report:
        assert self.solution is not None
        better, worse = (self._witness(encoding) for encoding in (self.better, self.worse))
        codes = ", ".join(rule.code for rule in culprits) or "the rules together"
        says = f"a worse {self.definition.id} can lower the net of {self.contributor}, by {codes}"
        proof = f"of two exams the worse one has less net: {worse.tree}"
        parts = (self.definition.id, self.contributor)
        if not culprits:
            return self.study.of_entry("not_monotone", self.contributor, says, proof, parts, better)
        return self.study.of_rule("not_monotone", culprits[0], "then", says, proof, parts, better)

    def _witness(self, encoding: Encoding) -> Witness:
        """One of the two exams, with the classes that are held, confirmed by both evaluators."""
        assert self.solution is not None
        solution = self.solution
        net = sum(weight for weight, term in encoding.points(self.contributor).net if solution.holds(term))
        return self.study.witnesses.with_net(encoding, solution, self.contributor, net)


def _values(found: Cells, place: int) -> tuple[Value, ...]:
    cell = found.cells[place]
    return cell.values or (cell.value,)


def _stale(study: Study, found: _Found, chosen: Collection[str]) -> Iterator[Report]:
    """Declarations that no pair of exams needs."""
    for rule in study.active:
        for finding in rule.not_monotone:
            if finding in chosen and (rule.code, finding) not in found.needed:
                says = f"{rule.code} excepts {finding}, but a worse value never lowers a net by it"
                yield study.of_rule("stale_exception", rule, "not_monotone", says, HOW, [finding])
