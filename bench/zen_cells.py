"""Conditions in the ZEN language: as whole expressions, and as the cells of decision-table rows.

Comparing with null is an error in ZEN, so each comparison asks for null first.
A cell cannot begin with a bracket or `not`, so opposites are written out. Each
is compiled once on its own, which raises RuntimeError where ZEN cannot read it:
a table would take it in silence for a cell that never matches.
"""

import itertools
import json

import zen

from bench.cases import plain
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

OPERATORS = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
OPPOSITES = {"at_least": "<", "at_most": ">", "above": "<=", "below": ">="}

Literal = tuple[Criterion, bool]
"""A criterion that must be known true, or must not be."""
Row = tuple[Literal, ...]


def firing(rule: Rule) -> str:
    """An expression that is true where the rule fires."""
    when = expression(rule.when)
    whole = when if rule.unless == NEVER else f"{when} and not({expression(rule.unless)})"
    zen.compile_expression(whole)
    return whole


def expression(condition: Condition) -> str:
    """An expression that is true where the condition is known true."""
    match condition:
        case AllOf(()):
            return "true"
        case AnyOf(()):
            return "false"
        case AllOf(members):
            return f"({' and '.join(map(expression, members))})"
        case AnyOf(members):
            return f"({' or '.join(map(expression, members))})"
        case AtLeastN(n, members):
            return f"({_tally(members)} >= {n})"
        case ExactlyN(n, members):
            known = " and ".join(f"{field_of(member)} != null" for member in members)
            return f"({known} and {_tally(members)} == {n})"
        case NotKnown(member):
            return f"not({expression(member)})"
        case _:
            return f"({_true(condition, field_of(condition))})"


def _tally(members: tuple[Condition, ...]) -> str:
    return "sum([" + ", ".join(f"{expression(member)} ? 1 : 0" for member in members) + "])"


def cells_of(rule: Rule) -> list[dict[str, str]]:
    """The rows of the rule: for each alternative, the cell of each field it reads."""
    rows = _both([_rows(rule.when, True), _rows(rule.unless, False)])
    return [_cells(row) for row in rows]


def field_of(criterion: Condition) -> str:
    """The path of what a criterion reads in a decision's context."""
    match criterion:
        case FindingTest(finding=finding, other=other):
            return f"other.{finding}" if other else finding
        case StateTest(state):
            return f"state.{state}"
        case ClassTest(contributor):
            return f"class.{contributor}"
        case CoverageTest(contributor):
            return f"coverage.{contributor}"
        case _:
            raise TypeError(f"only safety rules read {criterion}")


# -- single criteria ---------------------------------------------------------------------


def _true(criterion: Criterion, seen: str) -> str:
    match criterion:
        case StateTest():
            return f"{seen} == true"
        case ClassTest(_, classes):
            return f"{seen} in {json.dumps(list(classes))}"
        case CoverageTest(_, word, levels):
            return f"{seen} {OPERATORS[word]} {_written(levels[0])}"
        case FindingTest():
            return _finding_true(criterion, seen)
        case _:
            raise TypeError(f"only safety rules read {criterion}")


def _finding_true(test: FindingTest, seen: str) -> str:
    levels = [_written(level) for level in test.levels]
    match test.word:
        case "observed":
            return f"{seen} != null"
        case "not_observed":
            return f"{seen} == null"
        case "one_of" if len(levels) == 1:
            return f"{seen} == {levels[0]}"
        case "one_of":
            return f"{seen} in [{', '.join(levels)}]"
        case _:
            return f"{seen} != null and {_compares(test, seen, levels)}"


def _compares(test: FindingTest, seen: str, levels: list[str]) -> str:
    """The test of a value that is not null."""
    match test.word:
        case "between":
            return f"{seen} in [{levels[0]}..{levels[1]}]"
        case "includes_any":
            return f"some({seen}, # in [{', '.join(levels)}])"
        case "includes_all":
            return f"all([{', '.join(levels)}], # in {seen})"
        case "only":
            return f"all({seen}, # in [{', '.join(levels)}])"
        case word:
            return f"{seen} {OPERATORS[word]} {levels[0]}"


