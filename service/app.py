"""Composition: the Flask application over one rule base."""

from pathlib import Path
from typing import Any

from flask import Flask, Response

from service.assess import Assessor
from service.audit.store import Store
from service.clock import Clock, clock
from service.config import CHECKOUT, SETTINGS, Config
from service.domain.rulebase import RuleBase
from service.handbook.document import CommandText, Handbook, SettingText
from service.knowledge.files import read_files
from service.knowledge.load import load_files
from service.records.opening import open_configured
from service.web import (
    assessments,
    audit,
    docs,
    drafts,
    explain,
    handbook,
    headers,
    health,
    knowledge,
    log_problems,
    problems,
    session,
)
from service.web.guard import Guard
from service.web.observing import observe
from service.web.served import Served, draft_notice

LARGEST_BODY = 256 * 1024


class Application(Flask):
    """Flask, without two of its habits."""

    def make_default_options_response(self) -> Response:
        """`Allow` and nothing else: an empty page of HTML would be no answer to read."""
        response = super().make_default_options_response()
        response.status_code = 204
        response.headers["Allow"] = ", ".join(sorted(response.allow))
        del response.headers["Content-Type"]
        return response

    def log_exception(self, exc_info: Any) -> None:
        """Nothing: Flask would log the address and the error's own text. `problems` logs what may be."""


def create_app(
    config: Config | None = None,
    assessor: Assessor | None = None,
    now: Clock = clock,
    commands: tuple[CommandText, ...] = (),
    store: Store | None = None,
) -> Flask:
    """The application; raises BadSettings, or RuleBaseError where the rule base cannot be used,
    StoreNotOpened or StoreUnavailable where the decision log cannot.

    `commands` are those of the command line, which the handbook describes.
    """
    config = config or Config.from_environment()
    files = read_files(config.rules)
    if assessor is None:
        assessor = Assessor.of(load_files(files))
    if store is None:
        store = open_configured(config, now)
    app = Application(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would be an answer that the contract does not have
    observe(app)
    Guard(store, now, config.requests_per_minute).by(app)
    headers.add(app, draft_notice(assessor.rulebase))
    for part in (assessments, audit, drafts, explain, knowledge, health, session, docs, handbook):
        app.register_blueprint(part.routes)
    problems.register(app)
    log_problems.register(app)
    Served(assessor, files, store, now).by(app)
    handbook.serve(make_handbook(assessor.rulebase, config.rules, commands), app)
    store.database.forget_connections()  # none may be taken along over a fork
    return app


def make_handbook(rulebase: RuleBase, rules: Path, commands: tuple[CommandText, ...] = ()) -> Handbook:
    """The handbook of a rule base that was loaded from the folder `rules`."""
    settings = (SettingText(name, setting.default, setting.says) for name, setting in SETTINGS.items())
    return Handbook(rulebase, rules, CHECKOUT, commands, tuple(settings))
