"""The example that `deltaedit new-domain DIR --renderer` writes out; nothing imports it."""
