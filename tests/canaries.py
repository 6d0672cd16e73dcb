"""Fifty things said of persons who do not exist, to be looked for wherever they must not be.

`REFERENCES`, `TEXTS` and `NUMBERS` are posted where they belong, or so that they cannot be read. No log line,
metric, header or error may hold one, and no address but that of the draft whose id it is.

`MISPLACED` stand where only a word of the vocabulary, a number, a time or a key may. A problem repeats these
to whoever sent them, cut to 60 signs (`schemas.faults.echo`): in a 422, and in a 404 that says what an
address named. Nothing else may.

Texts begin with a mark, in ASCII letters that neither JSON nor an address writes in another way.
"""

import base64
import logging
import re
import struct
from collections.abc import Iterator, Mapping
from copy import copy
from urllib.parse import unquote_plus

from flask import Flask, Response, request, request_finished

MARK, ASTRAY = "qanary", "qastray"

REFERENCES = {
    "subject": "qanary-subject-5518",
    "exam_id": "qanary-visit-2207",
    "encounter": "qanary:encounter/61",
    "assessor": "qanary.assessor-9",
    "exam_id of a correction": "qanary-visit-2208",
    "subject of another exam": "qanary-subject-5519",
    "subject of a draft": "qanary-subject-5520",
    "subject of nobody": "qanary-subject-5521",
    "review_id": "qanary-review-31",
    "draft": "qanary-draft-7f",
    "corrects": "qanary-visit-none",
    "subject that is none": "qanary Erika Musterfrau, *1984",
    "exam_id that is none": "qanary Besuch vom 3. März",
    "encounter that is none": "qanary Aufnahme 17 / B",
    "assessor that is none": "qanary Herr Prüfer",
    "review_id that is none": "qanary Nachschau Müller",
}
TEXTS = {
    "clearance by": "qanary Dr. Amalie Weiß",
    "clearance reason": "qanary she was aspirated on Monday",
    "clearance evidence": "qanary culture 8841 without growth",
    "method": "qanary lying on her sister's couch",
    "review by": "qanary Therapeutin Böhm",
    "review reason": "qanary the foot was sore from the wedding",
    "impression": "qanary limps since the divorce",
    "referral_result": "qanary Dr. Ohm found a torn meniscus",
    "name in a draft": "qanary Frau Zöllner",
    "key of a draft": "qanary call her mother",
    "clearance by, not printable": "qanary Jane\nDoe",
    "reason, too long": "qanary all that she told " + "and told " * 111,
    "method, too long": "qanary as her aunt does it " + "again " * 40,
    "impression that is no text": "qanary sad",
    "exam that is a text": "qanary knee left, Frau Abel",
    "name in a header": "qanary-browser-of-erika",
}
NUMBERS = {
    "body_mass_kg": 393.7,
    "hip_er_hhd_n": 1187.3,
    "hip_abd_hhd_n": 1241.9,
    "hip_add_hhd_n": 1362.7,
    "hip_flex_hhd_n": 1419.3,
    "hip_ext_hhd_n": 1093.9,
}
MISPLACED = {
    "finding": "qastray_pain_of_erika",
    "value": "qastray said Erika",
    "side": "qastray Erika's left",
    "unit": "qastray stone",
    "status": "qastray Erika cried",
    "time": "qastray on her birthday",
    "painful": "qastray yes, Erika says",
    "key": "qastray Erika's phone",
    "flag": "qastray Erika again",
    "role": "qastray Erika's uncle",
    "word": "qastray as Erika likes",
    "address": "qastray-erika-1984",
}
CANARIES: Mapping[str, str] = {
    **REFERENCES, **TEXTS, **{name: str(number) for name, number in NUMBERS.items()}, **MISPLACED,
}  # fmt: skip
DRAFT = f"/v1/drafts/{REFERENCES['draft']}"


# -- where they are --------------------------------------------------------------------------------

