"""On which terms language models are asked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repunet.errors import UsageError
from repunet.minds.language.connect import RemoteMind, foreign
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.session import ModelSession
from repunet.minds.router import MindRouter
from repunet.models import local
from repunet.models.allowance import Allowance
from repunet.models.batch import Batch
from repunet.models.endpoint import COMPATIBLE, NATIVE, PERSON, WEB, address, key
from repunet.models.environment import OPENAI, address_of, require_way
from repunet.models.ledger import Ledger, unpriced
from repunet.models.prices import Price, price_of
from repunet.models.serving import HERE
from repunet.record.attempts import AttemptLog
from repunet.record.journal import Journal


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits of speed and cost of model calls; no answer depends on them."""

    allowance: Allowance = field(default_factory=Allowance)
    prices: Mapping[str, Price] | None = None
    """Prices of the user's own, by model."""
    batch: Path | None = None
    """Where requests are written and answers are read, instead of asking a server."""
    ledger: Ledger | None = None
    """What several runs spend from; None is a ledger of the run's own."""


def asks_in_words(minds: MindRouter) -> bool:
    """Tell whether any of the minds is asked in words, and its answers are kept."""
    return any(isinstance(mind, RemoteMind) for mind in minds.members)


def require_means(minds: MindRouter, terms: Terms) -> None:
    """Raise UsageError for what can't be asked on these terms: before anything is written.

    There may be no key, no known price for a budget, or nobody to answer what is put into files.
    """
    asked = [mind for mind in minds.members if isinstance(mind, LanguageMind)]
    if terms.batch is not None and not any(mind.endpoint.provider != PERSON for mind in asked):
        raise UsageError("--batch is for language models, and none decides here: name one")
    for mind in asked:
        if terms.batch is None and mind.endpoint.provider in (*COMPATIBLE, *WEB):
            key(mind.endpoint, os.environ)
            require_way(address(mind.endpoint) or OPENAI)
        if terms.batch is None and mind.endpoint.is_foreign:
            foreign(mind.endpoint)
            key(mind.endpoint, os.environ)
        if terms.batch is None and mind.endpoint.provider in NATIVE:
            require_way(address_of(mind.endpoint.provider))
        if terms.batch is None and mind.endpoint.provider in HERE:
            local.require(mind.endpoint.path)
        if terms.allowance.budget is not None and price_of(mind.endpoint, terms.prices) is None:
            raise unpriced(mind.name)


def open_session(
    journal: Journal, minds: MindRouter, terms: Terms, *, branched: bool
) -> ModelSession | None:
    """Return what the language minds of a run share; None if it has no such minds."""
    if not asks_in_words(minds):
        return None
    return ModelSession(
        AttemptLog(journal),
        terms.allowance,
        wording=journal.notes.wording,
        prices=terms.prices,
        batch=_batch(journal, terms),
        branched=branched,
        ledger=terms.ledger,
    )


def _batch(journal: Journal, terms: Terms) -> Batch | None:
    if terms.batch is None:
        return None
    return Batch(terms.batch, journal.path.parent.name, alone=terms.ledger is None)
