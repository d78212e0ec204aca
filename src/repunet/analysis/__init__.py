"""Analysis: what run files say. Reads journals, and never takes part in a run."""
