"""`kneechain audit report`: what was recorded, counted, on the terminal or as one page."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from schemas.statistics import write_statistics
from service.cli.audit import TENANT, of_tenant, opened
from service.cli.common import NotRight, complain, console, print_json, rulebase
from service.clock import clock
from service.domain.statistics import SAYS, SUPPRESSED, FlagCounts, Named, Part, RuleCounts, Statistics
from service.records.statistics import statistics
from service.report.document import Report, number, per_cent

DAY = click.DateTime(["%Y-%m-%d"])
WIDTH = 20
MOST_ROWS = 25
Row = tuple[str, ...]
FULL, PARTS = "█", " ▏▎▍▌▋▊▉"


@click.command()
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="One page with charts, in a file."
)
@click.option(
    "--json", "as_json", is_flag=True, help="All of it as JSON, as GET /v1/audit/statistics has it."
)
@click.option("--since", type=DAY, help="Only assessments from this day on (UTC).")
@click.option("--until", type=DAY, help="Only assessments before this day (UTC).")
@TENANT
def report(
    html: Path | None, as_json: bool, since: datetime | None, until: datetime | None, tenant: str
) -> None:
    """How often rules fire, stay undetermined, are overridden; what is held, missing, concluded.

    Groups under five are suppressed. It shows what was recorded together, and proves no rule right.
    """
    store = opened()
    counted = statistics(store, of_tenant(store, tenant), _day(since), _day(until))
    if as_json:
        print_json(write_statistics(counted))
        return
    made = Report(counted, rulebase(), clock())
    if html is None:
        _print(made)
        return
    try:
        html.write_text(made.html, encoding="utf-8")
    except OSError as error:
        raise NotRight(f"{html} cannot be written: {error.strerror}") from None
    click.echo(f"{html}: {len(made.html.encode()):,} bytes")


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


# -- on the terminal -----------------------------------------------------------------------------


def _print(made: Report) -> None:
    counted, approval = made.statistics, made.rulebase.approval
    if approval.status != "reviewed":
        complain(approval.draft_notice)
    click.echo(f"{counted.tenant}: {made.span}")
    click.echo(SAYS)
    for title, headings, rows in _tables(made):
        if rows:
            _table(title, headings, rows)
    click.echo(f"\n{SUPPRESSED}")


def _tables(made: Report) -> Iterator[tuple[str, tuple[str, ...], list[Row]]]:
    counted = made.statistics
    yield "Records", ("", "number"), [*_records(counted)]
    yield "Safety screen", ("outcome", "assessments", ""), _bars(counted.outcomes)
    yield "Red flags", ("flag", "open", "held", "cleared", ""), [*map(_flag, counted.flags)]
    yield "Rules", ("rule", "fired", "", "undetermined", ""), [*map(_rule, made.rules)]
    title = "Overrides, of the reviewed assessments in which the rule fired"
    yield title, ("rule", "reviewed", "disputed", "95 % interval", ""), [*map(_override, made.overridden)]
    yield "Missing findings", ("finding", "assessments", ""), _bars(counted.missing)
    classes: list[Row] = [
        (of.id, *_classes(made.by_name(of.classes), made.classes)) for of in counted.classes
    ]
    yield "Classes", ("contributor", *map(made.class_, made.classes)), classes
    yield "Reviews", ("decision", "assessments", ""), _bars(counted.reviews.decisions)
    bases: list[Row] = [(base.version, base.digest, _part(base.given)) for base in counted.rule_bases]
    yield "Rule bases", ("version", "digest", "assessments"), bases


def _table(title: str, headings: tuple[str, ...], rows: list[Row]) -> None:
    table = Table(*headings, title=title, title_justify="left", title_style="bold", box=None)
    for column, heading in zip(table.columns, headings, strict=True):
        column.no_wrap = True
        column.justify = "right" if heading and column is not table.columns[0] else "left"
    for row in rows[:MOST_ROWS]:
        table.add_row(*map(Text, row))
    console().print("\n", table, sep="")
    if len(rows) > MOST_ROWS:
        click.echo(f"and {len(rows) - MOST_ROWS} more (--html or --json shows all)")


def _records(counted: Statistics) -> Iterator[Row]:
    yield "assessments", number(counted.assessments)
    yield "reviewed", number(counted.reviews.reviewed.count)
    yield "corrections of others", number(counted.corrections.count)
    yield "refused", number(counted.refusals)
    yield "previews", number(counted.previews)
    yield "evaluators disagreed", number(counted.disagreements)


def _flag(flag: FlagCounts) -> Row:
    return flag.code, _part(flag.open), _part(flag.held), _part(flag.cleared), bar(flag.open.share)


def _rule(rule: RuleCounts) -> Row:
    fired, left = rule.fired, rule.undetermined
    return f"{rule.code}@{rule.version}", _part(fired), bar(fired.share), _part(left), bar(left.share)


def _override(rule: RuleCounts) -> Row:
    of = rule.overrides
    interval = " to ".join(map(per_cent, of.interval or ()))
    name = f"{rule.code}@{rule.version}"
    return name, number(of.reviewed), _part(of.disputed), interval, bar(of.disputed.share)


def _classes(found: Mapping[str, Part], names: list[str]) -> Iterator[str]:
    return (number(found[name].count if name in found else None) for name in names)


def _bars(found: Iterable[Named]) -> list[Row]:
    return [(named.name, _part(named.part), bar(named.part.share)) for named in found]


def _part(part: Part) -> str:
    return number(part.count) if part.suppressed else f"{number(part.count)} ({per_cent(part.share)})"


def bar(share: float | None) -> str:
    """A share as a bar of block characters; nothing where it is suppressed."""
    eighths = round((share or 0) * WIDTH * 8)
    return (FULL * (eighths // 8) + PARTS[eighths % 8]).rstrip()
