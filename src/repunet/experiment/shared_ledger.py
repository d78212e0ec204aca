"""Shared ledger: the budget that all runs of an experiment spend from."""

from asyncio import Event

from repunet.models.ledger import Exhausted, Ledger, Reservation


class SharedLedger(Ledger):
    """A ledger that remembers that it was empty, so that nobody else begins."""

    exhausted = ""
    """Why nothing more can be bought; empty as long as something can."""

    async def reserve(
        self, tokens: int, cost: int | None, halted: Event | None = None, *, model: str = "a model"
    ) -> Reservation:
        try:
            return await super().reserve(tokens, cost, halted, model=model)
        except Exhausted as error:
            self.exhausted = f"--{error.cap.replace('_', '-')} is used up"
            raise
