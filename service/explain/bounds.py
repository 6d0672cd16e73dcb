"""What a contributor can still become under the answers that are missing."""

from service.answer.case import Case
from service.answer.sentences import capital, class_said, either
from service.domain.assessment import Standing
from service.domain.exam import Key, Side
from service.domain.explanation import Bounds, Driver
from service.explain.cells_said import cell_shown
from service.explain.completions import Completions, End, classes_in_order, completions
from service.inference.cells import Cell

MOST_DRIVERS = 3


def bounds(case: Case, side: Side, contributor: str) -> Bounds:
    """Lowest and highest net, and every class, over all completions of the unknown findings it reads."""
    found = completions(case, side, contributor)
    standing = case.views[side].standings[contributor]
    nets = [net for _, net in found.ends]
    classes = classes_in_order(case.rulebase, found.ends)
    return Bounds(
        contributor=contributor,
        side=side,
        lowest=min(nets),
        now=standing.net,
        highest=max(nets),
        class_now=standing.name,
        classes=classes,
        unknown=found.unknown,
        drivers=_drivers(found),
        text=_said(case, standing, classes, found.unknown),
    )


def _said(case: Case, standing: Standing, classes: tuple[str, ...], unknown: tuple[Key, ...]) -> str:
    rulebase = case.rulebase
    settled = classes == (standing.name,)
    key = ("settled" if settled else "open") if unknown else "nothing"
    return rulebase.wording[f"bounds_{key}"].format(
        now=capital(class_said(rulebase, standing.id, standing.name)),
        classes=either([rulebase.class_words[name] for name in classes]),
        count=len(unknown),
    )


def _drivers(found: Completions) -> tuple[Driver, ...]:
    """The findings whose answer narrows the net most on average over their cells; ties by id."""
    whole = width(found.ends)
    narrowing = []
    for key, answers in found.by_answer().items():
        left = [width(ends) for _, ends in answers]
        gain = whole - sum(left) / len(left)
        if gain > 0:
            narrowing.append((-gain, key[0], key[1] or "", key, answers))
    narrowing.sort(key=lambda one: one[:3])
    return tuple(_driver(found.case, key, answers) for *_, key, answers in narrowing[:MOST_DRIVERS])


def _driver(case: Case, key: Key, answers: list[tuple[Cell, list[End]]]) -> Driver:
    definition = case.rulebase.findings[key[0]]
    shown = [(cell_shown(case.rulebase, definition, cell), width(ends)) for cell, ends in answers]
    return Driver(key, tuple(shown))


def width(ends: list[End]) -> int:
    """Highest less lowest net, in points."""
    nets = [net for _, net in ends]
    return max(nets) - min(nets)
