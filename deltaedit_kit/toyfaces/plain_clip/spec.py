"""toyfaces-plain-clip declared: everything as in toyfaces, but for what depends on CLIP."""

from __future__ import annotations

from dataclasses import replace

from deltaedit_kit.toyfaces.spec import SPEC as TOYFACES

SPEC = replace(
    TOYFACES,
    name="toyfaces-plain-clip",
    title="procedural portraits, with a CLIP trained by contrast alone",
    threshold=0.03,
    strength=1.0,
)
