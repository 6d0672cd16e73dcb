"""`kneechain serve`: the API and its documentation."""

import os
import sys
import tempfile

import click

from service.access import sessions
from service.audit.api_keys import every
from service.audit.entry import instant
from service.audit.store import Store
from service.cli.common import NotRight, rulebase, store
from service.cli.handbook import command_texts
from service.clock import clock
from service.config import Config
from service.domain.rulebase import RuleBase

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond loopback only with API keys.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes one that is free."
)
def serve(host: str, port: int) -> None:
    """Serve the API and its documentation, on this machine or beyond it.

    Where no key was ever made, people at this machine need none, and a link is printed that opens once
    and lets them act as auditor and administrator.
    """
    _count_together()
    from service.app import create_app
    from service.server import run

    config, log = Config.from_environment(), store()
    if host not in LOOPBACK:
        _beyond_this_machine(config, rulebase(), log)
    link = None if every(log) else sessions.new_link(log, clock())
    app = create_app(config, commands=command_texts(), store=log)
    run(app, config, host, port, link)


def _beyond_this_machine(config: Config, base: RuleBase, log: Store) -> None:
    """Raises NotRight where it must not be served there."""
    if not any(key.usable(instant(clock())) for key in every(log)):
        raise NotRight(
            "beyond this machine nothing is served without authentication, and there is no API key: "
            "kneechain keys create --role clinician"
        )
    if base.approval.status == "draft" and not config.allow_draft_rules:
        raise NotRight(
            "these rules are a draft that nobody approved: they are served beyond this machine only with "
            "KNEECHAIN_ALLOW_DRAFT_RULES=1, and every answer says so"
        )


def _count_together() -> None:
    """Gives the workers a folder to count in; prometheus_client looks for it once, as it is imported."""
    if "prometheus_client" not in sys.modules:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="kneechain-metrics-")
