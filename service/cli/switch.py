"""`kneechain rules disable` and `enable`: the kill-switch."""

import click

from schemas.faults import printable
from schemas.text import short_text
from service.cli.common import NotRight, rulebase
from service.clock import clock
from service.config import Config
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.versions.switch import CannotSwitch, left_dark, switch_off, switch_on

RESTART = "Running services keep the rules they started with: restart them."


@click.command()
@click.argument("code")
@click.option("--by", required=True, help="Who decides it; shown in every answer.")
@click.option("--reason", required=True, help="Why; shown in every answer. Nothing of a patient.")
@click.option("--safety", is_flag=True, help="Needed for a safety rule: no screen is complete then.")
def disable(code: str, by: str, reason: str, safety: bool) -> None:
    """Take rule CODE out of force. What it would conclude is unknown from then on, never absent.

    Changes its file and adds a line on clinical impact to the changelog. Every answer names the rule.
    """
    base = rulebase()
    _check_code(base, code)
    _check_text("--by", by, 200)
    _check_text("--reason", reason, 1000)
    if base.rule_by_code[code].safety and not safety:
        raise NotRight(
            f"{code} is part of the safety screen: with --safety it is switched off, and every answer says "
            "that the screen is not complete"
        )
    off = SwitchedOff(by.strip(), clock().date(), reason.strip(), base.rule_by_code[code].status)
    try:
        after = switch_off(Config.from_environment().rules, base, code, off)
    except CannotSwitch as error:
        raise NotRight(str(error)) from None
    click.echo(f"{code} is switched off.")
    for said in left_dark(after, code):
        click.echo(f"- {said}")
    if base.rule_by_code[code].safety:
        click.echo("- the safety screen is never complete: its status is incomplete at best")
    _say_digest(base, after)


@click.command()
@click.argument("code")
@click.option("--by", required=True, help="Who decides it.")
def enable(code: str, by: str) -> None:
    """Put rule CODE back in force, with the status it had."""
    base = rulebase()
    _check_code(base, code)
    _check_text("--by", by, 200)
    try:
        after = switch_on(Config.from_environment().rules, base, code, by.strip(), clock().date())
    except CannotSwitch as error:
        raise NotRight(str(error)) from None
    click.echo(f"{code} is in force again.")
    _say_digest(base, after)


def _say_digest(before: RuleBase, after: RuleBase) -> None:
    click.echo(f"digest {before.digest}\n    -> {after.digest}\n{RESTART}")


def _check_code(base: RuleBase, code: str) -> None:
    if code in base.rule_by_code:
        return
    if code in base.readable:
        raise NotRight(f"{code} is a convention: the engine keeps it, nothing can switch it off")
    raise NotRight(f"there is no rule {printable(code)}; 'kneechain rules list' names them")


def _check_text(option: str, text: str, longest: int) -> None:
    if not short_text(text, longest):
        raise NotRight(f"{option} must be 1 to {longest} printable characters in one line")
