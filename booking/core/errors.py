"""The root of every error that a person is told about."""


class BookingError(Exception):
    """Something a person can put right; `str(error)` is the sentence that they are shown."""


class NotFound(BookingError):
    """The thing asked for is not there, or is not this person's to see; both look the same from outside."""


class Busy(BookingError):
    """Another booking held the same rows too long; nothing was changed and trying again is safe."""

    def __init__(self) -> None:
        super().__init__("Many people are booking just now. Nothing was changed. Please try again.")


class SettingsError(BookingError):
    """The environment is missing something or unsafe, and the product refuses to start; one clear line."""
