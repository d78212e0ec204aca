"""Rendering: contents as one HTML file that needs nothing else, and in which words stay words."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from repunet import __version__
from repunet.analysis.makers import notes
from repunet.analysis.report.formats import FILTERS, plain
from repunet.analysis.report.sparkline import sparkline

HERE = Path(__file__).parent / "templates"
GENERATOR = '<meta name="generator" content="RepuNet '
"""How a file says, near its beginning, that it is a report of ours."""
HEAD = 2_000
"""Bytes at its beginning in which it does."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A style or a script in the page, and the hash by which a browser knows it as ours."""

    text: Markup
    hash: str

    @classmethod
    def of(cls, name: str) -> "Inline":
        """Return that of a file beside the templates."""
        text = (HERE / name).read_text("utf-8")
        return cls(Markup(text), f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")


def rendered(template: str, report: Any) -> str:
    """Return a report as HTML.

    Nothing in it is loaded from anywhere, and no script runs in it but our own: a browser that
    finds another one, in whatever an agent said, refuses it.
    """
    page = _environment().get_template(template).render(report=report)
    return page.encode("utf-8", "replace").decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {**FILTERS, "notes": notes}
    environment.globals |= {
        "sparkline": sparkline,
        "style": Inline.of("style.css"),
        "script": Inline.of("script.js"),
        "version": __version__,
    }
    return environment


def is_ours(path: Path) -> bool:
    """Tell whether a file is a report that was made before."""
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(HEAD)
