"""The two servers of `bench.http_rate`: the service, and an echo that computes nothing."""

import sys
from pathlib import Path

from flask import Flask, Response, request

from service.app import create_app
from service.config import MOST_PER_MINUTE, Config
from service.server import run


def echo(answer: bytes) -> Flask:
    """Reads the body, sends the same bytes every time."""
    app = Flask("echo")

    @app.post("/v1/assessments")
    def send() -> Response:
        request.get_data(cache=False)
        return Response(answer, 201, content_type="application/json")

    return app


def main() -> None:
    name, port, workers, path = sys.argv[1:]
    app = (
        create_app(Config(requests_per_minute=MOST_PER_MINUTE))
        if name == "kneechain"
        else echo(Path(path).read_bytes())
    )
    run(app, Config(workers=int(workers)), "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
