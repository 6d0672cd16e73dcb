"""`kneechain trace`: proves an answer that was given, for auditors."""

import json
from pathlib import Path
from typing import Any

import click

from schemas.exam import ExamReader
from schemas.faults import InvalidBody, printable
from schemas.strict_json import read_json
from schemas.text import parse_instant
from service.cli.common import Commands, NotRight, complain, complaints, print_json, rulebase
from service.domain.exam import Exam
from service.domain.rulebase import RuleBase
from service.proof.book import RulesInACircle
from service.proof.check import Checker, checked_parts
from service.proof.shapes import ABSENT, Discrepancy
from service.terminal import fault_table

DISCREPANCIES, UNREADABLE = 1, 2
"""What `trace check` exits with where the answer is not right, or cannot be checked."""
OPTIONAL = ("trace", "undetermined", "ledger")
"""The parts of which it is said whether they were there."""
LONGEST = 600
"""Characters of a value that are shown; a firing that was left out would fill the screen."""

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class AuditCommands(Commands):
    """Exit code 1 is kept for an answer that is not right."""

    rules_not_right = UNREADABLE


@click.group(cls=AuditCommands)
def trace() -> None:
    """Prove an answer that was given."""


@trace.command()
@click.argument("exam", type=FILE)
@click.argument("answer", type=FILE)
@click.option("--brief", is_flag=True, help="A brief answer was asked for: its reasoning may be left out.")
@click.option("--ledger", is_flag=True, help="A ledger was asked for: it must be there.")
@click.option("--json", "as_json", is_flag=True, help="What was checked, and the discrepancies, as JSON.")
def check(exam: Path, answer: Path, brief: bool, ledger: bool, as_json: bool) -> None:
    """Check ANSWER, as the API gave it, against EXAM, as it was posted, and the rules alone.

    No engine is asked: the rules are evaluated anew. Whatever is there is checked. Exits 0 where everything
    the answer claims is right, 1 where it is not, with each discrepancy, 2 where a file cannot be read, or
    the rules here are not those the answer names.
    """
    base = rulebase()
    given = _answer(answer.read_bytes())
    _same_rules(base, given)
    posted = _exam(exam.read_bytes(), base, given)
    found = _checker(base).check(posted, given, brief=brief, with_ledger=ledger)
    checked = checked_parts(given, brief, ledger)
    if as_json:
        print_json({"right": not found, "checked": checked, "discrepancies": list(map(_written, found))})
    else:
        _print(given, checked, found)
    raise SystemExit(DISCREPANCIES if found else 0)


def _checker(base: RuleBase) -> Checker:
    try:
        return Checker(base)
    except RulesInACircle as rule:
        raise NotRight(f"rules wait for each other, among them {rule}") from None


# -- what is checked -----------------------------------------------------------------------------


def _answer(body: bytes) -> dict[str, Any]:
    if _explains(body):
        raise NotRight("this is a reply of /v1/explain, not an assessment: only an assessment can be proved")
    try:
        read_json(body)  # each key once: of a key given twice no two readers read the same
        given = json.loads(body)
    except InvalidBody as invalid:
        complaints().print(fault_table(invalid))
        raise NotRight("the answer cannot be read") from None
    if not isinstance(given, dict) or not isinstance(given.get("rule_base"), dict):
        raise NotRight("the answer names no rule base: it is no answer of POST /v1/assessments")
    return given


def _explains(body: bytes) -> bool:
    """Whether it is a reply to a question, which may be nested deeper than an assessment."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and "question" in given


def _same_rules(base: RuleBase, given: dict[str, Any]) -> None:
    named = given["rule_base"].get("digest")
    if named != base.digest:
        there = printable(str(named))
        raise NotRight(
            f"the answer was given under the rules {there}, but those here are {base.digest}; "
            "KNEECHAIN_RULES names the folder of the rules to check it with"
        )


def _exam(body: bytes, base: RuleBase, given: dict[str, Any]) -> Exam:
    """Read as the service read it, at the time the answer says."""
    assessed_at = given.get("assessed_at")
    now = parse_instant(assessed_at) if isinstance(assessed_at, str) else None
    if now is None:
        raise NotRight("the answer does not say when it was made: assessed_at is no time with its offset")
    try:
        return ExamReader(base).read_bytes(body, now)
    except InvalidBody as invalid:
        complaints().print(fault_table(invalid))
        raise NotRight("the exam is not one that could have been answered") from None


# -- what is said --------------------------------------------------------------------------------


def _print(given: dict[str, Any], checked: list[str], found: list[Discrepancy]) -> None:
    for one in found:
        click.echo(f"{one.pointer}  {one.kind}")
        click.echo(f"  claimed: {_short(one.claimed)}")
        click.echo(f"  right:   {_short(one.right)}")
    if found:
        complain(f"{len(found)} {'discrepancy' if len(found) == 1 else 'discrepancies'}")
        return
    there = ", ".join(part for part in OPTIONAL if part in checked)
    missing = ", ".join(part for part in OPTIONAL if part not in checked)
    proved = [f"proved under {given['rule_base']['digest']}", there and f"with {there}"]
    click.echo(", ".join(filter(None, [*proved, missing and f"without {missing}"])))


def _short(value: Any) -> str:
    text = "nothing" if value is ABSENT else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _written(one: Discrepancy) -> dict[str, Any]:
    """A side that says nothing is left out."""
    sides = {"claimed": one.claimed, "right": one.right}
    values = {side: json.loads(json.dumps(v, default=str)) for side, v in sides.items() if v is not ABSENT}
    return {"kind": one.kind, "pointer": one.pointer, **values}
