"""A test client with every scope: a person at this machine who opened the link of `kneechain serve`."""

from flask import Flask
from flask.testing import FlaskClient

from service.access import sessions
from service.web.guard import COOKIE, EXTENSION, Guard


def signed_in(app: Flask) -> FlaskClient:
    guard = app.extensions[EXTENSION]
    assert isinstance(guard, Guard)
    secret = sessions.begin(guard.store, sessions.new_link(guard.store, guard.now()), guard.now())
    assert secret
    client = app.test_client()
    client.set_cookie(COOKIE, secret)
    return client
