"""Commands: the file of a command has the command's name."""
