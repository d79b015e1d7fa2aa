"""What the notifier refuses."""


class NotifierError(Exception):
    """Root of everything this package raises."""


class CardMissing(NotifierError):
    """Awards of policies whose card was not given; nobody is told anything until it is.

    `policies` are `id@version`.
    """

    def __init__(self, policies: list[str]) -> None:
        self.policies = policies
        super().__init__(
            f"no policy card for {', '.join(policies)} "
            "(load the catalogue that these awards were decided by)"
        )


class NoticeRefused(NotifierError):
    """A text that must not leave the house, such as one with an identity number in it."""


class UnknownPeriod(NotifierError):
    """A period that cannot be put into words."""
