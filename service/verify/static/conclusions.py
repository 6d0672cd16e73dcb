"""What contributors and mechanisms can come to: classes out of reach, and rules on one side only."""

from collections.abc import Iterator

from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.terms import every


def of_contributor(study: Study, contributor: str) -> Iterator[Report]:
    yield from _unreachable(study, contributor)
    yield from _one_sided(study, contributor)


def _unreachable(study: Study, contributor: str) -> Iterator[Report]:
    """The classes that no exam gives; they are reported together."""
    here = study.whole.exam.assessed("left")
    classes = study.whole.classes(contributor)
    missing = [name for name, term in classes.items() if study.questions.never(every([here, term]))]
    if missing:
        says = f"{contributor} can never be {' or '.join(missing)}"
        proof = "no exam gives it the class (z3)"
        yield study.of_entry("unreachable_class", contributor, says, proof, missing)


def _one_sided(study: Study, contributor: str) -> Iterator[Report]:
    scored = [(rule, score) for rule in study.active for score in rule.scores if score.target == contributor]
    for supports, said in ((True, "supports"), (False, "speaks against")):
        if not any(score.supports == supports for _, score in scored):
            says = f"no rule {said} {contributor}"
            proof = "every rule that gives points was looked at"
            word = "supporting" if supports else "opposing"
            witness = study.witness(scored[0][0], study.whole.fires(scored[0][0])) if scored else None
            yield study.of_entry("one_sided", contributor, says, proof, [word], witness)
