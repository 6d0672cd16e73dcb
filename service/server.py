"""Runs the application with gunicorn: the rule base is loaded once and shared by the workers."""

import gc

from flask import Flask
from gunicorn.app.base import BaseApplication

from service.app import create_app
from service.config import Config


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


def run(config: Config, host: str, port: int) -> None:
    """Serves until stopped. Access is not logged: a path or query could name someone."""
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": config.workers,
        "threads": config.threads,
        "worker_class": "gthread",
        "preload_app": True,
        "accesslog": None,
        "control_socket_disable": True,
        "errorlog": "-",
        "loglevel": "info",
        "timeout": 30,
        "graceful_timeout": 10,
    }
    app = create_app(config)
    gc.collect()
    gc.freeze()  # the rule base stays: the workers share its pages and never look through it again
    Server(app, options).run()