_NUMBERS = tuple(CANARIES[name] for name in NUMBERS)
_NUMBER = rf"(?<![\d.])(?:{'|'.join(map(re.escape, _NUMBERS))})(?!\d)"
_UNTOLD, _ANY = (re.compile(rf"(?:{marks})[^\"]{{0,40}}|{_NUMBER}") for marks in (MARK, f"{MARK}|{ASTRAY}"))


def found_in(text: str, told: bool = False) -> list[str]:
    """What a text has of canaries. `told`: what was misplaced may be there."""
    low = text.lower()
    if MARK not in low and ASTRAY not in low and not any(number in low for number in _NUMBERS):
        return []
    return (_UNTOLD if told else _ANY).findall(low)


def _base64(text: bytes) -> list[bytes]:
    """As it stands in the base64 of something longer, wherever it begins there."""
    return [base64.b64encode(bytes(k) + text)[-(-k * 4 // 3) : (k + len(text)) * 4 // 3] for k in range(3)]


def _in_any_case() -> Iterator[tuple[str, bytes]]:
    for text in (MARK, ASTRAY, *_NUMBERS):
        yield text, text.encode()
        yield f"{text} in UTF-16", text.encode("utf-16-le")[:-1]
    for mark in (MARK, ASTRAY):
        yield f"{mark} in hexadecimal", mark.encode().hex().encode()


def _in_this_case() -> Iterator[tuple[str, bytes]]:
    for mark in (MARK, ASTRAY):
        yield from ((f"{mark} in base64", form) for form in _base64(mark.encode()))
    for number in NUMBERS.values():
        yield from ((f"{number} as a float", struct.pack(order, number)) for order in ("<d", ">d"))


_FORMS = tuple(_in_this_case()), tuple(_in_any_case())


def hidden_in(data: bytes) -> list[str]:
    """What bytes have of canaries, however it is written there."""
    places = zip(_FORMS, (data, data.lower()), strict=True)
    return [name for forms, where in places for name, form in forms if form in where]


# -- in the whole suite ----------------------------------------------------------------------------

_USUAL = {*vars(logging.makeLogRecord({})), "duration_ms"}
_PLAIN = logging.Formatter()


class Watch:
    """Looks at whatever is logged and answered in this process, and keeps what should not be there."""

    def __init__(self) -> None:
        self._leaks: list[str] = []

    def begin(self) -> None:
        """With the log as it is served: of the service every line, of others what is a warning or worse."""
        pass_on = logging.Logger.callHandlers

        def look_and_pass_on(logger: logging.Logger, record: logging.LogRecord) -> None:
            self.logged(record)
            pass_on(logger, record)

        logging.Logger.callHandlers = look_and_pass_on  # type: ignore[method-assign]
        logging.getLogger("service").setLevel(logging.INFO)
        request_finished.connect(self.answered)

    def take(self) -> list[str]:
        """What got out since it was last asked."""
        leaks, self._leaks = self._leaks, []
        return leaks

    def logged(self, record: logging.LogRecord) -> None:
        """Message, error with its causes, and what was given beside them."""
        failed = record.exc_info or record.stack_info
        message = _PLAIN.format(copy(record)) if failed else record.getMessage()
        beside = {key: value for key, value in vars(record).items() if key not in _USUAL}
        self._look(f"logged by {record.name}", f"{message} {beside}")

    def answered(self, _: Flask, response: Response) -> None:
        """The address that was asked, the headers, and the whole of an error or of the metrics."""
        status, path = response.status_code, request.path
        said = unquote_plus(f"{path}?{request.query_string.decode('latin-1')}")
        self._look("an address", said.removeprefix(DRAFT))
        self._look("a header", str(response.headers))
        if status >= 400 or path == "/metrics":
            told = status == 422 or (status == 404 and path.startswith(("/v1/findings/", "/v1/rules/")))
            self._look(f"{status} to {request.method} {path}", response.get_data(as_text=True), told)

    def _look(self, where: str, text: str, told: bool = False) -> None:
        self._leaks += [f"{where}: {leak}" for leak in found_in(text, told)]


WATCH = Watch()
