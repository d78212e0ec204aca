"""Structure of the code, measured from its own imports and definitions.

`python docs/structure.py CHECKOUT` prints the figures of another checkout, such as an old release.
"""

import ast
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
ROW, WIDTH, GAP, BOX = 62, 960, 12, 38
"""Height of a layer in the picture, its width, the space between boxes, and their height."""


class Structure:
    """Modules, imports and definitions of the package in a checkout."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return the text of each module, by its dotted name below the package."""
        source = self._root / "src" / "repunet"
        files = sorted(source.rglob("*.py"))
        return {name_of(path.relative_to(source)): path.read_text("utf-8") for path in files}

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Return the syntax tree of each module."""
        return {name: ast.parse(text) for name, text in self.texts.items()}

    @cached_property
    def lines(self) -> dict[str, int]:
        """Return the number of lines of each module."""
        return {name: len(text.splitlines()) for name, text in self.texts.items()}

    @cached_property
    def parts(self) -> Counter[str]:
        """Return the lines of each package, and of each module beside the packages."""
        found: Counter[str] = Counter()
        for name, count in self.lines.items():
            found[name.partition(".")[0]] += count
        return found

    @cached_property
    def layers(self) -> list[list[str]]:
        """Return the parts by layer, the highest first, as the import contract says."""
        settings = tomllib.loads((self._root / "pyproject.toml").read_text("utf-8"))
        contracts = settings["tool"]["importlinter"]["contracts"]
        (contract,) = (each for each in contracts if each.get("containers") == ["repunet"])
        return [[part.strip() for part in layer.split("|")] for layer in contract["layers"]]

    @cached_property
    def arrows(self) -> set[tuple[str, str]]:
        """Return which part imports which."""
        pairs = {
            (name.partition(".")[0], other)
            for name, tree in self.trees.items()
            for other in imported(tree)
        }
        return {(one, other) for one, other in pairs if one != other and other in self.parts}

    @cached_property
    def functions(self) -> list[int]:
        """Return how many lines each function's body has, the shortest first."""
        return sorted(
            length(node)
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, FUNCTION)
        )

    @cached_property
    def used_once(self) -> int:
        """Return how many private functions of modules are named at one place only."""
        return sum(
            uses(tree)[node.name] == 1
            for tree in self.trees.values()
            for node in tree.body
            if isinstance(node, FUNCTION) and is_private(node.name)
        )

    @cached_property
    def homonyms(self) -> dict[str, list[str]]:
        """Return the public classes that share a name, and the modules that define them."""
        defined: defaultdict[str, list[str]] = defaultdict(list)
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    defined[node.name].append(name)
        return {name: places for name, places in defined.items() if len(places) > 1}

    @cached_property
    def import_lines(self) -> int:
        """Return how many lines imports take."""
        return sum(
            (node.end_lineno or node.lineno) - node.lineno + 1
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
        )

    def figures(self) -> dict[str, float]:
        """Return what is measured, by what it is called."""
        total = sum(self.lines.values())
        return {
            "lines": total,
            "modules": len(self.trees),
            "lines of a module, median": median(self.lines.values()),
            "packages, and modules beside them": len(self.parts) - 1,
            "layers": len(self.layers),
            "packages that a package imports, summed": len(self.arrows),
            "share of lines that are imports, in percent": round(
                100 * self.import_lines / total, 1
            ),
            "functions": len(self.functions),
            "lines of a function, 90th percentile": quantiles(self.functions, n=10)[-1],
            "lines of the longest function": self.functions[-1],
            "private functions of modules that are used once": self.used_once,
            "public class names that stand for more than one class": len(self.homonyms),
        }

    def picture(self) -> str:
        """Return the layers as an SVG image, with a line from each part to what it imports."""
        places = {
            part: place(row, column, len(parts))
            for row, parts in enumerate(self.layers)
            for column, part in enumerate(parts)
        }
        lines = [line(places[one], places[other]) for one, other in sorted(self.arrows)
                 if one in places and other in places]  # fmt: skip
        boxes = [box(part, self.parts[part], *places[part]) for part in places]
        height = ROW * len(self.layers) + GAP
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="sans-serif" role="img">\n<title>Layers of RepuNet</title>\n'
            f"{''.join([*lines, *boxes])}</svg>\n"
        )


def name_of(path: Path) -> str:
    """Return a module's dotted name below the package."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def place(row: int, column: int, of: int) -> tuple[float, float, float]:
    """Return the left edge, the upper edge and the width of a box."""
    wide = (WIDTH - GAP * (of + 1)) / of
    return GAP + column * (wide + GAP), GAP + row * ROW, wide


def line(one: tuple[float, float, float], other: tuple[float, float, float]) -> str:
    """Return a line from the lower edge of a box to the upper edge of one below it."""
    (left, top, wide), (x, y, width) = one, other
    return (
        f'<line x1="{left + wide / 2:.0f}" y1="{top + BOX}" x2="{x + width / 2:.0f}" y2="{y}" '
        f'stroke="#7986cb" stroke-opacity=".4"/>\n'
    )


def box(part: str, lines: int, left: float, top: float, wide: float) -> str:
    """Return a box with the name of a part and its size."""
    middle = left + wide / 2
    return (
        f'<rect x="{left:.0f}" y="{top}" width="{wide:.0f}" height="{BOX}" rx="5" '
        f'fill="#e8eaf6" stroke="#3949ab"/>\n'
        f'<text x="{middle:.0f}" y="{top + 17}" text-anchor="middle" font-size="15" '
        f'fill="#1a237e">{part}</text>\n'
        f'<text x="{middle:.0f}" y="{top + 32}" text-anchor="middle" font-size="11" '
        f'fill="#424242">{lines:,} lines</text>\n'
    )


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the parts of the package that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "repunet":
            below = (node.module or "").split(".")[1:]
            yield from below[:1] or (alias.name for alias in node.names)


def length(node: FUNCTION) -> int:
    """Return how many lines a function's body has, its docstring aside."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def is_private(name: str) -> bool:
    """Whether it begins with an underscore and is none of Python's own names."""
    return name.startswith("_") and not name.endswith("__")


def uses(tree: ast.Module) -> Counter[str]:
    """Return how often each name is used in a module, its definition aside."""
    return Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )


if __name__ == "__main__":
    figures = Structure(Path(sys.argv[1])).figures()
    sys.stdout.writelines(f'"{title}" = {figure:g}\n' for title, figure in figures.items())
