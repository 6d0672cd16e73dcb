"""The rules that argue against something, and what would make one of them take unknown for normal.

Withdrawing a finding may let such a rule fire in two ways only. It may lift the rule's own `unless`.
And a formula may fall back to its next way of judging: from usable dynamometry to the grade by hand
(and, as clinical.md 3.4 has it, from the grade to the plain word). A finding that is computed or
answered by its gate when it is not posted is still observed, so nothing was withdrawn.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from service.assess import Assessor
from service.domain.exam import Exam, Key, Side
from service.domain.rule import Rule
from service.inference.view import View
from tests.generators import without
from tests.plain_reading import TRUE, PlainReading, least
from tests.properties.grounds import Held, Ungrounded, grounds
from tests.properties.inferring import rejudged

Seen = Counter[tuple[str, ...]]


def opposing(assessor: Assessor) -> list[Rule]:
    return [
        rule for rule in assessor.rulebase.rules
        if rule.active and any(not score.supports for score in rule.scores)
    ]  # fmt: skip


def parts(reading: PlainReading, rule: Rule) -> list[Any]:
    written = reading.rules[rule.code]
    return [written["when"], written.get("unless", [])]


def newly_opposed(
    assessor: Assessor, reading: PlainReading, exam: Exam, held: View, names: set[str], seen: Seen
) -> Iterator[tuple[str, str, Key]]:
    """Rules that a withdrawal lets argue against something in a way that is not allowed."""
    before = rejudged(assessor, exam, held)
    rules = opposing(assessor)
    seen.update(("fired", rule.code) for rule in rules if fires(assessor, rule, before))
    for key, observation in exam.observations.items():
        if not observation.observed or key[0] not in names:
            continue
        seen["withdrawn", key[0]] += 1
        for poorer in (without(exam, key), without(exam, key, "unable")):
            after = rejudged(assessor, poorer, held)
            for rule in rules:
                if fires(assessor, rule, after) and not fires(assessor, rule, before):
                    richer_seat, poorer_seat = sitting(reading, exam, before), sitting(reading, poorer, after)
                    reason = allowed(reading.rules[rule.code], richer_seat, poorer_seat, before.side, key)
                    seen[reason,] += 1
                    if reason == "not allowed":
                        yield rule.code, "newly argues against something without", key


def allowed(rule: dict[str, Any], richer: Held, poorer: Held, side: Side, key: Key) -> str:
    """Why a rule may newly fire, or 'not allowed'."""
    if richer.part(rule["when"], side, least) == TRUE:
        return "lifted its own unless"
    if key in poorer.values:
        return "still observed"
    turned = [
        (name, at)
        for name, said, at in leaves(rule["when"], side)
        if poorer.test(name, said, at) == TRUE and richer.test(name, said, at) != TRUE
    ]
    reasons = {fell_back(richer, poorer, name, at) for name, at in turned}
    return reasons.pop() if len(reasons) == 1 else "not allowed"


def fell_back(richer: Held, poorer: Held, name: str, side: str) -> str:
    entry = richer.reading.derived.get(name, {"kind": "finding"})
    if entry["kind"] != "first_usable":
        return "not allowed"
    was, is_now = richer.deciding(entry, side), poorer.deciding(entry, side)
    if was is None or is_now is None or entry["tests"].index(was) >= entry["tests"].index(is_now):
        return "not allowed"
    return "fell back from dynamometry" if "only_if" in was else "fell back from the grade to the word"


def ungrounded(
    assessor: Assessor, reading: PlainReading, exam: Exam, held: View, grounded: Seen
) -> Iterator[tuple[str, str]]:
    """Rules that argue against something though nothing observed says so."""
    view = rejudged(assessor, exam, held)
    seat = sitting(reading, exam, view)
    for rule in opposing(assessor):
        if fires(assessor, rule, view):
            try:
                grounds_found = grounds(seat, reading.rules[rule.code]["when"], view.side)
            except Ungrounded as why:
                yield rule.code, str(why)
                continue
            grounded[rule.code,] += bool(grounds_found)
            if not grounds_found:
                yield rule.code, "rests on nothing"


def sitting(reading: PlainReading, exam: Exam, view: View) -> Held:
    return Held(reading, reading.counting(exam), exam.knees, safety=False, view=view)


def leaves(node: Any, side: str) -> Iterator[tuple[str, Any, str]]:
    """The criteria over findings, and the side each is read on."""
    if isinstance(node, list):
        for member in node:
            yield from leaves(member, side)
        return
    members = node.get("of", node.get("all", node.get("any")))
    if members is not None:
        yield from leaves(members, side)
        return
    ((word, said),) = node.items()
    if word == "other":
        yield from leaves(said, "left" if side == "right" else "right")
    elif word not in ("state", "class", "coverage", "some_contributor", "every_contributor"):
        yield word, said, side


def fires(assessor: Assessor, rule: Rule, view: View) -> bool:
    return view.outcomes[assessor.inference.index[rule.code]] == "fires"
