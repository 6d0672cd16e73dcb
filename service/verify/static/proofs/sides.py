"""Left and right are alike: swapping them in the exam swaps them in the answer."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from service.domain.exam import OTHER, SIDES
from service.knowledge.describe import effect_says
from service.verify.static.proofs.proof import Proof
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.witness import Witness

STATEMENT = "Swapping left and right in an exam swaps left and right in its answer, and changes nothing else."
HOW = (
    "Proved: no condition, effect or formula names a side, and neither does any text that is shown; "
    "each rule reads this side and the other (all looked at). Tested: exams in which each rule fires, "
    "found by z3, are answered whole as they are and swapped; what is listed by side may change places."
)
NAMED = re.compile(
    r"(?<!be )(?<!\d )(?<![-\w])(left|right)(?![-\w])(?! (out|to|without|open|after|now|away))", re.IGNORECASE
)
"""A side by name; not left out, left to, 13 left, right after, right now, cannot be right."""


def sides_are_alike(study: Study) -> Proof:
    found = [*_named_in_rules(study), *_named_in_vocabulary(study)]
    for witness in study.exams:
        found.extend(_answered_alike(study, witness))
    looked_at = len(study.active) + len(study.rulebase.derived) + len(list(texts(study)))
    return Proof("sides_are_alike", STATEMENT, HOW, looked_at + len(study.firing), tuple(found))


# -- nothing names a side ----------------------------------------------------------------------


def _named_in_rules(study: Study) -> Iterator[Report]:
    for rule in study.active:
        logic = (rule.when, rule.unless, rule.effects)
        said = [rule.title, rule.because, rule.caution or "", *(c.shows for c in rule.evidence)]
        said += [effect_says(effect) or "" for effect in rule.effects]
        named = [*(word for word in _values(logic) if word in SIDES), *filter(NAMED.search, said)]
        if named:
            says = f"{rule.code} names a side: '{named[0]}'"
            witness = study.firing.get(rule.code)
            yield study.of_rule("names_a_side", rule, "when", says, HOW, named[:1], witness)


def _named_in_vocabulary(study: Study) -> Iterator[Report]:
    for derived in study.rulebase.derived.values():
        if any(word in SIDES for word in _values(derived.formula)):
            yield study.of_entry("names_a_side", derived.id, f"the formula {derived.id} names a side", HOW)
    for id_, text in texts(study):
        if NAMED.search(text):
            yield study.of_entry("names_a_side", id_, f"a text of {id_} names a side: '{text}'", HOW)


def _values(node: object) -> Iterator[object]:
    """Every plain value within conditions, effects and formulas, but the sentences."""
    if is_dataclass(node):
        for field in fields(node):
            if field.name not in ("text", "why", "reason", "needed"):
                yield from _values(getattr(node, field.name))
    elif isinstance(node, tuple | list | frozenset):
        for item in node:
            yield from _values(item)
    else:
        yield node


def texts(study: Study) -> Iterator[tuple[str, str]]:
    """What the vocabulary shows, and under which id."""
    base = study.rulebase
    for section in (base.findings, base.derived, base.states, base.contributors, base.red_flags):
        yield from ((id_, entry.label) for id_, entry in section.items())
    yield from ((f.id, f.measured) for f in base.findings.values())
    yield from ((c.id, c.link_certainty.text) for c in base.contributors.values())
    yield from ((chain.id, arrow.says) for chain in base.chains for arrow in chain.arrows)
    for option in base.recommendations.values():
        yield from ((option.code, text) for text in (option.label, option.text, option.dose, option.limits))
    yield from ((key, re.sub(r"\{\w+\}", "0", text)) for key, text in base.wording.items())


# -- answers -----------------------------------------------------------------------------------


def _answered_alike(study: Study, witness: Witness) -> Iterator[Report]:
    other = study.answer(swapped(witness))
    if canonical(study.answer(witness), swap=True) != canonical(other):
        codes = ", ".join(witness.outcomes)
        says = f"an exam in which {codes} fire has another answer once left and right are swapped"
        rule = study.rulebase.rule_by_code[next(iter(witness.outcomes))]
        yield study.of_rule("names_a_side", rule, "when", says, HOW, ["answer"], witness)


def swapped(witness: Witness) -> Witness:
    """The same exam of the other side."""
    posted = {
        (finding, OTHER[side] if side else None): said for (finding, side), said in witness.posted.items()
    }
    return replace(witness, knees=tuple(sorted(OTHER[side] for side in witness.knees)), posted=posted)


def turned(text: str) -> str:
    """A text with left and right swapped wherever it names a side."""
    return NAMED.sub(lambda found: _turn(found.group()), text)


def _turn(word: str) -> str:
    other = OTHER[word.lower()]  # type: ignore[index]
    return other.capitalize() if word[0].isupper() else other


def canonical(node: Any, swap: bool = False) -> str:
    """An answer as a text in which the order of lists, of sentences and of steps does not show."""
    match node:
        case dict():
            kept = [
                f"{_words(key, swap)}:{canonical(value, swap)}"
                for key, value in node.items()
                if key not in ("step", "steps")
            ]
            return f"{{{'|'.join(sorted(kept))}}}"
        case list() | tuple():
            return f"[{'|'.join(sorted(canonical(item, swap) for item in node))}]"
        case str():
            return _words(node, swap)
        case _:
            return str(node)


@lru_cache(maxsize=10_000)
def _words(text: str, swap: bool) -> str:
    """The words of a text in alphabetical order: sentences that list the sides may list them otherwise."""
    return " ".join(sorted(re.split(r"[ ,;.]+", turned(text) if swap else text)))
