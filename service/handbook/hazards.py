"""The hazard log, `docs/safety/hazards.yaml`: what can go wrong, what is done about it, and the proof."""

from dataclasses import dataclass
from pathlib import Path

from service.knowledge.fields import Fields
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import read_source

LOG = "docs/safety/hazards.yaml"


@dataclass(frozen=True, slots=True)
class Control:
    """One thing done against a hazard.

    `lives` are the files, or codes of rules, in which it lives and `shown_by` the tests that show it. A
    control that is not there yet has neither; `open` then says what is missing.
    """

    says: str
    lives: tuple[str, ...]
    shown_by: tuple[str, ...]
    open: str | None


@dataclass(frozen=True, slots=True)
class Hazard:
    """`found` says whether the specification named it or the project met it while building."""

    id: str
    hazard: str
    harm: str
    found: str
    controls: tuple[Control, ...]


def read_hazards(checkout: Path) -> tuple[Hazard, ...]:
    """Every hazard of the log, in its order. Raises RuleBaseError with all that is wrong with it."""
    problems: list[Problem] = []
    log = Fields(read_source(checkout / LOG, LOG, problems), problems, LOG)
    listed = log.section("hazards")
    hazards = tuple(_read_hazard(id_, listed.section(id_)) for id_ in listed.names())
    log.done()
    if problems:
        raise RuleBaseError(problems)
    return hazards


def _read_hazard(id_: str, entry: Fields) -> Hazard:
    hazard = Hazard(
        id=id_,
        hazard=entry.text("hazard"),
        harm=entry.text("harm"),
        found=entry.one_of("found", ("specification", "project")),
        controls=tuple(map(_read_control, entry.each("controls"))),
    )
    if not any(control.open is None for control in hazard.controls):
        entry.problem(f"{id_} has no control that is in place")
    entry.done()
    return hazard


def _read_control(item: Fields) -> Control:
    control = Control(
        says=item.text("says"),
        lives=item.texts("lives", required=False),
        shown_by=item.texts("shown_by", required=False),
        open=item.optional_text("open"),
    )
    if control.open is None and not (control.lives and control.shown_by):
        item.problem("a control says where it lives and which test shows it, or what is still open")
    if control.open is not None and (control.lives or control.shown_by):
        item.problem("a control is either in place or open")
    item.done()
    return control
