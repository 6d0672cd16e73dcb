"""Runs the application with gunicorn: the rule base is loaded once and shared by the workers."""

import gc
import socket
import struct
from typing import Any

import orjson
from flask import Flask, Response
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.config import Config
from service.web import headers, metrics
from service.web.incidents import incident
from service.web.logs import log_as_json
from service.web.problems import PROBLEM_JSON, failed, problem, refused
from service.web.served import EXTENSION

STALLED_SECONDS = 5


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


class Log(Logger):
    """gunicorn's own events, in the log of the service."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Worker(ThreadWorker):
    """Answers with a problem what is no HTTP.

    gunicorn itself would log, and send back, the line or header that is wrong: it could name someone.
    """

    def enqueue_req(self, conn: Any) -> None:
        """Whoever sends nothing for so long in the middle of a request does not keep a thread."""
        limit = struct.pack("ll", STALLED_SECONDS, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        if isinstance(exc, ParseException):
            self.log.info("refused what is no HTTP: %s", type(exc).__name__)
            document = refused(400)
        else:
            document = failed(incident(self.log.error_log, exc))
        body = orjson.dumps(document)
        told = {
            "Connection": "close", "Content-Type": PROBLEM_JSON, "Content-Length": len(body),
            **self.wsgi.extensions.get(headers.EXTENSION, {}),
        }  # fmt: skip
        lines = [
            f"HTTP/1.1 {document['status']} {document['title']}",
            *(f"{k}: {v}" for k, v in told.items()),
        ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        try:
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("nobody is left to be told")


def run(app: Flask, config: Config, host: str, port: int, link: str | None = None) -> None:
    """Serves until stopped. `link`: the secret of the one-time link, printed once it can be opened.

    gunicorn logs no requests: a path or query could name someone.
    """
    log_as_json()

    @app.errorhandler(ParseException)
    def no_http(_: ParseException) -> Response:
        """A body whose chunks are wrong is noticed only as it is read."""
        return problem(refused(400))

    gc.collect()
    gc.freeze()  # the rule base stays: the workers share its pages and never look through it again
    Server(app, options(config, host, port) | hooks(app, host, link)).run()


def hooks(app: Flask, host: str, link: str | None) -> dict[str, object]:
    """What is done when the server listens, as a worker begins and ends, after it has ended, at the end."""
    served = app.extensions.get(EXTENSION)  # an echo that is measured beside us has no log

    def listens(server: Any) -> None:
        if link is not None:
            address = f"[{host}]" if ":" in host else host
            port = server.LISTENERS[0].sock.getsockname()[1]
            print("To act as auditor and administrator open this link, once, within 15 minutes:", flush=True)
            print(f"http://{address}:{port}/session?link={link}", flush=True)

    def begins(_: Any) -> None:
        """What was recorded before a stop is signed even if nobody asks anything."""
        if served is not None:
            served.store.writer.start()

    def ends(_: Any, __: Any) -> None:
        if served is not None:
            served.store.writer.look()

    def worker_ended(_: Any, worker: Any) -> None:
        metrics.worker_ended(worker.pid)

    def ended(_: Any) -> None:
        metrics.server_ended()

    return {
        "when_ready": listens, "post_worker_init": begins, "worker_exit": ends, "child_exit": worker_ended,
        "on_exit": ended,
    }  # fmt: skip


def options(config: Config, host: str, port: int) -> dict[str, object]:
    """What gunicorn is told."""
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": config.workers,
        "threads": config.threads,
        "worker_class": "service.server.Worker",
        "logger_class": Log,
        "preload_app": True,
        "accesslog": None,
        "control_socket_disable": True,
        "errorlog": "-",
        "loglevel": "info",
        "timeout": 30,
        "graceful_timeout": 10,
    }
