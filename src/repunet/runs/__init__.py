"""The life of a run: begun from a spec, resumed, forked, logged."""
