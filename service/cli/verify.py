"""`kneechain rules verify`: what holds of the rules for every exam there could be."""

from typing import TYPE_CHECKING

import click

from service.cli.common import NO_ANSWER, RULES_NOT_RIGHT, NotRight, complain, console
from service.config import Config

if TYPE_CHECKING:
    from service.verify.static.verify import Verified


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, with an exam for each report.")
@click.option("--record", is_flag=True, help="Write rules/proofs.json, if everything holds.")
def verify(as_json: bool, record: bool) -> None:
    """Look for mistakes in the rules, and prove what holds for every exam.

    Exits 0 if every report is accepted in accepted.yaml, none is accepted in vain, and all is proved; 1 if
    not; 3 where z3 gives up or an evaluator says otherwise than z3.
    """
    try:
        from service.verify.static import verify as verifying
    except ImportError as missing:
        raise NotRight(str(missing)) from None

    folder = Config.from_environment().rules
    try:
        verified = verifying.verify(folder)
    except verifying.CannotTell as reason:
        complain(f"verify cannot tell: {reason}")
        raise SystemExit(NO_ANSWER) from None
    if as_json:
        click.echo(verifying.as_json(verified.tree), nl=False)
    else:
        _print(verified, folder.name)
    if not verified.holds:
        raise SystemExit(RULES_NOT_RIGHT)
    if record:
        (folder / verifying.RECORD).write_text(verifying.as_json(verified.record), encoding="utf-8")


def _print(verified: "Verified", folder: str) -> None:
    for proof in verified.proofs:
        word = "proved" if proof.proved else "NOT PROVED"
        console().print(f"{word}: {proof.statement}", markup=False, highlight=False)
        console().print(f"  {proof.how} ({proof.checked} looked at)", markup=False, highlight=False)
    complain(*(f"{folder}/{report} ({report.proof})" for report in verified.settled.new))
    complain(*(f"{folder}/{report} ({report.proof})" for report in verified.violations))
    for entry in verified.settled.stale:
        complain(f"{folder}/accepted.yaml:{entry.line}: nothing like this is reported any more: {entry.name}")
    count = len(verified.settled.accepted)
    console().print(f"{count} reports accepted with a reason, {len(verified.settled.new)} new")
