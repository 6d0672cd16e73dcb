"""What argues against something rests on observed values: unknown is never normal."""

from service.verify.static.grounded import Grounded
from service.verify.static.proofs.proof import Proof
from service.verify.static.report import Report, in_words
from service.verify.static.study import Study
from service.verify.static.terms import opposite

STATEMENT = (
    "Whatever argues against a contributor reads observed values: in every exam in which an opposing "
    "rule fires, the criteria that make its when true read what was observed, or what points gave."
)
HOW = (
    "z3: for each opposing rule no exam makes it fire while its when rests on something unknown; states "
    "are followed to the rules that set them, formulas to their findings, and a class must have been "
    "given by points"
)


def opposition_is_observed(study: Study) -> Proof:
    """A rule may fire while its unless is unknown (clinical.md 3.4); its when never rests on absence."""
    grounded = Grounded(study.whole)
    opposing = [rule for rule in study.active if any(not score.supports for score in rule.scores)]
    violations: list[Report] = []
    for rule in opposing:
        fires, rests = study.whole.fires(rule), grounded.truth(rule.when).true
        witness = study.witness(rule, fires, opposite(rests))
        if witness is not None:
            because = in_words(rule.when)
            says = f"{rule.code} argues against something because of what was not observed: '{because}'"
            proof = "an exam makes it fire, and what makes its when true was not observed there (z3)"
            violations.append(study.of_rule("unknown_counts", rule, "when", says, proof, (), witness))
    return Proof("opposition_is_observed", STATEMENT, HOW, len(opposing), tuple(violations))
