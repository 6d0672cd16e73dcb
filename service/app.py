"""Composition: the Flask application over one rule base."""

from flask import Flask, Response

from service.assess import Assessor
from service.config import Config
from service.knowledge.load import load_rulebase
from service.web import problems
from service.web.api import Clock, api, clock
from service.web.docs import docs

LARGEST_BODY = 256 * 1024


def create_app(config: Config | None = None, assessor: Assessor | None = None, now: Clock = clock) -> Flask:
    """The application; raises RuleBaseError where the rule base cannot be used."""
    config = config or Config.from_environment()
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would be an answer that the contract does not have
    app.register_blueprint(api(assessor or Assessor.of(load_rulebase(config.rules)), now))
    app.register_blueprint(docs())
    problems.register(app)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return app
