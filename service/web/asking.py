"""Who asks, as the use cases want to know it."""

from service.access.roles import Scope
from service.records.accesses import Asker
from service.web.guard import principal
from service.web.served import served


def asker(scope: Scope) -> Asker:
    """The principal of this request, in the role that grants the scope."""
    who = principal()
    return Asker(who.tenant, who.actor(scope), served().now())
