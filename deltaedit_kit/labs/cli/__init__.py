"""The commands of the terminal, one a file.

A command is a module with `register(commands)`, which adds its options to the parser, and the
function that those options run. Networks and matplotlib are imported when a command runs: `--help`
is instant.
"""
