"""What a rule says when it fires in an example: flags, alternatives, what is due, asked, offered."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from service.answer.next_tests import done
from service.domain.exam import Side
from service.domain.rule import Ask, MakeDue, RaiseFlag, Recommend, ShowAlternative
from service.inference.screen import SafetyScreen

if TYPE_CHECKING:
    from service.verify.examples import Run

DISAGREEING = "conflicting"
"""How a rule asks for whatever disagrees."""


def _alternatives(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    return {effect.alternative for effect in run.effects if isinstance(effect, ShowAlternative)}


def _flags(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    return {effect.flag for effect in run.effects if isinstance(effect, RaiseFlag)}


def _recommended(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    return {effect.code for effect in run.effects if isinstance(effect, Recommend)}


def _due(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    """What it makes due that is not answered yet."""
    due = (effect for effect in run.effects if isinstance(effect, MakeDue))
    return {f for effect in due for f, _ in screen.unanswered(effect, run.case.exam, run.case.usable)}


def _forbidden(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    """What it lets not be suggested, as far as that depends on what it made due."""
    if not run.effects:
        return set()
    index = run.case.inference.index[run.rule.code]
    missing = tuple((finding, None) for finding in _due(screen, run, side))
    return set(screen.forbidden(side, ((index, run.rule, None, side),), missing))


def _asked(screen: SafetyScreen, run: "Run", side: Side) -> set[str]:
    """The tests it asks for that are not done yet; those that disagree by that word."""
    asks = [effect.findings for effect in run.effects if isinstance(effect, Ask)]
    named = {finding for findings in asks for finding in findings if not done(run.case, run.view, finding)}
    return named | {DISAGREEING for findings in asks if not findings}


SAID: dict[str, Callable[[SafetyScreen, "Run", Side], set[str]]] = {
    "alternative": _alternatives,
    "flag": _flags,
    "recommend": _recommended,
    "due": _due,
    "forbid": _forbidden,
    "ask": _asked,
}
