"""What is sealed of an assessment: what was posted, how it was read, what was answered, byte for byte."""

from dataclasses import dataclass

import orjson

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Contents:
    """`answer` is the full one, whatever the client asked to see of it."""

    posted: bytes
    exam: bytes
    """The exam as it was understood, as JSON."""
    answer: bytes

    def packed(self) -> bytes:
        """One line that says how long each part is, and the parts."""
        parts = (self.posted, self.exam, self.answer)
        head = {"v": FORMAT, "lengths": [len(part) for part in parts]}
        return b"".join((orjson.dumps(head), b"\n", *parts))

    @classmethod
    def unpacked(cls, packed: bytes) -> "Contents":
        line, _, rest = packed.partition(b"\n")
        head = orjson.loads(line)
        posted, exam, answer = head["lengths"]
        return cls(
            rest[:posted],
            rest[posted : posted + exam],
            rest[posted + exam : posted + exam + answer],
        )
