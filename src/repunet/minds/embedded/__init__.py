"""The embedded mind: a behavioural stand-in for a language model, and no evidence about any."""
