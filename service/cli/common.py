"""What every command needs: exit codes, complaints, printing, the configured rule base."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.faults import InvalidBody, printable
from schemas.problem import invalid_body, no_answer
from service.audit.database import StoreUnavailable
from service.audit.store import Store
from service.clock import clock
from service.config import BadSettings, Config
from service.domain.rulebase import RuleBase
from service.inference.no_answer import NoAnswer
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.records.opening import StoreNotOpened, open_configured
from service.terminal import fault_table

RULES_NOT_RIGHT = 1
EXAM_NOT_RIGHT = SETTINGS_NOT_RIGHT = 2
NO_ANSWER = 3
"""What a command exits with."""

FILE = click.File("rb", lazy=True)
"""A JSON file or standard input. Opened when it is read: one opened before would stay so where another
argument is refused."""


Named = TypeVar("Named")


class NotRight(click.ClickException):
    """An argument or option that cannot be used; the message says why."""

    exit_code = SETTINGS_NOT_RIGHT


class Commands(click.Group):
    """Says in words, whichever command meets it, why settings, rules or the decision log cannot be used."""

    rules_not_right = RULES_NOT_RIGHT
    """What it exits with where the rules cannot be used."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSettings as error:
            complain(str(error))
            raise SystemExit(SETTINGS_NOT_RIGHT) from None
        except (StoreNotOpened, StoreUnavailable) as error:
            complain(str(error))
            raise SystemExit(SETTINGS_NOT_RIGHT) from None
        except RuleBaseError as error:
            folder = Config.from_environment().rules.name
            count = len(error.problems)
            complain(*(f"{folder}/{problem}" for problem in error.problems))
            complaints().print(f"{count} {'problem' if count == 1 else 'problems'}", style="bold red")
            raise SystemExit(self.rules_not_right) from None


@contextmanager
def answering(as_json: bool, attempt: str, files: Mapping[str, str] | None = None) -> Iterator[None]:
    """Says what is wrong with what was sent, or that there is no answer to this attempt, and exits so.

    `files`: which file holds what stands under a key of the body.
    """
    try:
        yield
    except InvalidBody as invalid:
        if as_json:
            print_json(invalid_body(invalid))
        else:
            complaints().print(fault_table(invalid, files))
        raise SystemExit(EXAM_NOT_RIGHT) from None
    except NoAnswer as reason:
        if as_json:
            print_json(no_answer(attempt))
        complain(f"no answer to {attempt}: {reason}")
        raise SystemExit(NO_ANSWER) from None


def console() -> Console:
    """As wide as the terminal is now."""
    return Console(emoji=False)


def complaints() -> Console:
    return Console(stderr=True, emoji=False)


def complain(*lines: str) -> None:
    for line in lines:
        complaints().print(line, markup=False, highlight=False, soft_wrap=True)


def rulebase() -> RuleBase:
    """The configured rule base."""
    return load_rulebase(Config.from_environment().rules)


def store() -> Store:
    """The configured decision log. Raises StoreNotOpened."""
    return open_configured(Config.from_environment(), clock)


def of_code(known: Mapping[str, Named], code: str) -> Named:
    """What a code stands for. Raises NotRight with what was meant, if that can be told."""
    if code not in known:
        same = next((one for one in known if one.casefold() == code.casefold()), None)
        hint = f"did you mean {same}?" if same else "'kneechain rules list' names them"
        raise NotRight(f"there is no rule {printable(code)}; {hint}")
    return known[code]


def print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Every cell as it is written; what stands first is copied from here, so it is never cut or folded."""
    table = Table(*headings, box=None)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    console().print(table)
