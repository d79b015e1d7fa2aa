"""What the ledger refuses, and what it found broken."""


class LedgerError(Exception):
    """Root of everything this package raises."""


class DatabaseRefused(LedgerError):
    """An address of a database that cannot be used."""


class DatabaseBusy(LedgerError):
    """Another process held the database longer than the time to wait; repeat the command."""


class DatabaseFull(LedgerError):
    """No room is left for the database; what was not committed is rolled back."""


class TransactionBroken(LedgerError):
    """The database broke one transaction off again and again.

    `tries` is how often it was tried, `reason` why the last one ended.
    """

    def __init__(self, *, tries: int, reason: str) -> None:
        self.tries = tries
        self.reason = reason
        super().__init__(
            f"the database broke a transaction off {tries} times: {reason} "
            "(repeat the command when it is quieter: what was committed stays and is not doubled)"
        )


class InstantRefused(LedgerError):
    """A time without a zone, which would mean another moment on another machine."""


class LeaseLost(LedgerError):
    """The lease ran out or went to somebody else meanwhile: stop, what you hold is stale.

    `name` is the lease's, `token` the one that was shown.
    """

    def __init__(self, *, name: str, token: int) -> None:
        self.name = name
        self.token = token
        super().__init__(
            f'lease "{name}": token {token} is stale, it ran out or somebody else holds it now '
            "(start over)"
        )


class EntryRefused(LedgerError):
    """A journal entry whose body must not be written, such as one with an identity number."""


class JournalBroken(LedgerError):
    """The journal is not what was sealed.

    `sequence` is the first bad entry, `reason` what is wrong with it.
    """

    def __init__(self, *, sequence: int, reason: str) -> None:
        self.sequence = sequence
        self.reason = reason
        super().__init__(
            f"journal entry {sequence}: {reason} "
            "(restore the backup from before, and compare it with an exported checkpoint)"
        )


class ChangeRefused(LedgerError):
    """The database refuses a change that its own rules forbid, whoever asks."""


class KeyRefused(LedgerError):
    """A file that is no Ed25519 key, or a private key that others may read."""


class ActorRefused(LedgerError):
    """An actor that is not there, has ended, or lacks the role that is asked for."""
