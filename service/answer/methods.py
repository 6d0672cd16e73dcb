"""Two methods for one thing that disagree: the better one counts, and both are shown (clinical.md 4.8)."""

from collections.abc import Iterator

from service.answer.case import Case, shown
from service.answer.sentences import name_of, value_words
from service.domain.assessment import NoteShown
from service.domain.exam import Key
from service.domain.vocabulary import FirstUsable
from service.inference.view import View


def method_notes(case: Case, view: View) -> Iterator[NoteShown]:
    """For each formula that takes the first usable method, those it passed over that say otherwise."""
    convention = case.rulebase.conventions["better_method_counts"]
    for derived in case.rulebase.derived.values():
        if isinstance(derived.formula, FirstUsable):
            for counts, beside in _disagreeing(case, view, derived.formula):
                text = convention.text.format(counts=_said(case, counts), beside=_said(case, beside))
                yield NoteShown(convention.code, view.side if derived.sided else None, "exam", text)


def _disagreeing(
    case: Case, view: View, formula: FirstUsable
) -> Iterator[tuple[tuple[Key, ...], tuple[Key, ...]]]:
    """The findings behind the method that counts, and those behind all that say otherwise."""
    slots = case.inference.slots
    usable = [o for o in formula.tests if o.only_if is None or slots.condition(o.only_if)(view.levels)]
    said = [(slots.condition(option.test)(view.levels), option.test) for option in usable]
    known = [(truth, case.seen_behind(test, view)) for truth, test in said if truth is not None]
    if known:
        (decides, counts), *others = known
        beside = [keys for truth, keys in others if truth is not decides]
        if beside:
            yield counts, tuple(key for keys in beside for key in keys)


def _said(case: Case, keys: tuple[Key, ...]) -> str:
    """`External rotators, manual muscle test, left: 4`."""
    said = []
    for key in keys:
        definition, observation = case.rulebase.findings[key[0]], case.usable.get(key)
        if observation is None or not observation.observed:
            continue
        value = value_words(case.rulebase, definition, shown(observation.value))
        said.append(f"{name_of(definition, key[1])}: {value}")
    return "; ".join(said)
