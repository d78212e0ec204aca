"""The language mind: an operation in words, asked of a model, its answer read and kept."""
