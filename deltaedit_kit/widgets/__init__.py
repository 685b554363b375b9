"""Panels for a notebook: shells over `Editor`, without any maths of their own.

    widget events -> a plain state -> a pure function -> what the widget shows

ipywidgets is imported by the modules here, never by the rest of the kit. A name loads its module
when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.widgets.explorer import Explorer
    from deltaedit_kit.widgets.quickstart import QuickstartPanel
    from deltaedit_kit.widgets.studio import Studio
    from deltaedit_kit.widgets.study import Study

__all__ = ["Explorer", "QuickstartPanel", "Studio", "Study"]

_HOME_OF = {
    "Explorer": "explorer",
    "QuickstartPanel": "quickstart",
    "Studio": "studio",
    "Study": "study",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit.widgets' has no attribute {name!r}")
    return getattr(import_module(f"deltaedit_kit.widgets.{_HOME_OF[name]}"), name)
