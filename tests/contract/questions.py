"""Questions about exams as people post them, right by construction, for hypothesis."""

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.question import known_targets
from service.domain.question import TARGETS, QuestionName
from service.domain.rulebase import RuleBase
from tests.contract.exams import Body, exams, items


def questions(name: QuestionName, rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    """Questions that the service answers."""
    return exams(rulebase, now).flatmap(lambda exam: _about(name, exam, rulebase, now))


def _about(name: QuestionName, exam: Body, rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    changes = items(rulebase, now, most=4).map(_without_knee_pain)
    told: dict[str, SearchStrategy[Any]] = {"exam": st.just(exam)}
    if name == "what-if":
        compared = st.one_of(st.tuples(st.just("changes"), changes),
                             st.tuples(st.just("other_exam"), exams(rulebase, now)))  # fmt: skip
        return compared.map(lambda with_: {"exam": exam, with_[0]: with_[1]})
    told["side"] = st.sampled_from(exam["knees"])
    if TARGETS[name]:
        told["target"] = st.sampled_from(TARGETS[name]).flatmap(lambda kind: _target(kind, rulebase))
    beside: dict[str, SearchStrategy[Any]] = {"changes": changes}
    if name == "counterfactuals":
        beside["class"] = st.sampled_from(rulebase.class_order)
        told["page"] = st.just(1)
    return st.fixed_dictionaries(told, optional=beside)


def _target(kind: Any, rulebase: RuleBase) -> SearchStrategy[Body]:
    ids = st.sampled_from(known_targets(rulebase)[kind])
    return ids.map(lambda id_: {"kind": kind, "id": id_})


def _without_knee_pain(found: list[Body]) -> list[Body]:
    """A change of it may take away the knee that is asked about."""
    return [item for item in found if item["id"] != "knee_pain_present"]
