"""What RepuNet needs of the machine: its terminal, its files, and what is installed on it."""
