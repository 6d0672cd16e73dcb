"""One exam under one rule base, evaluated anew for the checker."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from service.domain.exam import SIDES, Exam, Side
from service.domain.rule import RaiseFlag, Recommend, Rule
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count
from service.proof.book import Book
from service.proof.counting import Counting
from service.proof.judgement import Judgement
from service.proof.screen import Screen
from service.proof.sight import Sight

Place = tuple[Rule, Side | None, Judgement]
"""A rule, the side it is told for (None where it speaks of the person), and its judgement."""


@dataclass(frozen=True)
class Counted:
    """A counted score, as a fixed text may show it."""

    now: int
    min: int
    max: int

    def __str__(self) -> str:
        return str(self.now)


class Case:
    """What counts, what each side sees, the screen, and the judgement of each knee that may be shown."""

    def __init__(self, book: Book, exam: Exam) -> None:
        self.book, self.exam = book, exam
        self.rulebase: RuleBase = book.rulebase
        self.counting = Counting(book.rulebase, exam)
        self.sights = Sight.both(self.counting)
        self.screen = Screen(book, exam, self.counting, self.sights)
        self.knees = {
            side: Judgement(book, self.sights[side], safety=False, assessed=True, given=self.screen.states)
            for side in exam.knees
            if self.screen.shows(side)
        }

    @cached_property
    def fired(self) -> list[Place]:
        """Every rule that fired: those of the screen, then each knee's."""
        screened = [(fired.rule, fired.side, fired.judgement) for fired in self.screen.fired]
        return [*screened, *((rule, side, j) for side, j in self.knees.items() for rule in j.fired())]

    def judged(self) -> Iterator[Place]:
        """Every active rule from each assessed side; one that speaks of the person once."""
        for rule in self.book.screening:
            for side in self.exam.knees if self.book.sided(rule) else (None,):
                yield rule, side, self.screen.judgements[side or SIDES[0]]
        for rule in self.book.others:
            for side, judgement in self.knees.items():
                yield rule, side, judgement

    # -- fixed texts -------------------------------------------------------------------------

    def flag_text(self, effects: Iterable[RaiseFlag]) -> str:
        """What to do, in the words of every rule that raised the flag, each once, with counts filled in."""
        texts = dict.fromkeys(effect.text for effect in effects)
        return " ".join(text.format_map(self._counts) if "{" in text else text for text in texts)

    @cached_property
    def _counts(self) -> dict[str, "Counted"]:
        formulas = [(d.id, d.formula) for d in self.rulebase.derived.values() if not d.sided]
        return {id_: self._counted(count) for id_, count in formulas if isinstance(count, Count)}

    def _counted(self, count: Count) -> "Counted":
        """The points of what is true, and the least and most that the unanswered could make of it."""
        told = [(test.points, self.sights[SIDES[0]].truth(test.test)) for test in count.tests]
        now = sum(points for points, held in told if held)
        unknown = [points for points, held in told if held is None]
        return Counted(now, now + sum(p for p in unknown if p < 0), now + sum(p for p in unknown if p > 0))

    # -- what may be offered -----------------------------------------------------------------

    def refusal(self, offer: Recommend, judgement: Judgement) -> str | None:
        """Why the screen or its target's class does not allow a recommendation; None where both do."""
        code, policy, wording = offer.code, self.rulebase.recommendation_policy, self.rulebase.wording
        screen = self.screen
        if screen.status == "incomplete" and code not in policy.when_incomplete:
            return wording["reason_incomplete"]
        if screen.referral_first and code not in policy.when_referral_first:
            return wording["reason_referral"]
        if screen.outside_intended_use and code not in policy.outside_intended_use:
            return wording["reason_outside"]
        return screen.forbidden[judgement.side].get(code) or self._refused_by_class(offer, judgement)

    def _refused_by_class(self, offer: Recommend, judgement: Judgement) -> str | None:
        target = self.target(offer, judgement)
        allowed = self.rulebase.recommendations[offer.code].given_while
        name = judgement.standing(target).name if target else None
        if target is None or name in (allowed or self.rulebase.recommendation_policy.given_while):
            return None
        return self.classed(target, str(name))

    def target(self, offer: Recommend, judgement: Judgement) -> str | None:
        """The contributor whose class is asked."""
        defined = self.rulebase.recommendations[offer.code]
        asked = defined.target_if_state is None or judgement.state(defined.target_if_state) is True
        return defined.target if asked else None

    def classed(self, contributor: str, name: str, label: str | None = None) -> str:
        """A class in words, with the link certainty beside it."""
        defined = self.rulebase.contributors[contributor]
        words, certainty = self.class_words(name), defined.link_certainty.words
        return self.rulebase.wording["classed"].format(
            label=label or defined.label, words=words, certainty=certainty
        )

    def class_words(self, name: str) -> str:
        return next(line.words for line in reversed(self.rulebase.class_rules) if line.name == name)
