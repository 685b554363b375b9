"""The commands of the terminal, one a file.

A command is a module with `HELP`, one line; `OPTIONS`, a table as `options` reads it; and `run`,
the function that gets their values. Networks and matplotlib are imported when a command runs:
`--help` is instant.
"""
