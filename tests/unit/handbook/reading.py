"""Reads an HTML document strictly: what is opened is closed, in order; and where it leads."""

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
INLINE_ONLY = {"p", "h1", "h2", "h3", "h4", "h5", "dt", "caption", "small", "a"}
"""Elements that may hold no block."""
BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "table",
    "ul",
    "ol",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "nav",
    "main",
}
CHILDREN = {
    "ul": {"li"}, "ol": {"li"}, "dl": {"dt", "dd"}, "tr": {"th", "td"}, "thead": {"tr"}, "tbody": {"tr"},
    "table": {"caption", "thead", "tbody"},
}  # fmt: skip
"""What may stand in these and nothing else."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    line: int
    text: list[str] = field(default_factory=list)


class Document(HTMLParser):
    """A document that was read; `faults` is empty if it is well formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []
        self.elements: list[Element] = []
        self.faults: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{element.tag}> of line {element.line} is never closed" for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.getpos()[0])
        if len(element.attributes) != len(attrs):
            self.fault(f"<{tag}> has an attribute twice")
        self._check_place(tag)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def _check_place(self, tag: str) -> None:
        parents = [element.tag for element in self.open]
        if parents and parents[-1] in CHILDREN and tag not in CHILDREN[parents[-1]]:
            self.fault(f"<{tag}> stands in <{parents[-1]}>")
        if tag in BLOCKS and INLINE_ONLY.intersection(parents):
            self.fault(f"<{tag}> stands in {sorted(INLINE_ONLY.intersection(parents))}")
        if tag == "a" and "a" in parents:
            self.fault("a link stands in a link")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            self.fault(f"</{tag}> closes {self.open[-1].tag if self.open else 'nothing'}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            for element in self.open:
                element.text.append(data)
            if data.strip() and self.open[-1].tag in CHILDREN:
                self.fault(f"text stands in <{self.open[-1].tag}>: {data.strip()[:40]}")

    def fault(self, said: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {said}")

    # -- what it holds -----------------------------------------------------------------------

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def values(self, attribute: str) -> list[str]:
        return [e.attributes[attribute] for e in self.elements if attribute in e.attributes]

    @cached_property
    def links(self) -> dict[str, set[str]]:
        """For each article or row with an id the anchors to which its links lead."""
        found: dict[str, set[str]] = {}
        here: set[str] = set()
        for element in self.elements:
            if element.tag in ("article", "section") or (element.tag == "tr" and "id" in element.attributes):
                here = found.setdefault(element.attributes.get("id", ""), set())
            if element.attributes.get("href", "").startswith("#"):
                here.add(element.attributes["href"][1:])
        return found

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of each element with an id, on one line."""
        return {e.attributes["id"]: _one_line(e) for e in self.elements if "id" in e.attributes}

    def text_of(self, id_: str) -> str:
        return self.texts[id_]


def _one_line(element: Element) -> str:
    return " ".join("".join(element.text).split())
