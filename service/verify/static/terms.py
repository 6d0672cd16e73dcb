"""Boolean terms over an exam of unknown content, and questions to them. The only module that imports z3.

A term is True, False, or something z3 can decide. What is constant is folded at once, so that most
of a rule base never reaches z3.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeVar

try:
    import z3
except ImportError as error:  # a production install has no z3
    raise ImportError(
        "z3 is missing: it proves what holds for every exam, and comes with the development dependencies "
        "(make setup, or pip install z3-solver)"
    ) from error

Term = Any
"""bool, or a z3 expression of that sort."""
Whole = Any
"""int, or a z3 expression of that sort."""
Weighted = Iterable[tuple[int, Term]]

Answer = TypeVar("Answer")

PROVER = f"z3 {z3.get_version_string()}"
SEED = 7
MOST_STEPS = 5_000_000
"""z3 gives up on one question after so many of its own steps, the same on every machine: some ten seconds.

A question about the shipped rules takes 50 000 at most.
"""
CONTEXT = z3.main_ctx()


def variable(name: str) -> Term:
    """The same name is the same variable, wherever it is made."""
    return z3.Bool(name)


def whole(name: str) -> Whole:
    return z3.Int(name)


def opposite(term: Term) -> Term:
    if isinstance(term, bool):
        return not term
    return z3.BoolRef(z3.Z3_mk_not(CONTEXT.ref(), term.as_ast()), CONTEXT)


def every(terms: Iterable[Term]) -> Term:
    kept = []
    for term in terms:
        if term is False:
            return False
        if term is not True:
            kept.append(term)
    return _joined(z3.Z3_mk_and, kept) if kept else True


def some(terms: Iterable[Term]) -> Term:
    kept = []
    for term in terms:
        if term is True:
            return True
        if term is not False:
            kept.append(term)
    return _joined(z3.Z3_mk_or, kept) if kept else False


def _joined(make: Callable[..., Any], terms: list[Term]) -> Term:
    """Straight to z3: z3.And and z3.Or check the sort of every term, which takes most of the time."""
    if len(terms) == 1:
        return terms[0]
    array = (z3.Ast * len(terms))(*(term.as_ast() for term in terms))
    return z3.BoolRef(make(CONTEXT.ref(), len(terms), array), CONTEXT)


def same(one: Term, two: Term) -> Term:
    if isinstance(one, bool):
        one, two = two, one
    if isinstance(two, bool):
        return one if two else opposite(one)
    return one == two


def either(condition: Term, yes: Whole, no: Whole) -> Whole:
    """One of two whole numbers."""
    if isinstance(condition, bool):
        return yes if condition else no
    return z3.If(condition, yes, no)


def sum_at_least(parts: Weighted, least: int) -> Term:
    """Whether the weights of the terms that hold add up to at least so much."""
    open_: list[tuple[Term, int]] = []
    for weight, term in parts:
        if term is True:
            least -= weight
        elif term is not False and weight:
            open_.append((term, weight))
    if least <= sum(weight for _, weight in open_ if weight < 0):
        return True
    if least > sum(weight for _, weight in open_ if weight > 0):
        return False
    return z3.PbGe(open_, least)


def count_at_least(least: int, terms: Iterable[Term]) -> Term:
    return sum_at_least(((1, term) for term in terms), least)


def compared(top: Whole, word: str, limit: Fraction, bottom: Whole = 1) -> Term:
    """Whether top ÷ bottom compares so with a limit; a bottom of zero satisfies nothing."""
    left, right = limit.denominator * top, limit.numerator * bottom
    if isinstance(bottom, int):
        return bottom != 0 and _holds(left, word, right, bottom < 0)
    return some(
        [
            every([bottom > 0, _holds(left, word, right, False)]),
            every([bottom < 0, _holds(left, word, right, True)]),
        ]
    )


def _holds(left: Whole, word: str, right: Whole, turned: bool) -> Term:
    match word:
        case "at_least":
            return left <= right if turned else left >= right
        case "at_most":
            return left >= right if turned else left <= right
        case "above":
            return left < right if turned else left > right
        case "below":
            return left > right if turned else left < right
    raise ValueError(f"'{word}' compares nothing")


class Solution:
    """One way to make what was asked true. What no question touched counts as false and zero."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def holds(self, term: Term) -> bool:
        return term if isinstance(term, bool) else z3.is_true(self._model.eval(term, model_completion=True))

    def number(self, term: Whole) -> int:
        return term if isinstance(term, int) else self._model.eval(term, model_completion=True).as_long()


class Questions:
    """Asks what can be, given the facts that hold of every exam."""

    def __init__(self) -> None:
        self._solver = z3.Solver()
        self._solver.set("random_seed", SEED)
        self._solver.set("rlimit", MOST_STEPS)
        self._known: set[str] = set()

    def fact(self, name: str, *terms: Term) -> None:
        """What holds of every exam; a name that was told already is passed over."""
        if name not in self._known:
            self._known.add(name)
            self._solver.add(*terms)

    def told(self, name: str) -> bool:
        return name in self._known

    def find(self, *terms: Term) -> Solution | None:
        """An exam in which all of these hold; None where there is none, which is a proof."""
        return self._ask(terms, lambda: Solution(self._solver.model()))

    def never(self, *terms: Term) -> bool:
        """Whether no exam makes all of these true."""
        return self._ask(terms, lambda: True) is None

    def _ask(self, terms: tuple[Term, ...], answer: Callable[[], Answer]) -> Answer | None:
        if any(term is False for term in terms):
            return None
        self._solver.push()
        try:
            self._solver.add(*(term for term in terms if term is not True))
            found = self._solver.check()
            if found == z3.unknown:
                raise Undecided(f"z3 gave up on a question after {MOST_STEPS} steps")
            return answer() if found == z3.sat else None
        finally:
            self._solver.pop()


class CannotTell(Exception):
    """Whether something holds could not be found out."""


class Undecided(CannotTell):
    """z3 gave up on a question. No rule of the language should make it."""
