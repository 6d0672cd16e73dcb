"""The safety screen as the answer shows it, with its fixed texts."""

from collections.abc import Iterable

from service.answer.case import Case
from service.answer.sentences import because
from service.domain.assessment import Flag, Safety
from service.domain.exam import Side
from service.domain.rule import Rule
from service.inference.screen import Raised


def safety(case: Case) -> Safety:
    screen = case.screen
    return Safety(
        status=screen.status,
        words=_words(case),
        referral_first=screen.referral_first,
        flags=tuple(_flag(case, raised) for raised in screen.raised),
        not_screened=screen.not_screened,
        withheld_reason=screen.withheld,
        switched_off=screen.switched_off,
    )


def _words(case: Case) -> str:
    """The status; but a screen with a flag is never called clear, though somebody cleared the flag."""
    status = case.screen.status
    cleared = any(raised.flag.urgency.refers for raised in case.screen.raised)
    return case.rulebase.wording["no_open_flag"] if status == "clear" and cleared else status


def _flag(case: Case, raised: Raised) -> Flag:
    return Flag(
        flag=raised.flag,
        side=raised.side,
        text=flag_text(case, [raised]),
        because=tuple(_because(case, rule, side) for rule, _, side in raised.rules),
        rules=tuple(rule for rule, _, _ in raised.rules),
        clearance=raised.clearance,
    )


def _because(case: Case, rule: Rule, side: Side) -> str:
    view = case.screen.views[side]
    index = case.inference.index[rule.code]
    return because(case, rule, case.reading(index, view).held, case.assumed(rule, view), view)


def flag_text(case: Case, raised: Iterable[Raised]) -> str:
    """What to do, in the fixed words of every rule that raised the flag, each once."""
    texts = dict.fromkeys(effect.text for one in raised for _, effect, _ in one.rules)
    return " ".join(_filled_in(case, text) for text in texts)


def _filled_in(case: Case, text: str) -> str:
    """The fixed text, with a counted score and its bounds filled in where the text names one."""
    return text.format_map(case.counts) if "{" in text else text
