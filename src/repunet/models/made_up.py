"""The mark of answers that the server of `fake-llm` made up: it stands in the model's own name."""

MARK = "repunet-fake-llm"
"""How the name begins that this server calls its models by, whatever they were asked for as."""


def marked(model: str) -> str:
    """Return what the server calls a model.

    >>> marked("tiny")
    'repunet-fake-llm:tiny'
    """
    return f"{MARK}:{model}"
