"""The handbook as a page: printed once for each process, when it is first asked for."""

from flask import Blueprint, Flask, Response, current_app

from service.handbook.document import Handbook, policy
from service.web.guard import needs

EXTENSION = "kneechain-handbook"

routes = Blueprint("handbook", __name__)


def serve(handbook: Handbook, app: Flask) -> None:
    """From now on this application shows this handbook."""
    app.extensions[EXTENSION] = handbook


@routes.get("/handbook")
@needs("knowledge")
def page() -> Response:
    handbook = current_app.extensions[EXTENSION]
    assert isinstance(handbook, Handbook)
    return Response(
        handbook.html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy()}
    )
