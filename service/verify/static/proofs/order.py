"""Nothing depends on what comes first: neither the order of findings, nor that of rules."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from service.inference.infer import Inference
from service.inference.strata import Stratum, concludes, reads
from service.inference.view import View
from service.verify.static.proofs.proof import Proof
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.witness import Witness, Witnesses

STATEMENT = (
    "The order in which findings are posted and the order of the rules make no difference: the same "
    "bytes are answered, and the same rules fire, with the same states, classes and nets."
)
HOW = (
    "Proved: each rule reads only what rules of earlier strata conclude, so no rule can see whether "
    "another of its own stratum came first (every rule looked at). Tested: exams in which each rule "
    "fires, found by z3, are answered with their findings in the opposite order, and inferred with the "
    "rules in the opposite order."
)


def order_never_matters(study: Study) -> Proof:
    inference = study.inference
    found = [
        *sees_its_own_stratum(study, inference.safety_strata),
        *sees_its_own_stratum(study, inference.strata),
    ]
    backwards = Witnesses(Inference(replace(study.rulebase, rules=tuple(reversed(study.rulebase.rules)))))
    for witness in study.exams:
        found.extend(_in_other_order(study, backwards, witness))
    return Proof("order_never_matters", STATEMENT, HOW, len(study.active) + len(study.firing), tuple(found))


def sees_its_own_stratum(study: Study, strata: tuple[Stratum, ...]) -> Iterator[Report]:
    """Rules that read what a rule of their own or a later stratum concludes."""
    rules = study.rulebase.rules
    for place, stratum in enumerate(strata):
        later = {c for other in strata[place:] for index in other.rules for c in concludes(rules[index])}
        for index in stratum.rules:
            seen = reads(rules[index]) & later
            if seen:
                named = sorted(name for _, name in seen)
                says = f"{rules[index].code} reads {', '.join(named)}, which is not settled when it runs"
                witness = study.firing.get(rules[index].code)
                yield study.of_rule("order_matters", rules[index], "when", says, HOW, named, witness)


def _in_other_order(study: Study, backwards: Witnesses, witness: Witness) -> Iterator[Report]:
    rule = study.rulebase.rule_by_code[next(iter(witness.outcomes))]
    codes = ", ".join(witness.outcomes)
    turned = replace(witness, posted=dict(reversed(tuple(witness.posted.items()))))
    if _bytes(study.answer(witness)) != _bytes(study.answer(turned)):
        says = f"an exam in which {codes} fire has another answer with its findings in another order"
        yield study.of_rule("order_matters", rule, "when", says, HOW, ["findings"], witness)
    if _concluded(study.witnesses, witness) != _concluded(backwards, witness):
        says = f"an exam in which {codes} fire is inferred otherwise with the rules in another order"
        yield study.of_rule("order_matters", rule, "when", says, HOW, ["rules"], witness)


def _bytes(answer: Any) -> str:
    return json.dumps(answer, default=str)


def _concluded(witnesses: Witnesses, witness: Witness) -> dict[str, Any]:
    view: View = witnesses.view(witness)
    rules = witnesses.rulebase.rules
    return {
        "outcomes": {rule.code: found for rule, found in zip(rules, view.outcomes, strict=True)},
        "states": view.states,
        "standings": {id_: (s.name, s.support, s.against, s.assessed) for id_, s in view.standings.items()},
    }
