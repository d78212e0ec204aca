"""Reports: a run, or several, told in one self-contained HTML file."""
