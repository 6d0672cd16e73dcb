"""A cell in words: the values that the rules cannot tell apart."""

from service.answer.case import shown
from service.answer.sentences import either, value_words
from service.domain.explanation import CellShown
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import Cell, ends


def cell_shown(rulebase: RuleBase, definition: FindingDefinition, cell: Cell) -> CellShown:
    """The cell with the value that stands for it."""
    return CellShown(shown(cell.value), _words(rulebase, definition, cell))


def _words(rulebase: RuleBase, definition: FindingDefinition, cell: Cell) -> str:
    if not definition.ordered:
        return either([value_words(rulebase, definition, shown(value)) for value in cell.values])
    assert cell.lowest is not None and cell.highest is not None
    low, high = (value_words(rulebase, definition, shown(value)) for value in (cell.lowest, cell.highest))
    lowest, highest = ends(definition)
    from_start = definition.level(cell.lowest) == lowest
    to_end = definition.level(cell.highest) == highest
    if from_start and to_end:
        return rulebase.wording["cell_any"]
    if low == high:
        return low
    if from_start:
        return rulebase.wording["cell_at_most"].format(value=high)
    if to_end:
        return rulebase.wording["cell_at_least"].format(value=low)
    return rulebase.wording["cell_between"].format(lowest=low, highest=high)
