"""End of an experiment: an error for runs that failed, or that are not done."""

from pathlib import Path

from repunet.errors import RepuNetError, Stopped
from repunet.experiment.progress import Board
from repunet.models.batch import REQUESTS, put_in


def require_done(board: Board, batch: Path | None = None) -> None:
    """Raise RepuNetError for runs that failed, else Stopped for those that are not done."""
    total, failed = len(board.jobs), board.with_status("failed")
    if failed:
        first = board.outcomes[failed[0].id].reason
        raise RepuNetError(
            f"{len(failed)} of {numbered(total, 'run')} failed; {failed[0].name}: {first}"
        )
    stopped = total - len(board.with_status("done"))
    if not stopped:
        return
    what = f"{stopped} of {numbered(total, 'run')} {'is' if stopped == 1 else 'are'} not done"
    if batch is not None and (waiting := sum(1 for _ in put_in(batch))):
        raise Stopped(
            f"{what}; {numbered(waiting, 'request')} {'is' if waiting == 1 else 'are'} in "
            f"{batch / REQUESTS}; put their answers beside it, then repeat the command"
        )
    raise Stopped(f"{what}{shared_reason(board)}; nothing is lost; to go on, repeat the command")


def shared_reason(board: Board) -> str:
    """Return, in brackets, why runs are not done, if it is the same for all of them."""
    outcomes = map(board.outcome, board.jobs)
    reasons = {outcome.reason for outcome in outcomes if outcome.status != "done"}
    return f" ({reasons.pop()})" if len(reasons) == 1 else ""


def numbered(count: int, what: str) -> str:
    """Return how many there are of something, in the singular or the plural.

    >>> numbered(1, "run"), numbered(2000, "run")
    ('1 run', '2,000 runs')
    """
    return f"{count:,} {what}" + "s" * (count != 1)
