"""Model of the embedded mind: what weighs how much in each of its decisions."""
