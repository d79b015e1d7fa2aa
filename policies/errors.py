"""What can go wrong with policies; problems in files are `language.errors.FilesRefused`."""


class PoliciesError(Exception):
    """Root of everything this package raises beside FilesRefused."""


class NothingToLoad(PoliciesError):
    """No policy file was found where one was looked for."""
