"""`kneechain rules coverage`: which examples show that each criterion of a rule matters."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from service.cli.common import RULES_NOT_RIGHT, console, of_code, rulebase
from service.knowledge.problems import Problem, RuleBaseError

if TYPE_CHECKING:
    from service.verify.mcdc import Covered


@click.command()
@click.argument("code", required=False)
def coverage(code: str | None) -> None:
    """For each criterion of a rule the examples that turn on it: true in one, false in another, and unknown.

    Of the rule CODE, or of all. Exits 1 where an example is missing.
    """
    from service.verify.alone import inference_alone
    from service.verify.examples import Examples
    from service.verify.mcdc import coverage as cover

    base = rulebase()
    chosen = base.rules if code is None else (of_code(base.rule_by_code, code),)
    problems: list[Problem] = []
    runs = Examples(inference_alone(base)).run_all(problems, chosen)
    if problems:
        raise RuleBaseError(problems)
    found: list[Covered] = []
    for rule, criteria in cover(chosen, base, runs):
        found.extend(criteria)
        _print(f"{rule.code} {rule.title}", *(line for covered in criteria for line in _lines(covered)))
    _print(_summary(found))
    if any(covered.missing for covered in found):
        raise SystemExit(RULES_NOT_RIGHT)


def _lines(covered: "Covered") -> Iterator[str]:
    shown, could_be = covered.shown, covered.could_be
    yield f"  {covered.criterion.words}"
    if could_be.pair:
        yield f"    true: {shown.if_true or MISSING}"
        yield f"    false: {shown.if_false or MISSING}"
        if shown.if_true and shown.if_false and not shown.pair:
            yield f"    {MISSING}: in neither of two such examples it decides for and against"
    else:
        yield f"    true and false: {_why_never(could_be.if_true, could_be.if_false)}"
    yield f"    unknown: {(shown.unknown or MISSING) if could_be.unknown is not None else NEVER_UNKNOWN}"


MISSING = "an example is missing"
NEVER_UNKNOWN = "cannot be shown: it is never unknown, or never matters then"


def _why_never(if_true: str | None, if_false: str | None) -> str:
    never = [word for word, found in (("true", if_true), ("false", if_false)) if found is None]
    return f"cannot be shown: while {never[0]} it never decides" if never else "cannot be shown together"


def _summary(found: Iterable["Covered"]) -> str:
    found = list(found)
    pairs = sum(covered.could_be.pair for covered in found)
    unknown = sum(covered.could_be.unknown is not None for covered in found)
    return (
        f"{len(found)} criteria: {sum(c.shown.pair for c in found)} of {pairs} pairs that can be are shown, "
        f"{sum(c.shown.unknown is not None for c in found)} of {unknown} unknown"
    )


def _print(*lines: str) -> None:
    for line in lines:
        console().print(line, markup=False, highlight=False, soft_wrap=True)