def _not_true(criterion: Criterion, seen: str) -> str:
    """False or unknown, without brackets: alternatives joined by `or`."""
    match criterion:
        case StateTest():
            return f"{seen} != true"
        case ClassTest(_, classes):
            return f"{seen} not in {json.dumps(list(classes))}"
        case CoverageTest(_, word, levels):
            return f"{seen} {OPPOSITES[word]} {_written(levels[0])}"
        case FindingTest():
            return _finding_not_true(criterion, seen)
        case _:
            raise TypeError(f"only safety rules read {criterion}")


def _finding_not_true(test: FindingTest, seen: str) -> str:
    levels = [_written(level) for level in test.levels]
    match test.word:
        case "observed":
            return f"{seen} == null"
        case "not_observed":
            return f"{seen} != null"
        case "one_of":
            return f"{seen} not in [{', '.join(levels)}]"
        case "between":
            return f"{seen} == null or {seen} < {levels[0]} or {seen} > {levels[1]}"
        case "includes_any" | "includes_all" | "only":
            return f"{seen} == null or not({_compares(test, seen, levels)})"
        case word:
            return f"{seen} == null or {seen} {OPPOSITES[word]} {levels[0]}"


def _written(level: object) -> str:
    return json.dumps(plain(level))


# -- rows of a table ---------------------------------------------------------------------


def _rows(condition: Condition, true: bool) -> list[Row]:
    """Alternatives of which one holds where the condition is known true, or is not (De Morgan)."""
    match condition:
        case AllOf(members):
            parts = [_rows(member, true) for member in members]
            return _both(parts) if true else _either(parts)
        case AnyOf(members):
            parts = [_rows(member, true) for member in members]
            return _either(parts) if true else _both(parts)
        case AtLeastN(n, members):
            chosen = itertools.combinations(members, n if true else len(members) - n + 1)
            return _either([_both([_rows(member, true) for member in some]) for some in chosen])
        case ExactlyN(n, members) if true:
            chosen = itertools.combinations(members, n)
            return _either([_both([_one_of_exactly(m, m in some) for m in members]) for some in chosen])
        case NotKnown(member):
            return _rows(member, not true)
        case ExactlyN():
            raise ValueError("exactly_n cannot stand in unless")
        case _:
            return [((condition, true),)]


def _one_of_exactly(member: Condition, holds: bool) -> list[Row]:
    """A member of exactly_n: true, or known and not true."""
    assert isinstance(member, FindingTest)
    if holds:
        return [((member, True),)]
    observed = FindingTest(member.finding, "observed", (), "observed", member.other)
    return [((observed, True), (member, False))]


def _either(parts: list[list[Row]]) -> list[Row]:
    return list(dict.fromkeys(row for rows in parts for row in rows))


def _both(parts: list[list[Row]]) -> list[Row]:
    joined = (tuple(dict.fromkeys(itertools.chain(*rows))) for rows in itertools.product(*parts))
    return list(dict.fromkeys(joined))


def _cells(row: Row) -> dict[str, str]:
    by_field: dict[str, list[Literal]] = {}
    for literal in row:
        by_field.setdefault(field_of(literal[0]), []).append(literal)
    cells = {field: _cell(literals) for field, literals in by_field.items()}
    for cell in cells.values():
        zen.compile_unary_expression(cell)
    return cells


def _cell(literals: list[Literal]) -> str:
    """One cell for one field; the plain form where there is one, as Zen indexes those."""
    if len(literals) == 1 and literals[0][1]:
        match literals[0][0]:
            case StateTest():
                return "true"
            case ClassTest(_, classes):
                return ", ".join(map(json.dumps, classes))
            case FindingTest(word="one_of", levels=levels):
                return ", ".join(map(_written, levels))
    cell = ""
    for criterion, true in literals:
        test = _true(criterion, "$") if true else _not_true(criterion, "$")
        cell = _and(cell, test) if cell else test
    return cell


def _and(left: str, right: str) -> str:
    """Both of two tests that are alternatives joined by `or`, without brackets."""
    choices = itertools.product(left.split(" or "), right.split(" or "))
    return " or ".join(f"{one} and {two}" for one, two in choices)
