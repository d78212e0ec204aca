"""Figures: what measures found, drawn for print; each says which mind made it."""
