"""Why an exam may get no answer, and a rule base may answer none."""


class NoAnswer(Exception):
    """There is no answer to an exam. The text says why, and holds nothing of the exam.

    `codes`: the rules it is about, if it is about rules.
    """

    codes: tuple[str, ...] = ()


class CannotInfer(Exception):
    """A rule base that was loaded cannot be made ready; `codes` names the rules it is about."""

    def __init__(self, message: str, codes: tuple[str, ...]) -> None:
        self.codes = codes
        super().__init__(message)
