"""Who asks, and whether they may. A route that does not say what it needs is refused.

An API key comes as `Authorization: Bearer kc_…`. On a machine on which no key was ever made, whoever asks
from it, and calls it by a name of this machine, is a clinician; the session of `service.web.session` makes
them auditor and administrator too.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from schemas.problem import problem_document
from service.access import keys, sessions
from service.access.principal import CLINICIAN, LOCAL, SIGNED_IN, Principal
from service.access.roles import Scope
from service.audit.api_keys import every
from service.audit.store import Store
from service.clock import Clock
from service.web import metrics
from service.web.problems import problem
from service.web.throttle import Throttle

EXTENSION = "kneechain-guard"
COOKIE = "kneechain_session"
FAILURES = 30
"""So many requests without a valid key are told so in a minute, for each address."""
THIS_MACHINE = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
"""What a Host header may say where there are no keys. Another name may be another's, led here by its DNS."""
RELAYED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP", "HTTP_VIA")
"""Who sends these speaks for someone else."""

View = TypeVar("View", bound=Callable[..., Any])


class NotAllowed(Exception):
    """A request that is refused. `reason` is a word for the metrics, `detail` what is said."""

    def __init__(self, status: int, reason: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = headers or {}


# -- what a route needs ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """One of these scopes, and so many units of what may be asked in a minute."""

    scopes: tuple[Scope, ...]
    cost: int = 1


NOTHING = Need(())


def needs(scope: Scope, *others: Scope, cost: int = 1) -> Callable[[View], View]:
    """Declares that a view needs one of these scopes. Which of several, it says by `require`."""

    def declare(view: View) -> View:
        return _declared(view, Need((scope, *others), cost))

    return declare


def open_to_all(view: View) -> View:
    """Declares that a view tells nothing that not everybody may know."""
    return _declared(view, NOTHING)


def _declared(view: View, need: Need) -> View:
    view.need = need  # type: ignore[attr-defined]
    return view


def need_of(view: Callable[..., Any] | None) -> Need | None:
    """What a view declared."""
    return getattr(view, "need", None)


# -- who asks --------------------------------------------------------------------------------


class Guard:
    """What the requests of one application are judged by."""

    def __init__(self, store: Store, now: Clock, units: int) -> None:
        """`units`: how many may be spent in a minute, in each process. Raises StoreUnavailable."""
        self.store = store
        self.now = now
        self.local = not every(store)
        self.throttle = Throttle(units)
        self.failures = Throttle(FAILURES)

    def by(self, app: Flask) -> None:
        """From now on every request to this application passes here."""
        app.extensions[EXTENSION] = self
        app.before_request(_admit)
        app.register_error_handler(NotAllowed, _refuse)

    def identify(self) -> Principal:
        """Raises NotAllowed: whoever sends a key is its principal, or nobody."""
        sent = request.headers.get("Authorization")
        if sent is not None:
            scheme, _, key = sent.partition(" ")
            found = keys.principal_of(self.store, key, self.now()) if scheme.lower() == "bearer" else None
        else:
            found = self._at_this_machine() if self.local else None
        if found is None:
            raise self._unknown()
        return found

    def _at_this_machine(self) -> Principal | None:
        if not _from_this_machine():
            return None
        if _from_another_site():
            raise NotAllowed(403, "other_site", "A page of another site asked.")
        secret = request.cookies.get(COOKIE)
        return SIGNED_IN if secret and sessions.is_open(self.store, secret, self.now()) else CLINICIAN

    def _unknown(self) -> NotAllowed:
        wait = self.failures.spend(_address())
        if wait:
            return _too_many(wait)
        asked = {"WWW-Authenticate": "Bearer"}
        return NotAllowed(401, "no_key", "Send a valid API key: Authorization: Bearer kc_…", asked)


def _from_this_machine() -> bool:
    """Asked from this machine, for this machine, by nobody in between."""
    try:
        near = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        near = False
    return (
        near
        and THIS_MACHINE.fullmatch(request.headers.get("Host", "")) is not None
        and not any(name.startswith(RELAYED) for name in request.environ)
    )


def _from_another_site() -> bool:
    """As the browser says. What is no browser says nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site not in (None, "same-origin", "none") or (
        origin is not None and origin.partition("://")[2].lower() != request.headers["Host"].lower()
    )


def _address() -> str:
    return f"address {request.remote_addr}"


# -- each request ----------------------------------------------------------------------------


def _admit() -> None:
    """Before anything else. Raises NotAllowed."""
    need = need_of(current_app.view_functions.get(request.endpoint or ""))
    if need is NOTHING:
        return
    here = guard()
    who = g.principal = here.identify()
    wait = here.throttle.spend(_address() if who.key == LOCAL else who.key, need.cost if need else 1)
    if wait:
        raise _too_many(wait)
    if request.routing_exception is None:  # else nothing is there, which whoever is known may be told
        _one_of(need.scopes if need else ())


def guard() -> Guard:
    """The guard of the application of this request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Guard)
    return found


def principal() -> Principal:
    """Who asks in this request."""
    found = g.principal
    assert isinstance(found, Principal)
    return found


def require(scope: Scope) -> None:
    """For a view whose scope depends on what is asked. Raises NotAllowed."""
    _one_of((scope,))


def _one_of(scopes: tuple[Scope, ...]) -> None:
    if not any(principal().allows(scope) for scope in scopes):
        needed = f"the scope {' or '.join(scopes)}" if scopes else "a scope that nobody has"
        raise NotAllowed(403, "no_scope", f"This needs {needed}.")


def _too_many(wait: int) -> NotAllowed:
    return NotAllowed(429, "too_many", "More than may be asked in a minute.", {"Retry-After": str(wait)})


def _refuse(refusal: NotAllowed) -> Response:
    metrics.refused(refusal.reason)
    return problem(problem_document(refusal.status, refusal.detail), refusal.headers)
