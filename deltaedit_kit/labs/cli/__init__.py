"""The verbs of the terminal, one a file.

A verb is a module with `register(verbs)`, which adds its options to the parser, and the function
that those options run. Networks and matplotlib are imported when a verb runs: `--help` is instant.
"""
