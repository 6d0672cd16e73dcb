"""`kneechain audit replay`: whether recorded answers come out the same again."""

import time
from collections import Counter
from datetime import datetime

import click
from rich.live import Live
from rich.text import Text

from schemas.faults import InvalidBody, NothingNamed, printable
from schemas.text import INSTANT_EXPECTED, parse_instant
from service.audit.entry import PersonErased
from service.audit.sealing import Unsealable
from service.audit.store import Store
from service.cli.audit import TENANT, WRONG, asker, of_tenant, opened
from service.cli.common import NotRight, complain, complaints, print_json
from service.config import Config
from service.inference.no_answer import NoAnswer
from service.knowledge.files import NotThatRuleBase, read_files
from service.knowledge.problems import RuleBaseError
from service.records.accesses import Asker
from service.records.archive import Archive
from service.records.replaying import Replayer
from service.records.replaying_all import replay_all
from service.records.rule_bases import NoSuchRules, RuleBases

MOST_SHOWN = 20
LEAVES_OPEN = {"identical", "erased"}
"""What may come of an assessment without anything being wrong."""


@click.command()
@click.argument("id_", metavar="ID", required=False)
@click.option("--all", "every", is_flag=True, help="Every assessment of the tenant.")
@click.option("--rules-as-of", help="Show instead what the rules of another time make of it.")
@TENANT
def replay(id_: str | None, every: bool, rules_as_of: str | None, tenant: str) -> None:
    """Answer assessment ID again, under the rules, clock and software it names, and compare the bytes.

    Exits 0 where all is the same, 1 where something is not or cannot be opened, 2 where it cannot be
    answered again, as that of a person who was erased. With --all the erased are passed over; else it is 1.
    """
    if every == (id_ is not None) or (every and rules_as_of):
        raise NotRight("name one assessment, or all of them with --all and without --rules-as-of")
    store = opened()
    rule_bases, who = _rule_bases(store), asker(of_tenant(store, tenant), "auditor")
    if id_ is None:
        _replay_all(store, rule_bases, who)
        return
    archive = Archive(store, rule_bases)
    try:
        if rules_as_of is not None:
            print_json(archive.under_rules_of(_instant(rules_as_of), id_, who))
        else:
            _replay_one(archive, id_, who)
    except NothingNamed:
        raise NotRight(f"there is no assessment {printable(id_)} of {tenant}") from None
    except PersonErased:
        raise NotRight("this person was erased: it cannot be answered again") from None
    except (NoSuchRules, NotThatRuleBase):
        raise NotRight("the rules for it were not kept") from None
    except RuleBaseError:
        raise NotRight("this program no longer reads the rules for it: it cannot be answered again") from None
    except (InvalidBody, NoAnswer):
        raise NotRight("this program no longer answers the exam") from None
    except Unsealable:
        complain("it cannot be opened: what was sealed was changed, or its key")
        raise SystemExit(WRONG) from None


def _rule_bases(store: Store) -> RuleBases:
    files = read_files(Config.from_environment().rules)
    return RuleBases(store, Replayer.of(files), files)


def _instant(text: str) -> datetime:
    found = parse_instant(text)
    if found is None:
        raise NotRight(f"--rules-as-of is {INSTANT_EXPECTED}")
    return found


def _replay_one(archive: Archive, id_: str, who: Asker) -> None:
    recorded, compared = archive.replay(id_, who)
    base = recorded["rule_base"]
    if compared.identical:
        click.echo(f"identical: sha256:{compared.recorded} under {base['version']} {base['digest']}")
        return
    click.echo(f"different: recorded sha256:{compared.recorded}, again sha256:{compared.again}")
    for pointer in compared.differing:
        click.echo(f"  {pointer}")
    raise SystemExit(WRONG)


def _replay_all(store: Store, rule_bases: RuleBases, who: Asker) -> None:
    came: Counter[str] = Counter()
    wrong: list[str] = []
    started, console = time.perf_counter(), complaints()
    with Live(
        console=console, transient=True, refresh_per_second=2, auto_refresh=console.is_terminal,
        get_renderable=lambda: Text(f"{came.total():,} assessments" if console.is_terminal else ""),
    ):  # fmt: skip
        for id_, outcome in replay_all(store, rule_bases, who):
            came[outcome] += 1
            if outcome not in LEAVES_OPEN:
                wrong.append(f"{id_}: {outcome}")
    rate = came.total() / (time.perf_counter() - started)
    for line in wrong[:MOST_SHOWN]:
        click.echo(line)
    if len(wrong) > MOST_SHOWN:
        click.echo(f"and {len(wrong) - MOST_SHOWN} more")
    words = dict.fromkeys(("identical", "different", "erased", *sorted(came)))
    told = ", ".join(f"{came[word]:,} {word}" for word in words)
    click.echo(f"{came.total():,} assessments: {told}; {rate:,.0f} a second")
    raise SystemExit(WRONG if wrong else 0)
