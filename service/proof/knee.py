"""The right claims about each knee: contributors, states, chains, options and next tests."""

from collections.abc import Iterator
from functools import cached_property

from service.domain.rule import Ask, Note, Recommend, SetState
from service.domain.vocabulary import Arrow, Chain
from service.proof.case import Case
from service.proof.judgement import Judgement
from service.proof.trace import Firing
from service.proof.writing import Json, capital


class Knee:
    """One knee that may be shown."""

    def __init__(self, case: Case, judgement: Judgement) -> None:
        self.case, self.judgement, self.rulebase = case, judgement, case.rulebase
        self.rules = list(judgement.fired())
        self.firings = [Firing(case, rule, judgement.side, judgement) for rule in self.rules]
        self.ranked = [c.id for c in self.rulebase.contributors.values() if c.beneath is None]
        self.ranked.sort(key=lambda id_: (*judgement.merit(id_), id_))

    # -- contributors ----------------------------------------------------------------------

    def contributors(self) -> list[Json]:
        """Best first, each with its mechanisms."""
        return [self._contributor(id_) for id_ in self.ranked]

    @cached_property
    def ranks(self) -> dict[str, int]:
        """One more than how many stand better; none while nothing that bears on any was examined."""
        if not any(self.judgement.standing(id_).examined for id_ in self.ranked):
            return {}
        merits = [self.judgement.merit(id_) for id_ in self.ranked]
        return {
            id_: 1 + sum(m < merit for m in merits) for id_, merit in zip(self.ranked, merits, strict=True)
        }

    def _contributor(self, id_: str) -> Json:
        defined, standing = self.rulebase.contributors[id_], self.judgement.standing(id_)
        certainty = defined.link_certainty
        return {
            "id": id_,
            "label": defined.label,
            "class": standing.name,
            "class_words": self.case.class_words(standing.name),
            "net": standing.net,
            "support": standing.support,
            "against": standing.against,
            "coverage": {"assessed": standing.assessed, "of": standing.of},
            "link_certainty": {
                "grade": certainty.grade, "shown_as": certainty.words, "text": certainty.text
            },
            "origin": list(defined.origin),
            "rank": self.ranks.get(id_),
            "supporting_rules": [rule.code for rule, score in standing.fired if score.supports],
            "opposing_rules": [rule.code for rule, score in standing.fired if not score.supports],
            "noted_rules": self._noted(id_),
            "shared_findings": sorted(self._shared(id_)),
            "disabled_clusters": [
                {"cluster": cluster, "speaks": "for" if supports else "against", "rules": codes}
                for (cluster, supports), codes in self.case.book.off.clusters[id_].items()
            ],
            "mechanisms": [
                self._contributor(c.id) for c in self.rulebase.contributors.values() if c.beneath == id_
            ],
        }  # fmt: skip

    def _noted(self, id_: str) -> list[str]:
        """The fired rules that only speak of it."""
        silent = [rule for rule in self.rules if not rule.scores]
        return [r.code for r in silent for e in r.effects if isinstance(e, Note) and e.about == id_]

    @cached_property
    def _used(self) -> dict[str, set[str]]:
        """For each contributor and mechanism the findings behind the fired rules that score it."""
        used: dict[str, set[str]] = {}
        for firing in self.firings:
            for score in firing.rule.scores:
                used.setdefault(score.target, set()).update(one.finding for one in firing.inputs)
        return used

    def _shared(self, id_: str) -> set[str]:
        """Findings that score for another one too; a mechanism and what it stands beneath are one."""
        top = self._top(id_)
        others = [findings for other, findings in self._used.items() if self._top(other) != top]
        return self._used.get(id_, set()) & set().union(*others)

    def _top(self, id_: str) -> str:
        return self.rulebase.contributors[id_].beneath or id_

    # -- states and chains -----------------------------------------------------------------

    def states(self) -> list[Json]:
        fired = {rule.code for rule in self.rules}
        return [
            {
                "id": state.id,
                "label": state.label,
                "basis": state.basis,
                "rules": [r.code for r in self.case.book.concluding(SetState, state.id) if r.code in fired],
            }
            for state in self.rulebase.states.values()
            if not (state.internal or state.given_by_screen) and self.judgement.state(state.id) is True
        ]

    def chains(self) -> list[Json]:
        shown = (
            {"id": chain.id, "label": chain.label, "arrows": list(self._arrows(chain))}
            for chain in self.rulebase.chains
        )
        return [chain for chain in shown if chain["arrows"]]

    def _arrows(self, chain: Chain) -> Iterator[Json]:
        """From what is present onwards; what a chain concluded is shown only where this one led there."""
        fired = {rule.code for rule in self.rules}
        reached: set[str] = set()
        for arrow in chain.arrows:
            by = [code for code in arrow.rules if code in fired]
            starts = self._present(arrow.source) and (
                arrow.source in reached or not self._linked(arrow.source)
            )
            if starts and self._in_force(arrow) and self._leads(arrow, bool(by)):
                reached.add(arrow.target)
                seen = bool(by) and self._seen(arrow.source) and self._seen(arrow.target)
                yield {
                    "from": arrow.source, "to": arrow.target, "assumed": not seen,
                    "level": arrow.level, "rules": by, "says": arrow.says,
                }  # fmt: skip

    def _in_force(self, arrow: Arrow) -> bool:
        """A step that only rules switched off carry is not even assumed."""
        return not arrow.rules or any(self.rulebase.rule_by_code[code].active for code in arrow.rules)

    def _linked(self, end: str) -> bool:
        return any(rule.family == "chains" for rule in self.case.book.concluding(SetState, end))

    def _leads(self, arrow: Arrow, carried: bool) -> bool:
        """To a state that holds only where a rule carries it, to one that does not never."""
        if arrow.target not in self.rulebase.states:
            return True
        state = self.judgement.state(arrow.target)
        return state is None or (state and carried)

    def _present(self, end: str) -> bool:
        if end in self.rulebase.states:
            return self.judgement.state(end) is True
        return self.judgement.standing(end).name in self.rulebase.chain_ends_seen_while

    def _seen(self, end: str) -> bool:
        state = self.rulebase.states.get(end)
        return self._present(end) and (state is None or state.basis == "observed")

    # -- what may be suggested ----------------------------------------------------------------

    def recommendations(self) -> list[Json]:
        """Referrals, then what comes first, then by the target's rank, then by code."""
        offered = [
            (firing, effect)
            for firing in self.firings
            for effect in firing.rule.effects
            if isinstance(effect, Recommend) and self.case.refusal(effect, self.judgement) is None
        ]
        offered.sort(key=lambda one: self._place(one[1]))
        return [*self._referrals(), *(self._recommendation(*one) for one in offered)]

    def _place(self, offer: Recommend) -> tuple[int, int, str]:
        first = self.rulebase.recommendation_policy.order_first
        if offer.code in first:
            return first.index(offer.code), 0, offer.code
        target = self.case.target(offer, self.judgement)
        rank = self.ranks.get(self._top(target)) if target else None
        return len(first), rank or len(self.ranked) + 1, offer.code

    def _referrals(self) -> Iterator[Json]:
        open_ = [raised for raised in self.case.screen.open_flags if raised.flag.urgency.referral_first]
        for code in dict.fromkeys(raised.flag.code for raised in open_):
            by = [one for raised in open_ if raised.flag.code == code for one in raised.by]
            yield {
                "code": code,
                "id": "referral",
                "target": None,
                "text": self.case.flag_text(effect for _, effect in by),
                "because": "; ".join(dict.fromkeys(fired.rule.title for fired, _ in by)),
            }

    def _recommendation(self, firing: Firing, offer: Recommend) -> Json:
        defined, target = self.rulebase.recommendations[offer.code], self.case.target(offer, self.judgement)
        undecided = target and self.judgement.standing(target).name in self.rulebase.undecided_classes
        wording = self.rulebase.wording
        return {
            "code": defined.code,
            "id": defined.id,
            "target": target,
            "text": f"{wording['suggested_prefix']} {defined.text}" if undecided else defined.text,
            "because": self._why(firing),
            "label": defined.label,
            "dose": defined.dose,
            "support": defined.support,
            "limits": defined.limits,
            "evidence": list(defined.cites),
            "verification": defined.verification,
        }

    def _why(self, firing: Firing) -> str:
        """Why it fired; while the screen is open that is said first, unless the rule says so itself."""
        given = {s.id for s in self.rulebase.states.values() if s.given_by_screen}
        speaks = any(premise.get("state") in given for premise in firing.premises)
        if self.case.screen.status != "incomplete" or speaks:
            return firing.because
        return f"{capital(self.rulebase.wording['reason_incomplete'])}. {firing.because}"

    # -- what to examine next -------------------------------------------------------------------

    def next_tests(self) -> list[Json]:
        """What the fired rules ask for, is not done and not forbidden; what may withhold others first."""
        asking = [(f, e) for f in self.firings for e in f.rule.effects if isinstance(e, Ask)]
        asking.sort(key=lambda one: not one[1].first)
        forbidden = self.case.screen.forbidden[self.judgement.side]
        asked = []
        for firing, effect in asking:
            wanted = (
                [f for f in effect.findings if not self._done(f)]
                if effect.findings
                else self._clashing(firing)
            )
            findings = [finding for finding in wanted if finding not in forbidden]
            if findings:
                asked.append({"code": firing.rule.code, "findings": findings, "why": effect.why})
        return asked

    def _done(self, finding: str) -> bool:
        """Observed; a gate once each of its items was answered by itself."""
        gate, sight = self.rulebase.gates.get(finding), self.judgement.sight
        if gate is None:
            return sight.value(finding) is not None
        return all(self.case.counting.answered(sight.key(item), by_itself=True) for item in gate.items)

    def _clashing(self, asking: Firing) -> list[str]:
        """The findings behind what scores the contributors whose class made the rule ask."""
        disputed = {premise["class"] for premise in asking.premises if "class" in premise}
        scoring = [f for f in self.firings if any(score.target in disputed for score in f.rule.scores)]
        return list(dict.fromkeys(one.finding for firing in scoring for one in firing.inputs))

    def regions_not_assessed(self) -> list[str]:
        sight = self.judgement.sight
        return [
            region
            for region in self.rulebase.regions
            if all(sight.value(finding.id) is None for finding in sight.in_region(region))
        ]
