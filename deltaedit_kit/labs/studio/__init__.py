"""The studio: a state, pure functions on it, and an engine that draws it.

event ─► change: state ─► state ─► History ─► Engine.look(state) ─► pictures, one line of text
                                                   ├─► strip of strengths, changes
                                                   └─► recipe, PNG, grid, GIF

state      what is set: a face, sentences, the neutral word, threshold, groups
faces, sentences, settings     the changes, one part of the state a file
history    undo, redo;  presets: whole lists of sentences under a name
engine     Δs = Σ strength · Δs_k · kept_k · group; draws states and strips, remembers work
changes    what there is to see besides the picture
recipe, saving     states and pictures as files, and back

panel      the widgets (`parts`) over all that;  quickstart: the small panel of notebook 00
"""

from deltaedit_kit.labs.studio.panel import Studio
from deltaedit_kit.labs.studio.quickstart import QuickstartPanel

__all__ = ["QuickstartPanel", "Studio"]
