"""`kneechain serve`: the API and its documentation on this machine."""

import click

from service.cli.common import NotRight
from service.cli.handbook import command_texts
from service.config import Config

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes one that is free."
)
def serve(host: str, port: int) -> None:
    """Serve the API and its documentation on this machine."""
    from service.app import create_app
    from service.server import run

    if host not in LOOPBACK:
        raise NotRight(
            "only loopback is served: there is no authentication yet for anything beyond this machine"
        )
    config = Config.from_environment()
    run(create_app(config, commands=command_texts()), config, host, port)
