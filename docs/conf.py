"""Settings of the documentation site: `make site` builds it, without the network."""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import NumpyDocstring

from repunet import __version__

HERE = Path(__file__).parent
SOURCE = re.compile(r"src/(?P<module>repunet(?:/\w+)*?)(?:/__init__)?\.py")
API = set(
    re.findall(
        r"^   (repunet[\w.]*)$", (HERE / "reference" / "python.md").read_text(), re.MULTILINE
    )
)
LINK = re.compile(r"\]\((?P<target>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")

"""A link of Markdown to a file, such as `[paper](paper.md#section)`; none to another host."""
INLINE = re.compile(r"(`+[^`]*`+)")

project = "RepuNet"
author = "The RepuNet developers"
release = version = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build"]
autodoc_mock_imports = ["axelrod", "pydantic_ai", "ray", "torch", "transformers"]
html_theme = "furo"
html_title = f"RepuNet {release}"
html_show_sourcelink = False
html_copy_source = False
myst_heading_anchors = 4
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
default_role = "code"
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}


def link_to_api(app: Sphinx, docname: str, source: list[str]) -> None:
    """Lead links to source files to their page of the API, or show them as text."""
    folder = str(PurePosixPath(docname).parent)

    def replaced(link: re.Match[str]) -> str:
        target = normpath(f"docs/{folder}/{link['target']}")
        module = SOURCE.fullmatch(target)
        if module and (name := module["module"].replace("/", ".")) in API:
            return f"]({relpath(f'reference/api/{name}.rst', folder)})"
        inside = target.startswith("docs/") and Path(HERE.parent, target).is_file()
        return link[0] if inside else "]"

    source[0] = LINK.sub(replaced, source[0])


def escape_markup(
    app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]
) -> None:
    """Take signs outside of backticks literally, and read sections as NumPy writes them."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = INLINE.split(line)
            parts[::2] = [re.sub(r"[*|]|_(?=\W|$)", r"\\\g<0>", part) for part in parts[::2]]
            lines[number] = "".join(parts)
    if "Parameters" in lines:
        lines[:] = NumpyDocstring(lines).lines()


def setup(app: Sphinx) -> None:
    """Connect what is to be done with a page's text and with docstrings."""
    app.connect("source-read", link_to_api)
    app.connect("autodoc-process-docstring", escape_markup)
