"""The bytes that a chain covers are those of RFC 8785; what could differ is refused."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from service.audit.canonical import canonical
from service.audit.verifier import _canonical as canonical_alone

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
RECORDS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(RECORDS)
def test_it_is_that_of_the_standard(record: object) -> None:
    assert canonical(record) == rfc8785.dumps(record)  # type: ignore[arg-type]


@given(st.dictionaries(KEYS, RECORDS, max_size=4))
def test_the_verifier_by_itself_has_the_same(record: dict[str, object]) -> None:
    assert canonical_alone(record).encode() == canonical(record)


@pytest.mark.parametrize("content", [1.5, {"a": [0.1]}, {"é": 1}, {"a": {"ü": 2}}])
def test_what_could_differ_is_refused(content: object) -> None:
    with pytest.raises(TypeError):
        canonical(content)
