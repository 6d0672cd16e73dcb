"""The changelog of the rules: its newest section, what stands under a heading there, a line more."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

FILE = "CHANGELOG.md"
CLINICAL_IMPACT = "Clinical impact"
HOW_COMMON = "How common"
WIDTH = 92


@dataclass(frozen=True, slots=True)
class Changelog:
    """The text of the changelog; the newest section stands first."""

    text: str

    @classmethod
    def of(cls, folder: Path) -> "Changelog":
        """An empty one where there is none."""
        path = folder / FILE
        return cls(path.read_text(encoding="utf-8") if path.is_file() else "")

    @property
    def newest(self) -> tuple[int, int]:
        """Where the newest section starts and ends in the text."""
        starts = [match.start() for match in re.finditer(r"^## ", self.text, re.M)]
        return (*starts, len(self.text), len(self.text))[0], (*starts, len(self.text), len(self.text))[1]

    @property
    def version(self) -> str | None:
        """The version that the newest section is about."""
        match = re.match(r"## \[?(\d+\.\d+\.\d+)", self.text[slice(*self.newest)])
        return match.group(1) if match else None

    def says(self, heading: str, word: str) -> bool:
        """Whether the text under this heading of the newest section names the word; B03 also by `B01–B07`."""
        start, end = self._under(heading)
        text = self.text[start:end]
        return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None or word in _ranges(text)

    def line_of(self, heading: str) -> int:
        """The line of this heading in the newest section; without one, of the section."""
        start, end = self._under(heading)
        return (
            self.text.count("\n", 0, start) if end > start else self.text.count("\n", 0, self.newest[0]) + 1
        )

    def adding(self, heading: str, said: str) -> "Changelog":
        """With one more item under this heading of the newest section."""
        item = textwrap.fill(said, WIDTH, initial_indent="- ", subsequent_indent="  ") + "\n"
        start, end = self._under(heading)
        if end == start:
            start = end = self.newest[1]
            item = f"\n### {heading}\n\n{item}"
        before = self.text[:end].rstrip("\n")
        last = before.rsplit("\n", 1)[-1]
        gap = "\n" if last.startswith(("- ", "  ")) or item.startswith("\n") else "\n\n"
        rest = self.text[end:]
        return Changelog(f"{before}{gap}{item}" + (f"\n{rest}" if rest else ""))

    def _under(self, heading: str) -> tuple[int, int]:
        """Where the text under a heading of the newest section starts and ends; empty where there is none."""
        start, end = self.newest
        found = re.search(rf"^### {re.escape(heading)} *\n", self.text[start:end], re.M)
        if found is None:
            return end, end
        begin = start + found.end()
        following = re.search(r"^### ", self.text[begin:end], re.M)
        return begin, begin + following.start() if following else end


def _ranges(text: str) -> set[str]:
    """The codes between the ends of each `B01–B07`."""
    found: set[str] = set()
    for letters, first, last in re.findall(r"\b([A-Z]+)(\d+)–\1(\d+)\b", text):
        found |= {f"{letters}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)}
    return found
