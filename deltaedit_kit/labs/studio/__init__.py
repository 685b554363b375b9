"""The studio without a screen: a state, pure functions on it, and an engine that draws it.

    event ─► change: state ─► state ─► History ─► Engine.look(state) ─► pictures, one line of text
                                                       ├─► heat, filmstrip, changes, read-out
                                                       └─► recipe, PNG, grid, GIF

    state      what is set: a face, sentences, the neutral word, threshold, groups
    faces, sentences, settings     the changes, one part of the state a file
    history    undo, redo;  presets: whole lists of sentences under a name
    mixing     Δs = Σ strength · Δs_k · kept_k · group;  engine: draws states, remembers work
    heat, filmstrip, changes, readout     what there is to see besides the picture
    recipe, saving     states and pictures as files, and back

Nothing here knows a widget: `panel.Studio` is a shell over it.
"""
