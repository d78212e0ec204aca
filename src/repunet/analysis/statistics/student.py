"""Student's t, central and not, and chi squared.

They are those of `scipy.special`, which is imported when one of them is asked for: `scipy.stats`
takes a second, and most of what is measured is never tested.
"""


def quantile(p: float, df: float) -> float:
    """Return the t below which a share p lies.

    >>> f"{quantile(0.975, 4):.3f}"
    '2.776'
    """
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def two_sided(t: float, df: float) -> float:
    """Return the chance of a t as far from 0.

    >>> f"{two_sided(2.776, 4):.3f}"
    '0.050'
    """
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(t)))


def chi_squared(p: float, df: float) -> float:
    """Return the value below which a share p of chi squared lies.

    >>> f"{chi_squared(0.95, 1):.3f}"
    '3.841'
    """
    from scipy.special import chdtri

    return float(chdtri(df, 1 - p))


def noncentral(t: float, df: float, noncentrality: float) -> float:
    """Return the chance of a smaller t where the true difference is not 0.

    >>> f"{noncentral(2.776, 4, 3.0):.3f}"
    '0.381'
    """
    from scipy.special import nctdtr

    return float(nctdtr(df, noncentrality, t))


def noncentrality(t: float, df: float, p: float) -> float:
    """Return the noncentrality with which a share p lies below t.

    >>> f"{noncentrality(2.776, 4, 0.381):.2f}"
    '3.00'
    """
    from scipy.special import nctdtrinc

    return float(nctdtrinc(df, p, t))
