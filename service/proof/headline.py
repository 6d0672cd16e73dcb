"""The right headline: what to do first, what was cleared, what shows signs, what was left out."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from service.domain.exam import Side
from service.proof.case import Case
from service.proof.knee import Knee
from service.proof.screen import Raised
from service.proof.writing import capital

MOST_NAMED = 3


class Headline:
    """The headline of one exam. `asked`: whether anything is asked next."""

    def __init__(self, case: Case, knees: list[Knee], asked: bool) -> None:
        self.case, self.screen, self.wording = case, case.screen, case.rulebase.wording
        self.knees = {knee.judgement.side: knee for knee in knees}
        self.asked = asked

    def written(self) -> str:
        return " ".join(self._hold() if self.screen.hold else self._shown())

    def _hold(self) -> Iterator[str]:
        """Only what withholds, and how much is still to be asked."""
        flags = [raised for raised in self.screen.open_flags if raised.flag.withholds == "all"]
        age = [raised for raised in flags if raised.flag.out_of_scope]
        yield from self._flags(flags, "headline_flags")
        if age:
            yield self.wording["headline_out_of_scope"].format(flags=_labels(age))
        yield self.wording["headline_out_of_scope_only" if len(age) == len(flags) else "headline_hold"]
        if self.asked:
            yield self.wording["headline_hold_open"].format(left=len(self.screen.not_screened))
        yield from self._switched_off()

    def _shown(self) -> Iterator[str]:
        flags, left = self.screen.open_flags, len(self.screen.not_screened)
        yield from self._switched_off()
        yield from self._flags(flags, "headline_referral" if self.screen.referral_first else "headline_flags")
        yield from self._cleared()
        outside = [raised for raised in flags if raised.flag.outside_intended_use]
        if outside:
            yield self.wording["headline_outside"].format(flags=_labels(outside))
        if left:
            yield self.wording["headline_incomplete"].format(left=left)
        for side in self.case.exam.knees:
            knee = self.wording["headline_knee"]
            yield knee.format(side=capital(side), contributors=self._contributors(side))
        yield from self._regions()
        yield self.wording["headline_not_excluded"]

    def _switched_off(self) -> Iterator[str]:
        """What part of the screen did not run."""
        codes = [rule.code for rule in self.case.book.off.screening]
        if codes:
            yield self.wording["headline_switched_off"].format(rules=_listed(codes))

    # -- flags -----------------------------------------------------------------------------

    def _flags(self, flags: list[Raised], first: str) -> Iterator[str]:
        """By urgency; the first in the words of a referral, if one comes first. Ages are said apart."""
        said = [r for r in flags if not (r.flag.out_of_scope or r.flag.outside_intended_use)]
        for place, (urgency, alike) in enumerate(groupby(said, key=lambda raised: raised.flag.urgency)):
            words = self.wording["headline_flags" if place else first]
            yield capital(words.format(urgency=urgency.words, flags=_labels(alike)))

    def _cleared(self) -> Iterator[str]:
        roles: dict[str, list[Raised]] = {}
        for raised in self.screen.raised:
            if raised.clearance:
                roles.setdefault(raised.clearance.role, []).append(raised)
        for role, cleared in roles.items():
            yield self.wording["headline_cleared"].format(role=role, flags=_labels(cleared))

    # -- knees -----------------------------------------------------------------------------

    def _contributors(self, side: Side) -> str:
        """The best of those with signs, how many more there are, and how many nobody can judge yet."""
        if side not in self.knees:
            return self.wording["headline_knee_out"]
        knee, rulebase = self.knees[side], self.case.rulebase
        standings = {id_: knee.judgement.standing(id_) for id_ in knee.ranked}
        if not any(standing.examined for standing in standings.values()):
            return self.wording["headline_nothing"]
        shown_while = rulebase.recommendation_policy.given_while
        signs = [id_ for id_, standing in standings.items() if standing.name in shown_while]
        rest = [standing.name for id_, standing in standings.items() if id_ not in signs]
        undecided = sum(name in rulebase.undecided_classes for name in rest)
        said = [self.case.classed(id_, standings[id_].name) for id_ in signs[:MOST_NAMED]]
        if not signs:
            said.append(self.wording["headline_none_so_far" if undecided else "headline_none"])
        if len(signs) > MOST_NAMED:
            said.append(self.wording["headline_more"].format(count=len(signs) - MOST_NAMED))
        if undecided:
            said.append(self.wording["headline_open"].format(count=undecided, of=len(standings)))
        return "; ".join(said)

    def _regions(self) -> Iterator[str]:
        """The regions left out, of each knee; once if they are the same."""
        left_out = {side: knee.regions_not_assessed() for side, knee in self.knees.items()}
        if len(set(map(tuple, left_out.values()))) == 1:
            (regions, *_) = left_out.values()
            if regions:
                yield self.wording["headline_regions"].format(regions=_listed(regions))
            return
        for side, regions in left_out.items():
            if regions:
                yield self.wording["headline_regions_of"].format(side=side, regions=_listed(regions))


def _labels(flags: Iterable[Raised]) -> str:
    """`Locked knee, left and right; Safeguarding or falls`."""
    sides: dict[str, list[str]] = {}
    for raised in flags:
        sides.setdefault(raised.flag.label, []).extend([raised.side] if raised.side else [])
    return "; ".join(f"{label}, {_listed(where)}" if where else label for label, where in sides.items())


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
