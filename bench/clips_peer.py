"""The same rules in CLIPS (through clipspy).

Each stratum has one template, whose slots are all that its rules read, and one
rule is one `defrule`: a pattern that binds the slots, and a test. This is the
fastest of the forms tried (one fact a finding, as ordered facts or with a
template each, took four times as long). What was not observed is `nil`.
Strata chain by what `Conclusions` draws, which becomes slots of the next fact.

clipspy 1.0.6 never lets go of a fact: `Fact.__del__` calls `ReleaseFact` with an
argument too many and swallows the error. Retracted facts then pile up and every
run is slower than the last, so facts are released here.
"""

from collections.abc import Iterable
from importlib.metadata import version

import clips
from clips._clips import lib

from bench.cases import Fact, Facts, Reads, finding_reads, plain
from bench.conclusions import Conclusions, Known
from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    NotKnown,
    Rule,
    StateTest,
)
from service.inference.infer import Inference

OPERATORS = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
YES = clips.Symbol("yes")
NEVER_RELEASES = version("clipspy") == "1.0.6"

Sets = dict[str, tuple[str, ...]]
"""The findings that are sets, with all their members."""


class ClipsPeer:
    """Infers with CLIPS."""

    def __init__(self, inference: Inference) -> None:
        self._conclusions = Conclusions(inference)
        self._environment = clips.Environment()
        self._environment.build("(defglobal ?*fired* = (create$))")
        rules = inference.rulebase.rules
        sets = {d.id: tuple(d.values) for d in inference.rulebase.findings.values() if d.type == "set"}
        self._strata = [
            _Template(self._environment, f"stratum{number}", [rules[i] for i in stratum.rules], sets)
            for number, stratum in enumerate(inference.strata)
        ]
        self._fired = self._environment.find_global("fired")

    def infer(self, facts: Facts) -> Known:
        known = self._conclusions.begin(facts)
        for number, template in enumerate(self._strata):
            fact = template.declare(facts, known)
            self._environment.run()
            fired = [str(code) for code in self._fired.value]
            fact.retract()
            if NEVER_RELEASES:
                lib.ReleaseFact(fact._fact)
            self._fired.value = ()
            self._conclusions.draw(number, fired, facts, known)
        return known


class _Template:
    """One stratum: the template of its fact, and its rules."""

    def __init__(self, environment: clips.Environment, name: str, rules: list[Rule], sets: Sets) -> None:
        read = {c for rule in rules for c in rule.criteria()}
        self._findings: Reads = finding_reads(rules)
        self._states = sorted({c.state for c in read if isinstance(c, StateTest)})
        self._classes = sorted({c.contributor for c in read if isinstance(c, ClassTest)})
        self._coverage = sorted({c.contributor for c in read if isinstance(c, CoverageTest)})
        writer = _Writer(sets)
        slots = sorted({slot for criterion in read for slot in writer.slots(criterion)})
        declared = " ".join(f"(slot {slot} (default nil))" for slot in slots)
        environment.build(f"(deftemplate {name} {declared})")
        for rule in rules:
            environment.build(writer.defrule(name, rule))
        self._template = environment.find_template(name)

    def declare(self, facts: Facts, known: Known) -> clips.TemplateFact:
        """Asserts what is known, for this stratum's rules to match."""
        slots: dict[str, object] = {}
        for finding, other in self._findings:
            value = (facts.other if other else facts.own).get(finding)
            if value is not None:
                _put(slots, ("other-" if other else "knee-") + finding, value)
        for name in self._states:
            if name in known.states:
                slots["state-" + name] = YES
        for name in self._classes:
            slots["class-" + name] = clips.Symbol(known.classes[name])
        for name in self._coverage:
            slots["coverage-" + name] = facts.coverage[name]
        return self._template.assert_fact(**slots)


def _put(slots: dict[str, object], slot: str, value: Fact) -> None:
    """A set has a slot for itself and one for each member, so that every test compares symbols."""
    if isinstance(value, tuple):
        slots[slot] = YES
        for member in value:
            slots[f"{slot}-{member}"] = YES
    else:
        slots[slot] = clips.Symbol(value) if isinstance(value, str) else value


