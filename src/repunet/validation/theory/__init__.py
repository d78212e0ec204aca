"""Theory: results of mathematics that societies are compared with."""
