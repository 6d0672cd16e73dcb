"""The link that `kneechain serve` prints: opened once, it makes an auditor and administrator."""

from flask import Blueprint, Response, request

from schemas.problem import problem_document
from service.access import sessions
from service.web.guard import COOKIE, guard, needs
from service.web.problems import problem
from service.web.served import query_options

routes = Blueprint("session", __name__)


@routes.get("/session")
@needs("knowledge")
def begin() -> Response:
    """Taking the link by GET is safe: it works once, and only whoever has it gets the session."""
    link = query_options(link=None).get("link", "")
    here = guard()
    secret = sessions.begin(here.store, link, here.now())
    if secret is None:
        return problem(problem_document(404, "This link was opened before, or is too old."))
    answer = Response(status=303, headers={"Location": "/docs", "Cache-Control": "no-store"})
    del answer.headers["Content-Type"]
    answer.set_cookie(
        COOKIE, secret, sessions.SESSION, httponly=True, samesite="Strict", secure=request.is_secure
    )
    return answer
