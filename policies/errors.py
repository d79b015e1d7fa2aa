"""What can go wrong with policies; problems in files are `language.errors.FilesRefused`."""


class PoliciesError(Exception):
    """Root of everything this package raises beside FilesRefused."""


class NothingToLoad(PoliciesError):
    """No policy file was found where one was looked for."""


class ExamplesNotWritten(PoliciesError):
    """Examples that cannot be put into a file as it is written."""


class TableFileRefused(PoliciesError):
    """A table's file that cannot be read; `line` is 0 where it is the whole file."""

    def __init__(
        self, file: str, message: str, remedy: str = "", *, line: int = 0, column: int = 1
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.remedy = remedy
        super().__init__(f"{file}: {message}")


class PublicationRefused(PoliciesError):
    """A step of publication that cannot be taken, or a release that is not what was signed."""


class ArchiveRefused(PoliciesError):
    """An archive of policies that is altered, too large, or signed by nobody who is trusted."""
