"""Which contributors can still lead, that is come first among all, and how much of that is open."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from service.domain.rulebase import RuleBase
from service.explain.completions import End

Merit = tuple[int, int, int]
"""By class, link certainty and net, as contributors are ranked; the less the better."""


@dataclass(frozen=True, slots=True)
class Span:
    """The best and the worst that a contributor can come to, and how many ends it can have."""

    best: Merit
    worst: Merit
    ends: int


def spanning(rulebase: RuleBase) -> Callable[[str, Iterable[End]], Span]:
    """Gives the span of a contributor with these ends."""
    classes = {name: place for place, name in enumerate(rulebase.class_order)}
    certainties = {
        id_: rulebase.link_certainty_order.index(contributor.link_certainty.grade)
        for id_, contributor in rulebase.contributors.items()
    }

    def span(contributor: str, ends: Iterable[End]) -> Span:
        certainty = certainties[contributor]
        merits = {(classes[name], certainty, -net) for name, net in ends}
        return Span(min(merits), max(merits), len(merits))

    return span


def open_lead(spans: Mapping[str, Span]) -> int:
    """How many ends those have among them that nobody is sure to stand before."""
    bar = min(span.worst for span in spans.values())
    return sum(span.ends for span in spans.values() if span.best <= bar)
