"""Reads `rules/vocabulary/derived.yaml`: declared formulas over findings."""

from service.domain.rule import FindingTest
from service.domain.vocabulary import (
    Count,
    DerivedDefinition,
    Difference,
    FirstUsable,
    Formula,
    KnownTrue,
    ObservedCount,
    UsableTest,
)
from service.knowledge.conditions import ConditionReader
from service.knowledge.fields import Fields
from service.knowledge.problems import Problem, did_you_mean
from service.knowledge.vocabulary import (
    REGIONS,
    VERIFICATIONS,
    Vocabulary,
    read_operand,
    read_ratio,
    read_unit,
)

KINDS = ("ratio", "difference", "first_usable", "count", "known_true", "observed_count")


def read_derived(fields: Fields, into: Vocabulary, reader: ConditionReader) -> None:
    """A formula may read findings and the formulas above it."""
    section = fields.section("derived")
    for key in section.names():
        entry = section.section(key)
        if key in into.findings:
            entry.problem(f"'{key}' is a finding already")
        into.derived[key] = DerivedDefinition(
            id=key,
            label=entry.text("label"),
            sided=entry.one_of("side", ("sided", "none")) == "sided",
            formula=_read_formula(entry, into, reader),
            cite=entry.id("cite", into.sources, "source in evidence.yaml"),
            verification=entry.one_of("verification", VERIFICATIONS),
            unit=read_unit(entry, into),
        )
        entry.done()


def _read_formula(entry: Fields, into: Vocabulary, reader: ConditionReader) -> Formula:
    match entry.one_of("kind", KINDS):
        case "ratio":
            return read_ratio(entry, into)
        case "difference":
            return Difference(read_operand(entry, "of", into), read_operand(entry, "minus", into))
        case "first_usable":
            return FirstUsable(_read_tests(entry, reader))
        case "count":
            return Count(_read_tests(entry, reader), entry.flag("always_known"))
        case "known_true":
            when = entry.node("when")
            return KnownTrue(reader.read(when)) if when else ObservedCount("")
        case _:
            return ObservedCount(entry.one_of("region", REGIONS))


def _read_tests(entry: Fields, reader: ConditionReader) -> tuple[UsableTest, ...]:
    return tuple(_read_test(test, reader) for test in entry.each("tests"))


def _read_test(fields: Fields, reader: ConditionReader) -> UsableTest:
    test = _criterion(fields, "test", reader)
    only_if = _criterion(fields, "only_if", reader) if fields.has("only_if") else None
    points = fields.integer("points", 1)
    fields.done()
    return UsableTest(test, only_if, points)


def _criterion(fields: Fields, key: str, reader: ConditionReader) -> FindingTest:
    node = fields.node(key)
    condition = reader.read(node) if node else None
    if isinstance(condition, FindingTest):
        return condition
    fields.problem(f"'{key}' must be one test of one finding", fields.line_of(key))
    return FindingTest("", "observed", (), "")


def check_operands(into: Vocabulary, problems: list[Problem]) -> None:
    """Formulas may only compute with numbers that exist, and with the other side only of sided ones."""
    for scalar, other in into.operands:
        definition = into.findings.get(scalar.text)
        if definition is None or not definition.numeric:
            said = f"'{scalar.text}' is no numeric finding.{did_you_mean(scalar.text, into.findings)}"
            problems.append(Problem(scalar.file, scalar.line, said, "undefined"))
        elif other and not definition.sided:
            said = f"'{scalar.text}' has no other side"
            problems.append(Problem(scalar.file, scalar.line, said, "wrong_side"))
