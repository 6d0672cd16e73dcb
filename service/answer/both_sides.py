"""What the two sides say of each other: signs on a pain-free side, and one list of options for two knees."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.answer.case import Case
from service.answer.sentences import name_of
from service.domain.assessment import Contributor, Knee, MergedRecommendation, NoteShown
from service.domain.exam import OTHER, Level, Side
from service.domain.rule import AllOf, Condition, FindingTest, Group, criteria, finding_tested
from service.inference.comparison import slot_test
from service.inference.reference import FIRES
from service.inference.view import View

LevelOf = Callable[[str], Level | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """The signs of a painful knee beside those of a side that is known to be free of pain.

    `only_there`: findings that are signs there and, observed, are none here. `same`: for each
    contributor or mechanism the findings that count for it here and are signs to the same degree there.
    """

    only_there: tuple[str, ...] = ()
    same: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def compared(case: Case, view: View) -> Compared:
    """Nothing where the other side is not known to be free of pain."""
    here, there = _level_of(case, view.side), _level_of(case, OTHER[view.side])
    if there(case.rulebase.knee_pain) != "no":
        return Compared()
    only_there: list[str] = []
    same: dict[str, tuple[str, ...]] = {}
    for finding, rules in case.rulebase.signs.items():
        if here(finding) is None or there(finding) is None:
            continue
        signs_here, signs_there = (_reading_it_as_a_sign(case, rules, finding, at) for at in (here, there))
        if signs_there and not signs_here:
            only_there.append(finding)
        elif signs_here == signs_there:
            for target in _counting(case, view, signs_here):
                same[target] = (*same.get(target, ()), finding)
    return Compared(tuple(only_there), same)


def _level_of(case: Case, side: Side) -> LevelOf:
    """The level of each finding that is observed on this side, or has none."""

    def level_of(finding: str) -> Level | None:
        where = side if case.rulebase.findings[finding].sided else None
        observation = case.usable.get((finding, where))
        return observation.level if observation else None

    return level_of


def _reading_it_as_a_sign(case: Case, rules: tuple[int, ...], finding: str, level_of: LevelOf) -> list[int]:
    """Those of the rules whose condition gets from this finding what it asks of it."""
    return [index for index in rules if _met(case, case.rulebase.rules[index].when, finding, level_of)]


def _met(case: Case, condition: Condition, finding: str, level_of: LevelOf) -> bool:
    """Whether all is met that a condition asks of one finding and of the person; the rest is left open."""
    if isinstance(condition, AllOf):
        asked = (m for m in condition.members if _tests(m, finding) or _of_the_person(case, m))
        return all(_met(case, member, finding, level_of) for member in asked)
    if isinstance(condition, Group):
        return any(_met(case, m, finding, level_of) for m in condition.members if _tests(m, finding))
    assert isinstance(condition, FindingTest)
    return slot_test(0, condition.word, condition.levels)([level_of(condition.finding)]) is True


def _tests(condition: Condition, finding: str) -> bool:
    return finding in map(finding_tested, criteria(condition))


def _of_the_person(case: Case, condition: Condition) -> bool:
    """Whether it tests a finding without side, such as sex: what holds for one side holds for both."""
    definition = case.rulebase.findings.get(condition.finding) if isinstance(condition, FindingTest) else None
    return definition is not None and not definition.sided


def _counting(case: Case, view: View, rules: list[int]) -> dict[str, None]:
    """What those of the rules that fired for this knee support."""
    fired = (case.rulebase.rules[index] for index in rules if view.outcomes[index] == FIRES)
    return dict.fromkeys(score.target for rule in fired for score in rule.scores if score.supports)


# -- two painful knees -----------------------------------------------------------------------


def merged_recommendations(case: Case, knees: tuple[Knee, ...]) -> Iterator[MergedRecommendation]:
    """One list for two knees with clear signs of different kinds; the knee with the worse pain first."""
    if not _clear_and_different(case, knees):
        return
    sides: dict[tuple[str, str], list[Side]] = {}
    for knee in _worse_first(case, knees):
        for recommendation in knee.recommendations:
            sides.setdefault((recommendation.code, recommendation.id), []).append(knee.side)
    for (code, id_), given in sides.items():
        yield MergedRecommendation(code, id_, tuple(sorted(given)))


def _clear_and_different(case: Case, knees: tuple[Knee, ...]) -> bool:
    """Whether each of two knees has contributors of the first class, and not the same ones."""
    clearest = case.rulebase.class_order[0]
    clear = [{c.definition.id for c in knee.contributors if c.standing.name == clearest} for knee in knees]
    return len(clear) == 2 and all(clear) and clear[0] != clear[1]


def _worse_first(case: Case, knees: tuple[Knee, ...]) -> tuple[Knee, ...]:
    """By the findings that the convention names; as they are where one of them is not known of both."""
    ratings = case.rulebase.conventions["different_signs_at_both_knees"].findings
    pain: dict[Side, list[Any]] = {k.side: list(map(_level_of(case, k.side), ratings)) for k in knees}
    if any(None in levels for levels in pain.values()):
        return knees
    return tuple(sorted(knees, key=lambda knee: pain[knee.side], reverse=True))


# -- notes -----------------------------------------------------------------------------------


def both_sides_notes(case: Case, knees: tuple[Knee, ...]) -> Iterator[NoteShown]:
    """What the conventions say of two painful knees, and of a painful knee beside a pain-free side."""
    conventions = case.rulebase.conventions
    if len(knees) == 2 and all(knee.in_scope for knee in knees):
        apart = conventions["each_knee_by_itself"]
        yield NoteShown(apart.code, None, "exam", apart.text)
    if _clear_and_different(case, knees):
        different = conventions["different_signs_at_both_knees"]
        yield NoteShown(different.code, None, "exam", different.text)
    for knee in knees:
        if knee.in_scope:
            yield from _beside_the_pain_free_side(case, knee)


def _beside_the_pain_free_side(case: Case, knee: Knee) -> Iterator[NoteShown]:
    only, same = (
        case.rulebase.conventions[name] for name in ("only_on_pain_free_side", "same_on_pain_free_side")
    )
    only_there = compared(case, case.views[knee.side]).only_there
    if only_there:
        text = only.text.format(findings=_names(case, only_there), side=OTHER[knee.side])
        yield NoteShown(only.code, knee.side, "exam", text)
    for item in _with_mechanisms(knee):
        if item.less_specific:
            text = same.text.format(findings=_names(case, item.less_specific), side=OTHER[knee.side])
            yield NoteShown(same.code, knee.side, item.definition.id, text)


def _with_mechanisms(knee: Knee) -> Iterator[Contributor]:
    for contributor in knee.contributors:
        yield contributor
        yield from contributor.mechanisms


def _names(case: Case, findings: tuple[str, ...]) -> str:
    return "; ".join(name_of(case.rulebase.findings[finding], None) for finding in findings)
