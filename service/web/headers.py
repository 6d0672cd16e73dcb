"""Headers of every answer."""

from flask import Flask, Response, current_app, request

from service.web.guard import need_of

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""A page sets a policy of its own."""
EXTENSION = "kneechain-headers"
OF_NOBODY = {"knowledge", "metrics"}
"""Scopes whose answers hold nothing of any person."""


def add(app: Flask, notice: str | None) -> None:
    """From now on every answer has them; `notice` while the rules are a draft."""
    always = {**ALWAYS, **({"Kneechain-Notice": _one_line(notice)} if notice else {})}
    app.extensions[EXTENSION] = always

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        need = need_of(current_app.view_functions.get(request.endpoint or ""))
        if need is None or not OF_NOBODY.issuperset(need.scopes):
            response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def _one_line(text: str) -> str:
    """As a header can hold it."""
    return " ".join(text.split()).encode("ascii", "replace").decode()
