"""How each shipped weight was made: one command a network, resumable, on CPU or GPU."""
