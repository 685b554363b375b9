"""The studio: a state, pure functions on it, and an engine that draws it.

event ─► change: state ─► state ─► History ─► Engine.look(state) ─► pictures, one line of text
                                                   ├─► strip of strengths, changes
                                                   └─► recipe, PNG, grid, GIF

state      what is set (a face, sentences, the neutral word, threshold, groups), and its changes
history    undo, redo
engine     Δs = Σ strength · Δs_k · kept_k · group; draws states and strips, remembers work
changes    what there is to see besides the picture
recipe, saving     states and pictures as files, and back

panel      the widgets (`parts`) over all that
"""

from deltaedit_kit.labs.studio.panel import Studio

__all__ = ["Studio"]
