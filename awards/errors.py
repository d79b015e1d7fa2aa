"""What the awards refuse."""


class AwardsError(Exception):
    """Root of everything this package raises."""


class MatchesRefused(AwardsError):
    """Matches no award can be opened from; nothing was written."""


class PastAwardsRefused(AwardsError):
    """A file of past awards that cannot be read at all; nothing was written."""


class BudgetRefused(AwardsError):
    """A change of a budget that its reservations do not allow; nothing was written."""
