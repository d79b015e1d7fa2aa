"""What an author or an operator is told: one root, errors that carry their fields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong in one place: where, what and what to do.

    `line` and `column` count from 1; 0 means the whole file. `code` names the kind of problem, so
    that a program can tell one from another and an author can look it up.
    """

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""
    code: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{where}: {self.message}{remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an author should look at in an expression that can be read; `certain` is an error.

    `offset` counts characters from the start of the expression's text. `code` as of a Problem.
    """

    offset: int
    message: str
    remedy: str
    code: str
    certain: bool = False


class LanguageError(Exception):
    """Root of everything this package raises."""


class FilesRefused(LanguageError):
    """Files by authors that cannot be used, with every problem of every file at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConditionRefused(LanguageError):
    """A condition that has no meaning here.

    `offset` counts characters from the start of the condition's text, -1 where unknown;
    `suggestion` is the name that was probably meant, `unknown` the name that nothing has.
    """

    def __init__(
        self,
        message: str,
        *,
        offset: int = -1,
        remedy: str = "",
        suggestion: str = "",
        unknown: str = "",
    ) -> None:
        self.message = message
        self.suggestion = suggestion
        self.unknown = unknown
        self.offset = offset
        self.remedy = remedy
        super().__init__(f"{message} ({remedy})" if remedy else message)
