"""Panels for a notebook: shells over `Editor`, without any maths of their own.

    widget events -> a plain state -> a pure function -> what the widget shows

ipywidgets is imported by the modules here, never by the rest of the kit.
"""
