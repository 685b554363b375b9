"""The course as static pages: `make site`, or `python -m recipes.site`, offline.

    notebooks, as committed ─┐
    docs, cards, figures    ─┼─► stage: a folder of sources ─► Sphinx (MyST-NB, Furo) ─► pages
    docstrings ──────────────┘

Nothing is executed: the outputs are those that the tests compare. A page needs no other server: no
font, script or style sheet comes from elsewhere, and formulas are MathML.
"""
