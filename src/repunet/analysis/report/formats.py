"""How a report writes numbers: a rate never without what it is of and what is missing."""

from typing import Any

from markupsafe import Markup

from repunet.analysis.comparison import ArmEstimate
from repunet.analysis.measures.measure import Rate
from repunet.analysis.rounding import rounded
from repunet.analysis.statistics import EffectSize, MeanDifference

UNKNOWN = "n/a"


def plain(value: Any) -> Any:
    """Let templates print text and whole numbers as they are, and nothing else.

    A fraction is always some score or rate, so that one that is printed without a filter is a
    mistake; and so is what is not known.
    """
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise TypeError(f"{value!r} needs a filter that says what it is")


def number(value: float | None) -> str:
    """Return a number as papers print it.

    >>> number(0.53333), number(-0.25), number(364.0), number(2.5), number(12345.678), number(None)
    ('.533', '-.250', '364', '2.50', '12,345.68', 'n/a')
    """
    if value is None:
        return UNKNOWN
    if value == int(value):
        return f"{int(value):,}"
    return rounded(value, 3) if abs(value) < 1 else f"{value:,.2f}"


def count(value: int) -> str:
    """Return a count.

    >>> count(12165)
    '12,165'
    """
    return f"{value:,}"


def signed(value: float | None) -> str:
    """Return a score with its sign.

    >>> signed(0.5), signed(-0.001), signed(None)
    ('+.50', '.00', 'n/a')
    """
    if value is None:
        return UNKNOWN
    text = f"{value:+.2f}"
    return ".00" if text[1:] == "0.00" else text.replace("0.", ".", 1)


def amount(value: float | None) -> str:
    """Return an amount of wealth, with no more digits than it needs.

    >>> amount(3.0), amount(2.5), amount(1234.5678)
    ('3', '2.5', '1,234.568')
    """
    return UNKNOWN if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")


def money(value: float | None) -> str:
    """Return dollars.

    >>> money(0.01234), money(None)
    ('$0.0123', 'unknown')
    """
    return "unknown" if value is None else f"${value:,.4f}"


def rate(of: Rate, **said: str) -> Markup:
    """Return a rate with how many it is of and how many decisions are missing: the only way.

    What is said of it is attributed to it, for programs: the measure, the span, the agent.

    >>> print(rate(Rate(0.5, 4, 1), measure="cooperation"))  # doctest: +ELLIPSIS
    <data class="rate gap" value="0.5" data-measure="cooperation" data-n="4" data-missing="1">...
    """
    known = {"n": str(of.n), "missing": str(of.missing)}
    counted = f"n {count(of.n)}, {count(of.missing)} missing"
    return _data("rate", of.value, of.missing, {**said, **known}, "", counted)


def _data(
    kind: str, value: float | None, missing: int, facts: dict[str, str], after: str, counted: str
) -> Markup:
    attributes = {
        "class": f"{kind} gap" if missing else kind,
        "value": "" if value is None else repr(float(value)),
        **{f"data-{key}": word for key, word in facts.items()},
    }
    written = Markup("").join(Markup(' {}="{}"').format(*each) for each in attributes.items())
    return Markup("<data{}>{}{} <small>{}</small></data>").format(
        written, number(value), after, counted
    )


def mean(of: ArmEstimate, **said: str) -> Markup:
    """Return the mean of an arm with its interval, its runs, and the decisions missing in them.

    Where its runs don't differ at all there is an interval of no width, which is not printed: that
    they vary was not seen, and not that they can't.
    """
    found = of.interval
    known = {"runs": str(found.n), "missing": str(of.missing)}
    between = ""
    if found.sd:
        known |= {"low": repr(found.low), "high": repr(found.high)}
        between = f" [{number(found.low)}, {number(found.high)}]"
    runs = count(found.n) if found.n == of.runs else f"{count(found.n)} of {count(of.runs)}"
    counted = f"n {runs}, {count(of.missing)} missing"
    return _data("mean", found.mean, of.missing, {**said, **known}, between, counted)


def difference(of: MeanDifference) -> str:
    """Return a difference between arms with its interval, if it has one, and what that is of.

    >>> difference(MeanDifference(0.4, 0.1, 0.7, 0.02, (3, 3), "Welch"))
    '+.400 [+.100, +.700], n 3, 3'
    """
    return _between(of.difference, of.low, of.high, of.n)


def effect(of: EffectSize) -> str:
    """Return an effect with its interval, if it has one."""
    return _between(of.g, of.low, of.high, of.n)


def _between(value: float | None, low: float | None, high: float | None, n: tuple[int, int]) -> str:
    sign = {True: "+", False: ""}
    said = [each if each is None else sign[each > 0] + number(each) for each in (value, low, high)]
    interval = "" if said[1] is None else f" [{said[1]}, {said[2]}]"
    return f"{said[0] or UNKNOWN}{interval}, n {n[0]}, {n[1]}"


def p_value(p: float | None, adjusted: float | None) -> str:
    """Return a p, and the one that Holm makes of it in its family.

    >>> p_value(0.0123, 0.0246), p_value(0.00001, None), p_value(None, None)
    ('.0123 (.0246)', '<.0001', 'n/a')
    """
    return _p(p) if adjusted is None else f"{_p(p)} ({_p(adjusted)})"


def _p(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return "<.0001" if p < 0.0001 else f"{p:.4f}".removeprefix("0").rstrip("0").rstrip(".")


FILTERS = {
    each.__name__: each
    for each in (number, count, signed, amount, money, rate, mean, difference, effect, p_value)
}