class _Writer:
    """Writes rules in the language of CLIPS."""

    def __init__(self, sets: Sets) -> None:
        self._sets = sets

    def defrule(self, template: str, rule: Rule) -> str:
        bound = dict.fromkeys(slot for criterion in rule.criteria() for slot in self.slots(criterion))
        pattern = " ".join(f"({slot} ?{slot})" for slot in bound)
        test = self._firing(rule)
        return (
            f"(defrule {rule.code} ({template} {pattern}) {'' if test == 'TRUE' else f'(test {test})'}"
            f" => (bind ?*fired* (create$ ?*fired* {rule.code})))"
        )

    def slots(self, criterion: Criterion) -> list[str]:
        """The slots a criterion reads."""
        slot = _slot(criterion)
        members = self._sets.get(criterion.finding, ()) if isinstance(criterion, FindingTest) else ()
        return [slot, *(f"{slot}-{member}" for member in members)]

    def _firing(self, rule: Rule) -> str:
        when = self._expression(rule.when)
        return when if rule.unless == NEVER else f"(and {when} (not {self._expression(rule.unless)}))"

    def _expression(self, condition: Condition) -> str:
        """A condition as a function call that is true where it is known true."""
        match condition:
            case AllOf((only,)) | AnyOf((only,)):
                return self._expression(only)
            case AllOf(()):
                return "TRUE"
            case AnyOf(()):
                return "FALSE"
            case AllOf(members):
                return f"(and {' '.join(map(self._expression, members))})"
            case AnyOf(members):
                return f"(or {' '.join(map(self._expression, members))})"
            case AtLeastN(n, members):
                return f"(>= {self._tally(members)} {n})"
            case ExactlyN(n, members):
                known = " ".join(f"(neq ?{_slot(member)} nil)" for member in members)
                return f"(and {known} (= {self._tally(members)} {n}))"
            case NotKnown(member):
                return f"(not {self._expression(member)})"
            case _:
                return self._test(condition)

    def _tally(self, members: tuple[Condition, ...]) -> str:
        return f"(+ 0 {' '.join(f'(if {self._expression(member)} then 1 else 0)' for member in members)})"

    def _test(self, criterion: Criterion) -> str:
        seen = f"?{_slot(criterion)}"
        match criterion:
            case StateTest():
                return f"(eq {seen} yes)"
            case ClassTest(_, classes):
                return _is_one_of(seen, classes)
            case CoverageTest(_, word, levels):
                return f"({OPERATORS[word]} {seen} {plain(levels[0])})"
            case FindingTest():
                return self._finding_test(criterion, seen)
            case _:
                raise TypeError(f"only safety rules read {criterion}")

    def _finding_test(self, test: FindingTest, seen: str) -> str:
        levels = [str(plain(level)) for level in test.levels]
        match test.word:
            case "observed":
                return f"(neq {seen} nil)"
            case "not_observed":
                return f"(eq {seen} nil)"
            case "one_of":
                return _is_one_of(seen, levels)
            case "between":
                return f"(and (neq {seen} nil) (<= {levels[0]} {seen} {levels[1]}))"
            case "includes_any":
                return _any(_is_in(seen, level) for level in levels)
            case "includes_all":
                return f"(and TRUE {' '.join(_is_in(seen, level) for level in levels)})"
            case "only":
                others = [_is_in(seen, member) for member in self._sets[test.finding] if member not in levels]
                return f"(and (neq {seen} nil) (not (or FALSE {' '.join(others)})))"
            case word:
                return f"(and (neq {seen} nil) ({OPERATORS[word]} {seen} {levels[0]}))"


def _is_in(seen: str, member: str) -> str:
    return f"(eq {seen}-{member} yes)"


def _is_one_of(seen: str, values: Iterable[str]) -> str:
    return _any(f"(eq {seen} {value})" for value in values)


def _any(tests: Iterable[str]) -> str:
    listed = list(tests)
    return listed[0] if len(listed) == 1 else f"(or {' '.join(listed)})"


def _slot(criterion: Condition) -> str:
    match criterion:
        case FindingTest(finding=finding, other=other):
            return f"{'other' if other else 'knee'}-{finding}"
        case StateTest(state):
            return f"state-{state}"
        case ClassTest(contributor):
            return f"class-{contributor}"
        case CoverageTest(contributor):
            return f"coverage-{contributor}"
        case _:
            raise TypeError(f"only safety rules read {criterion}")
