"""The two servers of `bench.http_rate`: the service, and an echo that computes nothing."""

import gc
import sys
from pathlib import Path

from flask import Flask, Response, request

from service.app import create_app
from service.server import Server


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
    app = create_app() if name == "kneechain" else echo(Path(path).read_bytes())
    options: dict[str, object] = {
        "bind": f"127.0.0.1:{port}",
        "workers": int(workers),
        "threads": 4,
        "worker_class": "gthread",
        "control_socket_disable": True,
    }
    gc.collect()
    gc.freeze()
    Server(app, options).run()


if __name__ == "__main__":
    main()
