"""The command `models`: which providers of language models there are, and which keys are set."""

import os

from repunet.cli.options import Json
from repunet.cli.printing.console import WIDTH, console, print_json, say
from repunet.cli.printing.tables import table
from repunet.minds.installed import ProviderListing, listed_providers


def models(*, json: Json = False) -> None:
    """List the providers of language models, and whether their keys are set; no key is shown."""
    found = listed_providers(os.environ)
    if json:
        print_json(found)
        return
    columns = "name:", "kind:", "key:"
    rows = [(m.name, _kind(m), _key(m)) for m in found]
    console.print(table("", columns, rows), width=min(console.width, WIDTH))
    say("whether one can be used: repunet doctor --model NAME")


def _kind(provider: ProviderListing) -> str:
    if provider.problem is not None:
        return provider.problem
    return f"{provider.kind} ({provider.package})" if provider.package else provider.kind


def _key(provider: ProviderListing) -> str:
    if not provider.keys:
        return "none needed"
    absent = "not set" if provider.key_needed else "not set (if it asks for one)"
    return f"{' or '.join(provider.keys)}: {'set' if provider.key_set else absent}"
