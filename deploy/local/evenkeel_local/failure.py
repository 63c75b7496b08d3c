"""The one exception that a user of the local cluster is meant to see: what went wrong, and what helps."""


class Failure(Exception):
    """Something that the machine or the user caused; `cure` says what to do about it."""

    def __init__(self, cause: str, cure: str = ""):
        super().__init__(cause)
        self.cause = cause
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.cause}\n  what helps: {self.cure}" if self.cure else self.cause
