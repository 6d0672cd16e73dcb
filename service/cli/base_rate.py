"""`kneechain rules base-rate`: how common each class is in an invented sample without knee pain."""

from typing import Any

import click

from service.assess import Assessor
from service.cli.common import NotRight, complain, print_json, print_table, rulebase
from service.cohort.sample import read_sample
from service.config import Config
from service.domain.rulebase import RuleBase
from service.versions.base_rates import base_rates, decided_by, write_base_rates


@click.command("base-rate")
@click.option("--people", type=click.IntRange(1, 1_000_000), help="How many; otherwise as declared.")
@click.option("--seed", type=int, help="Other people; otherwise as declared.")
@click.option("--json", "as_json", is_flag=True, help="The whole document instead of the table.")
@click.option("--record", is_flag=True, help="Write it to base_rates.json, for the declared people and seed.")
def base_rate(people: int | None, seed: int | None, as_json: bool, record: bool) -> None:
    """How common is it? Counts each contributor's classes in an invented sample without knee pain.

    The sample is declared in base_rate_sample.yaml. Rules that are switched off count as on.
    """
    if record and (people is not None or seed is not None):
        raise NotRight("--record takes the people and the seed that base_rate_sample.yaml declares")
    folder, base = Config.from_environment().rules, rulebase()
    for rule in base.switched_off:
        complain(f"{rule.code} is switched off; here it counts as on")
    base = base.all_on()
    sample = read_sample(folder, base)
    document = base_rates(
        Assessor.of(base).inference,
        sample,
        sample.seed if seed is None else seed,
        people or sample.people,
        decided_by(folder, base),
    )
    if record:
        write_base_rates(folder, document)
    if as_json:
        print_json(document)
    else:
        _print(document, base)


def _print(document: dict[str, Any], base: RuleBase) -> None:
    rows = []
    for entry in document["contributors"]:
        found = sorted(entry["classes"].items(), key=lambda counted: -counted[1])
        rows.append((entry["id"], "; ".join(f"{base.class_words[c]} {n}" for c, n in found if n)))
    print_table(("contributor", f"of {document['people']} people"), rows)
    click.echo(f"\n{document['says']}")
