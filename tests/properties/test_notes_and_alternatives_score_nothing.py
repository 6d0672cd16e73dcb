"""The rules on both sides, earlier treatment and alternatives move nothing: same answers without them.

Usually 250 exams; with KNEECHAIN_FULL=1 10,000.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from service.assess import Assessor
from service.domain.exam import Exam
from service.domain.logic import Truth
from service.domain.rule import Note, Rule, Score, ShowAlternative
from service.domain.rulebase import RuleBase
from service.inference.view import View
from tests.generators import ExamGenerator, size
from tests.properties.inferring import infer

EXAMS = size(250, 10_000)
ADDED = ("alternatives", "history", "both-sides")


def saying_only(rule: Rule) -> bool:
    """Whether it is one of these rules and concludes nothing that another could read."""
    says = all(isinstance(effect, Note | ShowAlternative) for effect in rule.effects)
    return rule.family in ADDED and says


def without_them(rulebase: RuleBase) -> RuleBase:
    """The rule base without these rules, and with no alternative that others show."""
    kept = [rule for rule in rulebase.rules if not saying_only(rule)]
    silent = (
        replace(rule, effects=tuple(e for e in rule.effects if not isinstance(e, ShowAlternative)))
        for rule in kept
    )
    return replace(rulebase, rules=tuple(silent))


@dataclass(frozen=True)
class Concluded:
    """What one view came to: each rule's outcome, the states, and how each contributor stands."""

    outcomes: dict[str, str]
    states: dict[str, Truth]
    standings: dict[str, tuple[object, ...]]
    ranks: list[tuple[str, int | None]]


def concluded(assessor: Assessor, exam: Exam) -> Iterator[Concluded]:
    """Of the screen from both sides, then of each knee."""
    inferred = infer(assessor, exam)
    for view in inferred.screened.values():
        yield Concluded(_outcomes(assessor, view), view.states, {}, [])
    for view in inferred.knees.values():
        standings = {
            id_: (s.name, s.support, s.against, s.supporting_rules, s.opposing_rules)
            for id_, s in view.standings.items()
        }
        ranked = [view.standings[c.id] for c in assessor.rulebase.ranked_contributors]
        ranks = [(s.id, s.rank) for s in assessor.inference.standings.ranked(ranked)]
        yield Concluded(_outcomes(assessor, view), view.states, standings, ranks)


def _outcomes(assessor: Assessor, view: View) -> dict[str, str]:
    return dict(zip((rule.code for rule in assessor.rulebase.rules), view.outcomes, strict=True))


@pytest.fixture(scope="module")
def bare(rulebase: RuleBase) -> Assessor:
    return Assessor.of(without_them(rulebase))


def test_the_rules_taken_out_are_those_that_were_added(rulebase: RuleBase, bare: Assessor) -> None:
    codes = {rule.code for rule in rulebase.rules} - {rule.code for rule in bare.rulebase.rules}
    assert codes == {"B02", "B05", "T02", "T03", "T04", "T05", *(f"X{n:02}" for n in range(3, 13))}


def test_no_outcome_state_net_class_or_rank_depends_on_them(
    assessor: Assessor, bare: Assessor, now: datetime
) -> None:
    added = {rule.code for rule in assessor.rulebase.rules if saying_only(rule)}
    fired: set[str] = set()
    for exam in ExamGenerator(assessor.rulebase, now, seed=31).exams(EXAMS):
        for full, less in zip(concluded(assessor, exam), concluded(bare, exam), strict=True):
            fired |= {code for code in added if full.outcomes[code] == "fires"}
            others = {code: outcome for code, outcome in full.outcomes.items() if code not in added}
            assert replace(full, outcomes=others) == less
    assert fired == added, "each of them fired in some exam"


def test_a_rule_that_scores_is_not_taken_for_one_that_only_speaks(rulebase: RuleBase) -> None:
    rule = rulebase.rule_by_code["B02"]
    score = Score("hip_instability", True, "weak", 1, "sides")
    assert saying_only(rule)
    assert not saying_only(replace(rule, effects=(*rule.effects, score)))
