"""Runs the application with gunicorn: the rule base is loaded once and shared by the workers."""

import gc
import socket
from typing import Any

import orjson
from flask import Flask, Response
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.config import Config
from service.web.incidents import incident
from service.web.problems import PROBLEM_JSON, failed, problem, refused


class Server(BaseApplication):
    """gunicorn over an application made before the workers fork."""

    def __init__(self, app: Flask, options: dict[str, object]) -> None:
        self.app = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return self.app


class Worker(ThreadWorker):
    """Answers with a problem what is no HTTP.

    gunicorn itself would log, and send back, the line or header that is wrong: it could name someone.
    """

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        if isinstance(exc, ParseException):
            self.log.info("refused what is no HTTP: %s", type(exc).__name__)
            document = refused(400)
        else:
            document = failed(incident(self.log.error_log, exc))
        body = orjson.dumps(document)
        head = (
            f"HTTP/1.1 {document['status']} {document['title']}\r\nConnection: close\r\n"
            f"Content-Type: {PROBLEM_JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("nobody is left to be told")


def run(app: Flask, config: Config, host: str, port: int) -> None:
    """Serves until stopped. Access is not logged: a path or query could name someone."""

    @app.errorhandler(ParseException)
    def no_http(_: ParseException) -> Response:
        """A body whose chunks are wrong is noticed only as it is read."""
        return problem(refused(400))

    gc.collect()
    gc.freeze()  # the rule base stays: the workers share its pages and never look through it again
    Server(app, options(config, host, port)).run()


def options(config: Config, host: str, port: int) -> dict[str, object]:
    """What gunicorn is told."""
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": config.workers,
        "threads": config.threads,
        "worker_class": "service.server.Worker",
        "preload_app": True,
        "accesslog": None,
        "control_socket_disable": True,
        "errorlog": "-",
        "loglevel": "info",
        "timeout": 30,
        "graceful_timeout": 10,
    }
