"""Reads conditions: the words a rule is written in, made into criteria and groups."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal

from service.domain.exam import Level
from service.domain.rule import (
    ALWAYS,
    AllOf,
    AnyOf,
    AssessedTest,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    ExactlyN,
    FindingTest,
    FlagTest,
    NotKnown,
    StateTest,
)
from service.domain.vocabulary import DerivedDefinition, FindingDefinition, in_steps
from service.knowledge.fields import NUMBER, Fields, decimal
from service.knowledge.problems import Kind, Problem, did_you_mean
from service.knowledge.source import Mapping, Scalar, Sequence, Source
from service.knowledge.vocabulary import Vocabulary

COMPARISONS = {
    "at_least": "at least",
    "at_most": "at most",
    "above": "above",
    "below": "below",
}
SET_WORDS = {"includes_any": "includes", "includes_all": "includes all of", "only": "nothing but"}
UNREADABLE = AllOf(())


@dataclass
class ConditionReader:
    """Reads conditions over a vocabulary; problems are noted, never raised.

    `safety` allows the words that only the safety screen may use; `scores`
    refuses what points may not rest on. `negated` is true inside `unless`
    and `not_known`, where the engine cannot count exactly.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    problems: list[Problem]
    safety: bool = False
    scores: bool = False
    negated: bool = False

    def read_unless(self, node: Source) -> Condition:
        self.negated = True
        condition = self.read(node, list_means=AnyOf)
        self.negated = False
        return condition

    def read(self, node: Source, list_means: type[AllOf] | type[AnyOf] = AllOf) -> Condition:
        if isinstance(node, Sequence):
            return list_means(self._members(node))
        if isinstance(node, Scalar) and node.text == "always":
            return ALWAYS
        return self._condition(node)

    def _members(self, node: Source | None) -> tuple[Condition, ...]:
        if not isinstance(node, Sequence) or not node.items:
            if node is not None:
                self._note(node, "a group needs a list of criteria")
            return ()
        return tuple(self._condition(item) for item in node.items)

    def _condition(self, node: Source) -> Condition:
        if not isinstance(node, Mapping):
            self._note(node, "a criterion is written 'finding: word' or 'finding: {word: value}'")
            return UNREADABLE
        if "of" in node.entries:
            return self._counted_group(node)
        if len(node.entries) != 1:
            self._note(node, "one criterion for each item of a list")
            return UNREADABLE
        key, value = next(iter(node.entries.items()))
        reader = self._words().get(key)
        if reader is not None:
            return reader(value)
        return self.finding_test(key, value, node)

    def _words(self) -> dict[str, Callable[[Source], Condition]]:
        return {
            "all": lambda value: AllOf(self._members(value)),
            "any": lambda value: AnyOf(self._members(value)),
            "not_known": self._not_known,
            "other": self._other,
            "either": self._either,
            "state": self._state,
            "class": self._class,
            "coverage": self._coverage,
            "some_contributor": lambda value: AnyOf(self._each_contributor(value)),
            "every_contributor": lambda value: AllOf(self._each_contributor(value)),
            "flag": self._flag,
            "assessed": self._assessed,
        }

    def _counted_group(self, node: Mapping) -> Condition:
        fields = Fields(node, self.problems, "the group")
        members = self._members(fields.node("of"))
        word = "at_least_n" if fields.has("at_least_n") else "exactly_n"
        n = fields.integer(word)
        fields.done()
        if not 1 <= n <= len(members):
            self._note(node, f"'{word}: {n}' over {len(members)} criteria")
        readable = [member for member in members if member is not UNREADABLE]
        if word == "exactly_n" and (
            self.negated or not all(isinstance(member, FindingTest) for member in readable)
        ):
            self._note(node, "'exactly_n' counts tests of findings, and not in unless or not_known")
        return AtLeastN(n, members) if word == "at_least_n" else ExactlyN(n, members)

    def _not_known(self, node: Source) -> Condition:
        self._safety_only(node, "not_known")
        self.negated = not self.negated
        condition = NotKnown(self._condition(node))
        self.negated = not self.negated
        return condition

    def _either(self, node: Source) -> Condition:
        self._safety_only(node, "either")
        here = self._condition(node)
        return AnyOf((here, self._on_other_side(here, node)))

    def _other(self, node: Source) -> Condition:
        return self._on_other_side(self._condition(node), node)

    def _on_other_side(self, condition: Condition, node: Source) -> Condition:
        if isinstance(condition, FindingTest) and self._sided(condition.finding):
            return FindingTest(
                condition.finding, condition.word, condition.levels, condition.needed, other=True
            )
        if condition is not UNREADABLE:
            self._note(node, "the other side can only be read of a finding that has a side", "wrong_side")
        return condition

    def _sided(self, finding: str) -> bool:
        definition = self._definition(finding)
        return definition is not None and definition.sided

    def _state(self, node: Source) -> Condition:
        if not isinstance(node, Scalar):
            self._note(node, "write 'state: id'; there is no absent for states")
            return UNREADABLE
        self._known(node, self.vocabulary.states, "state")
        self.vocabulary.states_read.append((node, self.safety))
        return StateTest(node.text)

    def _flag(self, node: Source) -> Condition:
        self._safety_only(node, "flag")
        if not isinstance(node, Scalar):
            self._note(node, "write 'flag: code'")
            return UNREADABLE
        self._known(node, self.vocabulary.red_flags, "red flag")
        return FlagTest(node.text)

    def _assessed(self, node: Source) -> Condition:
        self._safety_only(node, "assessed")
        if not isinstance(node, Scalar) or node.text != "this_side":
            self._note(node, "write 'assessed: this_side'")
        return AssessedTest()

    def _class(self, node: Source) -> Condition:
        self._not_safety(node, "class")
        fields = Fields(node, self.problems, "'class'")
        names = list(fields.names())
        if len(names) != 1:
            self._note(node, "write 'class: {contributor: {is: class}}'")
            return UNREADABLE
        self._known_name(names[0], self.vocabulary.contributors, "contributor or mechanism", node)
        return ClassTest(names[0], self._classes(fields.section(names[0])))

    def _classes(self, fields: Fields) -> tuple[str, ...]:
        if fields.has("is"):
            read: tuple[str, ...] = (fields.id("is", self.classes, "class"),)
        else:
            read = fields.ids("one_of", self.classes, "class")
        fields.done()
        return read

    def _coverage(self, node: Source) -> Condition:
        self._not_safety(node, "coverage")
        fields = Fields(node, self.problems, "'coverage'")
        names = list(fields.names())
        if len(names) != 1:
            self._note(node, "write 'coverage: {contributor: {at_least: 50 %}}'")
            return UNREADABLE
        self._known_name(names[0], self.vocabulary.contributors, "contributor or mechanism", node)
        return self._coverage_test(names[0], fields.node(names[0]))

    def _coverage_test(self, contributor: str, node: Source | None) -> Condition:
        if isinstance(node, Mapping) and len(node.entries) == 1:
            word, value = next(iter(node.entries.items()))
            if word in COMPARISONS and isinstance(value, Scalar):
                number = self._number(value, "%", Decimal(0), Decimal(100))
                if number != int(number):
                    self._note(value, f"{value.text} is off the step of coverage, 1 %", "out_of_range")
                needed = f"{COMPARISONS[word]} {value.text}"
                return CoverageTest(contributor, word, (int(number),), needed)  # type: ignore[arg-type]
        self._note(node, "coverage is compared with at_least, at_most, above or below")
        return UNREADABLE

    def _each_contributor(self, node: Source) -> tuple[Condition, ...]:
        self._not_safety(node, "contributor")
        fields = Fields(node, self.problems, "the contributors' criterion")
        ranked = [c.id for c in self.vocabulary.contributors.values() if c.beneath is None]
        if fields.has("class"):
            classes = self._classes(fields.section("class"))
            tests: tuple[Condition, ...] = tuple(ClassTest(id_, classes) for id_ in ranked)
        else:
            coverage = fields.node("coverage")
            tests = tuple(self._coverage_test(id_, coverage) for id_ in ranked)
        fields.done()
        return tests

    # -- criteria over findings ------------------------------------------------

    def finding_test(self, key: str, value: Source, at: Source) -> Condition:
        definition = self._definition(key)
        if definition is None:
            known = {*self.vocabulary.findings, *self.vocabulary.derived, *self._words()}
            self._note(at, f"there is no finding '{key}'.{did_you_mean(key, known)}", "undefined")
            return UNREADABLE
        if self.scores and not self.negated and self.vocabulary.never_unknown(key):
            self._note(at, f"'{key}' is never unknown: a rule that scores may read it only in its unless")
        if isinstance(value, Scalar):
            return self._one_word(definition, value)
        if isinstance(value, Mapping) and len(value.entries) == 1:
            word, operand = next(iter(value.entries.items()))
            return self._compared(definition, word, operand)
        self._note(value, f"'{key}' needs one word, such as present or {{at_most: 4}}")
        return UNREADABLE

    def _one_word(self, definition: FindingDefinition | DerivedDefinition, value: Scalar) -> Condition:
        word = value.text
        if word in ("present", "absent"):
            if not _two_valued(definition):
                self._note(value, f"'{word}' is for yes/no findings; {definition.id} is not one")
                return UNREADABLE
            level = "yes" if word == "present" else "no"
            return FindingTest(definition.id, "one_of", (level,), level)
        if word in ("observed", "not_observed") and isinstance(definition, FindingDefinition):
            if word == "not_observed" and self.scores:
                self._note(value, "a rule that scores may not read absence: write an unless")
            return FindingTest(definition.id, word, (), word.replace("_", " "))  # type: ignore[arg-type]
        self._note(value, f"'{word}' is not a word for {definition.id}")
        return UNREADABLE

    def _compared(
        self, definition: FindingDefinition | DerivedDefinition, word: str, operand: Source
    ) -> Condition:
        if word in COMPARISONS and isinstance(operand, Scalar) and _ordered(definition):
            level = self._level(definition, operand)
            needed = f"{COMPARISONS[word]} {self._written(definition, operand)}"
            return FindingTest(definition.id, word, (level,), needed)  # type: ignore[arg-type]
        if word == "between" and isinstance(operand, Sequence) and _ordered(definition):
            return self._between(definition, operand)
        if word in ("is", "one_of") and not (isinstance(definition, DerivedDefinition)):
            return self._is(definition, word, operand)
        if word in SET_WORDS and isinstance(definition, FindingDefinition) and definition.type == "set":
            levels = tuple(self._level(definition, item) for item in self._scalars(operand))
            needed = f"{SET_WORDS[word]} {_either([_words(definition, v) for v in levels])}"
            return FindingTest(definition.id, word, levels, needed)  # type: ignore[arg-type]
        self._note(operand, f"'{word}' with this value is not a test of {definition.id}")
        return UNREADABLE

    def _between(self, definition: FindingDefinition | DerivedDefinition, operand: Sequence) -> Condition:
        scalars = self._scalars(operand)
        levels = tuple(self._level(definition, item) for item in scalars)
        if len(levels) != 2 or not _at_most(levels[0], levels[1]):
            self._note(operand, "'between' needs the lowest and the highest value")
            return UNREADABLE
        needed = f"{scalars[0].text.partition(' ')[0]} to {self._written(definition, scalars[1])}"
        return FindingTest(definition.id, "between", levels, needed)

    def _is(self, definition: FindingDefinition, word: str, operand: Source) -> Condition:
        if word == "is" and not isinstance(operand, Scalar):
            self._note(operand, "'is' takes one value; use one_of")
            return UNREADABLE
        scalars = [operand] if isinstance(operand, Scalar) else self._scalars(operand)
        if definition.type not in ("choice", "grade", "integer"):
            self._note(operand, f"'{word}' is for choices, grades and integers")
        for scalar in scalars:
            if scalar.text in definition.unknown_values:
                self._note(
                    scalar, f"'{scalar.text}' counts as not assessed: nothing can equal it", "out_of_range"
                )
        levels = tuple(self._level(definition, scalar) for scalar in scalars)
        return FindingTest(
            definition.id, "one_of", levels, _either([_words(definition, s.text) for s in scalars])
        )

    def _level(self, definition: FindingDefinition | DerivedDefinition, scalar: Scalar) -> Level:
        if isinstance(definition, DerivedDefinition):
            number = self._number(scalar, definition.unit, None, None)
            return in_steps(number, None)
        if definition.numeric:
            return self._finding_number(definition, scalar)
        if scalar.text not in definition.values:
            hint = did_you_mean(scalar.text, definition.values)
            self._note(scalar, f"{definition.id} has no value '{scalar.text}'.{hint}", "undefined")
            return 0 if definition.type == "grade" else scalar.text
        return definition.level(scalar.text)

    def _finding_number(self, definition: FindingDefinition, scalar: Scalar) -> Level:
        number = self._number(scalar, definition.unit, definition.minimum, definition.maximum)
        level = definition.level(number)
        if not isinstance(level, int):
            said = f"{scalar.text} is off the step of {definition.id}, {definition.step}"
            self._note(scalar, said, "out_of_range")
        return level

    def _number(
        self, scalar: Scalar, unit: str | None, minimum: Decimal | None, maximum: Decimal | None
    ) -> Decimal:
        text, _, given_unit = scalar.text.partition(" ")
        if not NUMBER.fullmatch(text):
            self._note(scalar, f"'{scalar.text}' is not a number")
            return Decimal(0)
        if given_unit != (unit or ""):
            wanted = f"in {unit}: {text} {unit}" if unit else f"without a unit: {text}"
            self._note(scalar, f"'{scalar.text}' must be written {wanted}", "unit")
        number = decimal(Scalar(text, True, scalar.file, scalar.line)) or Decimal(0)
        if minimum is not None and maximum is not None and not minimum <= number <= maximum:
            self._note(scalar, f"{text} is outside the range {minimum} to {maximum}", "out_of_range")
        return number

    def _written(self, definition: FindingDefinition | DerivedDefinition, scalar: Scalar) -> str:
        """A limit as people write it, in words for its unit."""
        words = self.vocabulary.units.get(definition.unit or "")
        return words.write(scalar.text.partition(" ")[0]) if words else scalar.text

    # -- small change ------------------------------------------------------------

    def _definition(self, key: str) -> FindingDefinition | DerivedDefinition | None:
        return self.vocabulary.findings.get(key) or self.vocabulary.derived.get(key)

    def _scalars(self, node: Source) -> list[Scalar]:
        items = node.items if isinstance(node, Sequence) else ()
        scalars = [item for item in items if isinstance(item, Scalar)]
        if not scalars or len(scalars) != len(items):
            self._note(node, "a list of values is needed here")
        return scalars

    def _safety_only(self, node: Source, word: str) -> None:
        if not self.safety:
            self._note(node, f"'{word}' may only be used in safety rules")

    def _not_safety(self, node: Source, word: str) -> None:
        if self.safety:
            self._note(node, f"'{word}' may not be used in safety rules: the screen runs first")

    def _known(self, scalar: Scalar, known: Collection[str], kind: str) -> None:
        self._known_name(scalar.text, known, kind, scalar)

    def _known_name(self, name: str, known: Collection[str], kind: str, at: Source) -> None:
        if name not in known:
            self._note(at, f"there is no {kind} '{name}'.{did_you_mean(name, known)}", "undefined")

    def _note(self, node: Source | None, message: str, kind: Kind = "refused") -> None:
        if node is not None:
            self.problems.append(Problem(node.file, node.line, message, kind))


def _two_valued(definition: FindingDefinition | DerivedDefinition) -> bool:
    if isinstance(definition, DerivedDefinition):
        return definition.two_valued
    return definition.type == "yes_no"


def _ordered(definition: FindingDefinition | DerivedDefinition) -> bool:
    if isinstance(definition, DerivedDefinition):
        return not definition.two_valued
    return definition.ordered


def _words(definition: FindingDefinition, value: object) -> str:
    if definition.type == "grade":
        return str(value)
    return definition.values.get(str(value), str(value))


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _at_most(low: Level, high: Level) -> bool:
    return not isinstance(low, str | frozenset) and low <= high  # type: ignore[operator]
