"""Compute further golden cases of the embedded mind with its numpy prototype.

Usage: python tests/data/make_embedded_golden.py PROTOTYPE.py PROFILES.json
Writes tests/data/embedded_mind_more.json; needs numpy, which RepuNet itself does not.
"""

import importlib.util
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parent / "embedded_mind_more.json"
RECORDS = ((0.0, 0.0), (5.0, 0.0), (1.0, 6.0), (0.0, 18.0))
TEXTS = (
    "An Altruistic person who values the welfare of others.",
    "You seek your own benefit even at the expense of others.",
    "You are rational, but you feel responsible for the wider community.",
    "You are reluctant to trust, and maximise personal gain above all else; others can wait.",
    "A 30-year-old teacher from Leeds.",
    "You value harmony and duty; avoiding compromise is convenience to you, not your needs.",
)
VALENCES = (-1.0, -0.5, 0.0, 0.5, 1.0)


class Spy:
    """A source of randomness that adds no noise and notes what noise would have been added to."""

    __array_ufunc__ = None  # numpy leaves `array + spy` to the spy

    def __init__(self):
        self.logits = self.keep = None

    def gumbel(self, size):
        return self

    def random(self, size):
        return self

    def __radd__(self, logits):
        self.logits = logits
        return logits

    def __lt__(self, probability):
        self.keep = probability
        return np.full(probability.shape, True)


def load(path):
    spec = importlib.util.spec_from_file_location("prototype", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["prototype"] = module
    spec.loader.exec_module(module)
    return module


def arrays(who, me, q, base, proto, p):
    """The prototype's arguments for one agent."""
    weights = proto._TOMW(p)[0 if who == "prosocial" else 1]
    weights = {**weights, "gui": p.pro_guilt if who == "prosocial" else p.self_guilt}
    one = lambda x: np.array([float(x)])  # noqa: E731
    return (one(me[0]), one(me[1])), one(q), one(base), {k: one(v) for k, v in weights.items()}


def softmax(logits):
    odds = np.exp(logits - logits.max())
    return odds / odds.sum()


def numbers(values):
    return [round(float(value), 9) for value in np.ravel(values)]


def settings():
    return itertools.product(("prosocial", "self"), RECORDS, (0.0, 0.5, 0.9), (0.3, 0.6))


def plans(proto, p):
    games = itertools.cycle(((10.0, 2.0, 10.0), (7.0, 2.0, 20.0), (10.0, 3.0, 10.0)))
    for (who, me, q, base), (wealth, k, precision) in zip(settings(), games, strict=False):
        changed, spy = replace(p, E=wealth, k_mult=k, Lam=precision), Spy()
        own, seen, rate, weights = arrays(who, me, q, base, proto, changed)
        proto.mind_plan(own, seen, rate, weights, changed, spy)
        yield {
            "who": who,
            "me": me,
            "q": q,
            "base": base,
            "multiplier": k,
            "precision": precision,
            "p": numbers(softmax(spy.logits[0])),
        }


def returns(proto, p):
    cases = zip(
        settings(),
        itertools.cycle(((10.0, 2.0), (25.0, 2.0), (10.0, 3.0))),
        itertools.cycle((0.1, 0.4, 1.0, 0.7)),
        itertools.cycle((0.5, 0.75, 0.62, 0.3, 1.0)),
        strict=False,
    )
    for (who, me, q, base), (wealth, k), invested, x in cases:
        changed, spy = replace(p, E=wealth, k_mult=k), Spy()
        own, seen, rate, weights = arrays(who, me, q, base, proto, changed)
        promise, amount = np.array([x]), np.array([invested * wealth])
        kept = proto.mind_return(promise, amount, own, seen, rate, weights, changed, spy)
        broken = spy.logits[0][np.isfinite(spy.logits[0])]
        yield {
            "who": who,
            "me": me,
            "q": q,
            "base": base,
            "multiplier": k,
            "promise": x,
            "invested": invested,
            "keep": numbers(spy.keep)[0],
            "kept": numbers(kept)[0],
            "broken": numbers(softmax(broken)),
        }


def talks(proto, p):
    for s in (-0.8, 0.0, 0.35):
        yield {"score": s, "p": numbers(proto.talk_prob(s, p))[0]}


def ties(proto, p):
    for belief, base, exposure in itertools.product((0.2, 0.5, 0.9), (0.3, 0.6), (0.7, 0.5)):
        probability = proto.sig(p.Lam * exposure * (belief - base))
        yield {"belief": belief, "base": base, "exposure": exposure, "p": numbers(probability)[0]}


def gossip(proto, p):
    for valence, prosocial, bias in itertools.product(VALENCES, (True, False), (-0.5, 0.0, 0.5)):
        probability = proto.gossip_prob(valence, prosocial, replace(p, g_bias=bias))
        yield {
            "valence": valence,
            "prosociality": float(prosocial),
            "bias": bias,
            "p": numbers(probability)[0],
        }


def credibilities(proto, p):
    grid = itertools.product((-0.7, 0.0, 0.6), (0.0, 0.4, 1.0), VALENCES, (None, -0.6, 0.0, 0.8))
    for source, distrust, valence, own in grid:
        level = proto.credibility(source, distrust, valence, own or 0.0, own is not None, p)
        yield {
            "source": source,
            "distrust": distrust,
            "valence": valence,
            "own": own,
            "level": int(level),
        }


def levels(proto, p):
    for weights in ((0, 0, 0.1, 0.3, 0.6), (0.2,) * 5, (0.5, 0.3, 0.2, 0, 0), (0.5, 0, 0, 0, 0.5)):
        yield {"weights": weights, "evidence": numbers(proto.from_levels(weights, p))}


def texts(proto, p):
    for text in TEXTS:
        yield {"text": text, "disposition": numbers(proto.disposition(text))[0]}


def dispositions(proto, profiles):
    return {
        scenario: {name: round(proto.disposition(text), 9) for name, text in people.items()}
        for scenario, people in profiles.items()
    }


def main(prototype, profiles):
    proto = load(prototype)
    p = proto.Params()
    families = (plans, returns, talks, ties, gossip, credibilities, levels, texts)
    golden = {family.__name__: list(family(proto, p)) for family in families}
    golden["dispositions"] = dispositions(proto, json.loads(Path(profiles).read_text()))
    families_in_lines = (
        json.dumps(name) + ": " + json.dumps(cases).replace("}, {", "},\n  {")
        for name, cases in golden.items()
    )
    TARGET.write_text("{\n" + ",\n".join(families_in_lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
