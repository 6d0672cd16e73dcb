"""What each input of a circuit may be: what was observed, or one level for each cell that matters."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from service.answer.case import Case
from service.domain.exam import OTHER, Key, Side
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Ratio
from service.explain.circuit import BARRED, Circuit, Link, Node
from service.inference.cells import Cell, cells
from service.inference.dependencies import Read


def key_of(rulebase: RuleBase, read: Read, side: Side) -> Key:
    """The finding that one side reads."""
    finding, other = read
    if not rulebase.findings[finding].sided:
        return finding, None
    return finding, OTHER[side] if other else side


def observed_levels(case: Case, circuit: Circuit, side: Side) -> dict[Node, Any]:
    """For each input the level that counts in this exam; None where it is unknown.

    What a finding's own formula yields is left to the circuit; BARRED keeps it from being filled in.
    """
    view = case.views[side]
    levels: dict[Node, Any] = {}
    for node in circuit.inputs:
        if node.read is None:
            assert node.state is not None
            levels[node] = view.states[node.state]
            continue
        key = key_of(case.rulebase, node.read, side)
        observation = case.usable.get(key)
        levels[node] = None
        if observation is None:
            continue
        if observation.observed:
            levels[node] = None if observation.derived_from else observation.level
        elif case.rulebase.findings[key[0]].derive and observation.status != "not_assessed":
            levels[node] = BARRED
    return levels


def filled_in(rulebase: RuleBase, circuit: Circuit, known: Mapping[Node, Any]) -> set[Read]:
    """The findings that were not posted and that their own formula yields from what is known."""
    found: set[Read] = set()
    level = {node.read: known[node] for node in circuit.inputs if node.read}
    for link in circuit.links:
        if link.fills is None or level[link.fills] is not None:
            continue
        of, other = level[link.of], level[link.other]
        if of is None or other is None or of is BARRED or other is BARRED:
            continue
        assert isinstance(link.formula, Ratio)
        value = link.formula.value(of * _step(rulebase, link.of), other * _step(rulebase, link.other))
        if value is not None and rulebase.findings[link.fills[0]].in_range(value):
            found.add(link.fills)
    return found


def _step(rulebase: RuleBase, read: Read) -> Fraction:
    return Fraction(rulebase.findings[read[0]].step or 1)


def choices(
    rulebase: RuleBase, circuit: Circuit, known: Mapping[Node, Any], free: Iterable[Node]
) -> dict[Node, tuple[Cell, ...]]:
    """The cells of each free input, given what is known of the others.

    Two free numbers that a formula joins are cut one by the other: the first where some end of a cell
    of the second would lie on a threshold of the formula, the second where any level that stands for a
    cell of the first does. So every combination of their cells with a cell of the formula is met: in
    the plane of both numbers its region either reaches an end of a cell of the second, or spans all
    of the first.
    """
    found: dict[Node, tuple[Cell, ...]] = {}
    free = set(free)
    by_read = {node.read: node for node in circuit.inputs if node.read}
    links = [link for link in circuit.links if _matters(link, by_read, known, free)]

    def levels(partner: Node) -> list[Any]:
        now = [known[partner]] if known[partner] not in (None, BARRED) else []
        if partner in found:
            return [cell.level for cell in found[partner]] + now
        return _ends_of(rulebase, circuit, partner) + now if partner in free else now

    for node in circuit.inputs:
        if node in free:
            partners = _partners(links, node, by_read)
            cuts = [
                cut for link, partner in partners for at in levels(partner)
                for cut in _cuts(rulebase, link, node, at)
            ]  # fmt: skip
            found[node] = _cells(rulebase, circuit, node, cuts)
    return found


def _matters(link: Link, by_read: Mapping[Read, Node], known: Mapping[Node, Any], free: set[Node]) -> bool:
    """Whether the formula has a say: one that would fill a finding in has none where that one is given."""
    if link.fills is None:
        return True
    filled = by_read[link.fills]
    return filled not in free and known[filled] is None


def _cells(rulebase: RuleBase, circuit: Circuit, node: Node, cuts: Iterable[Fraction]) -> tuple[Cell, ...]:
    assert node.read is not None
    return cells(rulebase.findings[node.read[0]], circuit.tests[node.read], cuts)


def _ends_of(rulebase: RuleBase, circuit: Circuit, node: Node) -> list[Any]:
    """The levels at the ends of a number's own cells."""
    assert node.read is not None
    definition = rulebase.findings[node.read[0]]
    own = _cells(rulebase, circuit, node, ())
    return [definition.level(end) for cell in own for end in (cell.lowest, cell.highest) if end is not None]


def _partners(links: Iterable[Link], node: Node, by_read: Mapping[Read, Node]) -> Iterator[tuple[Link, Node]]:
    for link in links:
        if node.read == link.of:
            yield link, by_read[link.other]
        elif node.read == link.other:
            yield link, by_read[link.of]


def _cuts(rulebase: RuleBase, link: Link, node: Node, partner_level: Any) -> Iterator[Fraction]:
    """Where on the node's scale the formula reaches one of its thresholds; and zero, for a divisor."""
    assert node.read is not None
    partner = link.other if node.read == link.of else link.of
    known = partner_level * _step(rulebase, partner)
    for threshold in link.thresholds:
        value = _solved(link, threshold, known, for_first=node.read == link.of)
        if value is not None:
            yield value / _step(rulebase, node.read)
    if isinstance(link.formula, Ratio) and node.read == link.other:
        yield Fraction(0)


def _solved(link: Link, threshold: Fraction, known: Fraction, for_first: bool) -> Fraction | None:
    """The operand with which the formula is exactly on the threshold."""
    formula = link.formula
    if not isinstance(formula, Ratio):
        return threshold + known if for_first else known - threshold
    if for_first:
        return threshold * formula.per * known / formula.times
    return formula.times * known / (formula.per * threshold) if threshold else None
