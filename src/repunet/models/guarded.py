"""Guard of plug-ins: a transport of somebody else is held to what is asked of transports."""

from collections import Counter
from dataclasses import replace
from typing import Any, get_args

from repunet.errors import RepuNetError
from repunet.models.failure import (
    Failure,
    Interrupted,
    Permanent,
    TimedOut,
    Transient,
    Unacceptable,
    Unsupported,
)
from repunet.models.plugged import kind_of, why
from repunet.models.redaction import redacted
from repunet.models.request import Finish, OutputMode, Reply, Request, Transport, Usage
from repunet.models.wire_format import storable

LONGEST = 2 * 2**20
"""Characters of an answer, as of those of servers."""
SHOWN = 400
"""Characters that are told of what somebody else has said."""
_users: Counter[int] = Counter()
"""How many runs are connected to each transport, by its identity."""


class GuardedTransport:
    """Transport of a plug-in, held to what is asked of transports: it can't break a run."""

    def __init__(self, transport: Transport, secrets: tuple[str, ...] = ()) -> None:
        self._transport = transport
        self._secrets = secrets
        _users[id(transport)] += 1

    @property
    def learnt(self) -> Any:
        """Return what the endpoint was found to take, if the transport keeps it."""
        return getattr(self._transport, "learnt", None)

    @property
    def dropped(self) -> set[str]:
        """Return the parameters that are left out, if the transport tells them."""
        return set(getattr(self._transport, "dropped", ()))

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Send one request; raises a Failure, whatever the plug-in raises."""
        try:
            return self._checked(await self._transport.send(request, mode, at))
        except RepuNetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module does
            failure = self._failure(error)
        raise failure  # here, so that no other error, with a key perhaps, hangs on to it

    async def close(self) -> None:
        """Close it, once the last run that asks it is over."""
        _users[id(self._transport)] -= 1
        if not _users[id(self._transport)]:
            del _users[id(self._transport)]
            await self._transport.close()

    def _failure(self, error: Exception) -> Failure:
        """Return the failure that an error is: one line, without a key."""
        said = self._shown(error if isinstance(error, Failure) else why(error))
        match error:
            case Unsupported(parameter=str()) if self.learnt is None:
                return Unacceptable(said)  # it would be sent again as it was
            case Failure() if isinstance(getattr(error, "status", None), str):
                error.args = (said,)
                return error
            case TimeoutError():
                return TimedOut(said, charged=True)
            case OSError():
                return Transient(said, charged=True)
        return Permanent(said, charged=True)

    def _checked(self, reply: object) -> Reply:
        """Return a reply; raises a failure for what is none."""
        if not isinstance(reply, Reply) or not isinstance(reply.text, str):
            raise Permanent(f"send returned {kind_of(reply)}, no Reply with a text", charged=True)
        if reply.finish not in get_args(Finish):
            raise Permanent(f"send returned the finish {reply.finish!r}", charged=True)
        if reply.usage is not None and not _is_usage(reply.usage):
            raise Permanent("send returned a usage that is no Usage of tokens", charged=True)
        if reply.finish == "broken":
            raise Interrupted(f"the answer broke off: {reply.reason}", charged=True)
        if len(reply.text) > LONGEST:
            raise Transient(f"the answer is longer than {LONGEST:,} characters", charged=True)
        return replace(
            reply,
            text=storable(reply.text),
            id=reply.id and self._shown(reply.id),
            served=reply.served and self._shown(reply.served),
            reason=self._shown(reply.reason),
        )

    def _shown(self, said: object) -> str:
        """Return in one line, and without keys, what somebody else has said."""
        return redacted(" ".join(str(said).split()), *self._secrets)[:SHOWN]


def _is_usage(usage: object) -> bool:
    counts = ("input", "output", "cached", "reasoning")
    return isinstance(usage, Usage) and all(
        isinstance(getattr(usage, name), int) and getattr(usage, name) >= 0 for name in counts
    )
