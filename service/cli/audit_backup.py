"""`kneechain audit backup`: a copy of an SQLite log, while it is in use."""

from pathlib import Path

import click

from service.audit.backup import NoCopy, back_up
from service.cli.common import NotRight
from service.config import Config


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the decision log to the new FILE, as it is at one moment; the service may go on meanwhile.

    Of SQLite only: PostgreSQL has pg_dump. Keys and checkpoints are not in it: docs/operations.md.
    """
    config = Config.from_environment()
    try:
        size = back_up(config.database_url, file)
    except NoCopy as error:
        raise NotRight(str(error)) from None
    except OSError as error:
        raise NotRight(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}: {size:,} bytes. The keys are not in it: keep {config.keys} too, and apart from it.")
