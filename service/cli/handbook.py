"""`kneechain rules handbook`: the whole rule base as one HTML document."""

from collections.abc import Iterator
from pathlib import Path

import click

from service.cli.common import RULES_NOT_RIGHT, NotRight, complain, rulebase
from service.config import Config
from service.handbook.document import CommandText
from service.knowledge.problems import RuleBaseError


@click.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the terminal."
)
def handbook(output: Path | None) -> None:
    """The whole rule base as one HTML document, to read and to print."""
    from service.app import make_handbook

    book = make_handbook(rulebase(), Config.from_environment().rules, command_texts())
    try:
        document = book.html
    except RuleBaseError as error:  # of what stands beside the rules: the hazard log and the cases
        complain(*map(str, error.problems))
        raise SystemExit(RULES_NOT_RIGHT) from None
    if output is None:
        click.echo(document, nl=False)
        return
    try:
        output.write_text(document, encoding="utf-8")
    except OSError as error:
        raise NotRight(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"{output}: {len(document.encode()):,} bytes")


def command_texts() -> tuple[CommandText, ...]:
    """Every command of the command line that is running, as its help tells it."""
    root = click.get_current_context().find_root().command
    return tuple(_texts(root, "kneechain"))


def _texts(command: click.Command, path: str) -> Iterator[CommandText]:
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            yield from _texts(member, f"{path} {name}")
        return
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    says = " ".join((command.help or "").split())
    options = [option for option in command.params if isinstance(option, click.Option)]
    records = filter(None, (option.get_help_record(context) for option in options))
    yield CommandText(usage, says, tuple(records))
