"""Reads `rules/source_attributes.yaml`: the source attributes that every rule inherits."""

from collections.abc import Collection
from datetime import date

from service.domain.source_attributes import ATTRIBUTES, USES, SourceSheet
from service.knowledge.fields import Fields

WORDS = {
    "not_released": ("version",),
    "released": ("version", "released", "revised"),
    "rule_version": ("code", "version"),
    "used": ("findings",),
    "used_through": ("findings",),
    "not_used": (),
    "not_recorded": (),
    "screen": ("findings",),
}
"""The sentences of an answer, and what each may name."""


def read_source_sheet(fields: Fields, findings: Collection[str]) -> SourceSheet:
    labels, reads, words = (fields.section(key) for key in ("labels", "reads", "words"))
    sheet = SourceSheet(
        regulation=fields.text("regulation"),
        developer=fields.text("developer"),
        funding=fields.text("funding"),
        released=fields.day("released", required=False),
        revised=_days(fields),
        release_note=fields.text("release_note"),
        labels={id_: labels.text(id_) for id_ in ATTRIBUTES},
        reads={id_: reads.ids(id_, findings, "finding") for id_ in USES},
        words={key: words.template(key, names) for key, names in WORDS.items()},
    )
    for part in (labels, reads, words, fields):
        part.done()
    return sheet


def _days(fields: Fields) -> tuple[date, ...]:
    days = []
    for text in fields.texts("revised"):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            fields.problem(f"'revised' holds '{text}', not a date like 2027-05-22", fields.line_of("revised"))
    return tuple(days)
