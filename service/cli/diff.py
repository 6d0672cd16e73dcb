"""`kneechain rules diff`: what two rule bases conclude differently, with exams that show it."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from schemas.assessment import write_rule_base
from schemas.faults import printable
from service.cli.common import NO_ANSWER, RULES_NOT_RIGHT, NotRight, complain, print_json
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.inference.no_answer import NoAnswer
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.versions.diff import DecisionDiff, Diff, RuleDiff, Witness, compare

MOST_SHOWN = 8


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="The whole comparison instead of lines.")
def diff(old: str, new: str, as_json: bool) -> None:
    """What the rule bases OLD and NEW conclude differently, with exams that show it.

    Each is a folder, or a git revision of this checkout (whose rules/ is then read).

    Exits 0 with a comparison, whether or not they differ; 1 where this program cannot load one of them, as
    may be with an old revision; 2 where one is neither folder nor revision; 3 where the evaluators gave no
    answer.
    """
    with ExitStack() as stack:
        bases = tuple(_load(stack, named) for named in (old, new))
    try:
        found = compare(*bases)
    except NoAnswer as reason:
        complain(f"no comparison: {reason}")
        raise SystemExit(NO_ANSWER) from None
    if as_json:
        print_json(_document(found, *bases))
        return
    for line in _lines(found, *bases):
        click.echo(line)


def _load(stack: ExitStack, named: str) -> RuleBase:
    """The rule base named. Exits with the first of what is wrong where it cannot be loaded."""
    try:
        return load_rulebase(_folder(stack, named))
    except RuleBaseError as error:
        count = len(error.problems)
        counted = "1 problem" if count == 1 else f"{count} problems"
        complain(f"the rules of {printable(named)} cannot be loaded by this program: {counted}")
        complain(*(f"  {problem}" for problem in error.problems[:MOST_SHOWN]))
        if count > MOST_SHOWN:
            complain(f"  and {count - MOST_SHOWN} more")
        raise SystemExit(RULES_NOT_RIGHT) from None


def _folder(stack: ExitStack, named: str) -> Path:
    """The folder named, or one made of the rules of that revision."""
    if Path(named).is_dir():
        return Path(named)
    command = ["git", "-C", str(CHECKOUT), "archive", "--format=tar", f"{named}^{{commit}}", "--", "rules"]
    made = None if named.startswith("-") else subprocess.run(command, capture_output=True, check=False)
    if made is None or made.returncode != 0:
        raise NotRight(f"{printable(named)} is neither a folder nor a revision of this checkout with rules")
    folder = Path(stack.enter_context(TemporaryDirectory()))
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "rules"


def _document(found: Diff, old: RuleBase, new: RuleBase) -> dict[str, Any]:
    return {
        "old": write_rule_base(old),
        "new": write_rule_base(new),
        "rules": [
            {
                "code": rule.code,
                "title": rule.title,
                "change": rule.change,
                "version": {"old": rule.versions[0], "new": rule.versions[1]},
                "status": {"old": rule.status[0], "new": rule.status[1]},
                "parts": list(rule.parts),
                "concludes": rule.concludes,
                "witness": _witness(rule.witness),
            }
            for rule in found.rules
        ],
        "decisions": [
            {"name": item.name, "change": item.change, "witness": _witness(item.witness)}
            for item in found.decisions
        ],
    }


def _witness(witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    differs = [{"what": what, "old": old, "new": new} for what, old, new in witness.differs]
    return {"exam": witness.exam, "differs": differs}


CONCLUDES = {
    "differs": "concludes otherwise",
    "same": "no exam tells the two apart",
    "texts only": "only texts differ",
    "not found": "no exam was found that tells the two apart; the search was not exhaustive",
}


def _lines(found: Diff, old: RuleBase, new: RuleBase) -> Iterator[str]:
    yield f"{old.name} {old.version} {old.digest}\n-> {new.name} {new.version} {new.digest}"
    if not (found.rules or found.decisions):
        yield "no difference but perhaps in texts outside the rules, examples and comments"
    for rule in found.rules:
        yield from _rule_lines(rule)
    for item in found.decisions:
        yield from _decision_lines(item)


def _rule_lines(rule: RuleDiff) -> Iterator[str]:
    versions = " -> ".join(str(version) for version in rule.versions if version is not None)
    yield f"\n{rule.change} {rule.code} {rule.title} (version {versions})"
    if rule.parts and rule.change == "changed":
        yield f"  differs in: {', '.join(rule.parts)}"
    yield f"  {CONCLUDES[rule.concludes]}"
    yield from _witness_lines(rule.witness)


def _decision_lines(item: DecisionDiff) -> Iterator[str]:
    yield f"\n{item.change} {item.name}"
    if item.witness is None:
        yield "  no exam was found that shows it; the search was not exhaustive"
    yield from _witness_lines(item.witness)


def _witness_lines(witness: Witness | None) -> Iterator[str]:
    if witness is None:
        return
    seen = [
        f"{f['id']}{' ' + f['side'] if 'side' in f else ''} {json.dumps(f['value'], ensure_ascii=False)}"
        for f in witness.exam["findings"]
    ]
    yield f"  exam, {' and '.join(witness.exam['knees'])}: {'; '.join(seen) or 'nothing observed'}"
    said = [f"    {what}: {words}" for what, old, new in witness.differs if (words := _change(old, new))]
    yield from said[:MOST_SHOWN]
    if len(said) > MOST_SHOWN:
        yield f"    and {len(said) - MOST_SHOWN} more (--json shows all)"


def _change(old: Any, new: Any) -> str:
    """Of lists what came and went; of a contributor what changed, but for its rank."""
    if isinstance(old, list) and isinstance(new, list):
        gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
        return ", ".join([f"−{x}" for x in gone] + [f"+{x}" for x in come]) or "in another order"
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in old if old[key] != new.get(key) and key != "rank"]
        return ", ".join(f"{key} {_change(old[key], new.get(key))}" for key in keys)
    return f"{_said(old)} -> {_said(new)}"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
