"""How a request can fail: four classes, each with its own remedy, and what a server can't do."""

from collections.abc import Iterator
from typing import ClassVar

from repunet.models.request import Usage


class Failure(Exception):  # noqa: N818
    """A request that was not answered; the message is one line and holds no key."""

    status: ClassVar[str]
    """What the journal calls it."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        charged: bool = False,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(" ".join(message.split()))
        self.retry_after = retry_after
        """Seconds after which the server asked to be asked again."""
        self.charged = charged
        """Whether the provider may have counted it all the same."""
        self.usage = usage
        """What it took, as far as that is known."""


class RateLimited(Failure):
    """Too much was asked at once: ask less, and later."""

    status = "rate-limited"


class Transient(Failure):
    """The server or the way to it failed: ask again."""

    status = "transient"


class Unreachable(Transient):
    """There is no way to the server, or nobody there: nothing was sent."""


class Overloaded(Transient):
    """The server has too much to do."""


class TimedOut(Transient):
    """There was no answer in time: the server has too much to do, or is gone."""


class Interrupted(Transient):
    """The model or its server gave up in the midst of an answer: the format is not the reason."""


class Permanent(Failure):
    """It will never be answered: a wrong key, an unknown model, no money left."""

    status = "permanent"


class TooLarge(Permanent):
    """One request takes more than the endpoint allows in a minute."""


class Unacceptable(Failure):
    """The server does not take this request, this time; others may fare better."""

    status = "permanent"


class Content(Failure):
    """The server refuses this content: ask in other words, or do without."""

    status = "content"


class Unsupported(Failure):
    """The server does not know this format of answers, or a parameter: ask without it."""

    status = "unsupported"

    def __init__(
        self, message: str, *, parameter: str | None = None, most: int | None = None
    ) -> None:
        super().__init__(message)
        self.parameter = parameter
        """What the transport will leave out from now on; None if it is the format."""
        self.most = most
        """How many tokens of an answer the server takes, where that is what it refuses."""


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what has caused it, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
