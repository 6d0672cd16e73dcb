"""Parts of an assessment, found by what they are about."""

from collections.abc import Callable

from service.domain.assessment import Assessment, Contributor, Firing, Gap, Knee
from service.domain.rule import Recommend

Assess = Callable[..., Assessment]


def firing(assessment: Assessment, code: str, side: str | None = "left") -> Firing:
    """The one firing of a rule on a side."""
    (found,) = [f for f in assessment.trace if f.rule.code == code and f.side == side]
    return found


def knee(assessment: Assessment, side: str = "left") -> Knee:
    (found,) = [k for k in assessment.knees if k.side == side]
    return found


def texts(assessment: Assessment, code: str) -> list[str]:
    """What the notes of one rule or convention say."""
    return [note.text for note in assessment.notes if note.rule == code]


def gaps(assessment: Assessment, code: str, side: str | None = "left") -> tuple[Gap, ...]:
    """What leaves a rule open."""
    (found,) = [u.gaps for u in assessment.undetermined if u.rule == code and u.side == side]
    return found


def contributor(assessment: Assessment, id_: str, side: str = "left") -> Contributor:
    every = [c for top in knee(assessment, side).contributors for c in (top, *top.mechanisms)]
    (found,) = [c for c in every if c.definition.id == id_]
    return found


def offered(assessment: Assessment, side: str = "left") -> list[str]:
    """The codes of the recommendations, in order."""
    return [recommendation.code for recommendation in knee(assessment, side).recommendations]


def refusals(assessment: Assessment, side: str = "left") -> dict[str, str | None]:
    """For each recommendation a rule offered, why it is not given."""
    return {
        effect.code: without
        for made in assessment.trace
        if made.side == side
        for effect, without in made.effects
        if isinstance(effect, Recommend)
    }
