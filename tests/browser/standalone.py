"""The widget's script on a bare page, without JupyterLab: a model of its own, same browser."""

from __future__ import annotations

import base64
import json
from typing import Any

from deltaedit_kit.labs.delta_space import scatter

SCRIPT = """async ([source, traits]) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const values = { selected: [], ...traits };
  for (const name of ["points", "codes"]) values[name] = bytes(values[name]);
  values.sheets = values.sheets.map(bytes);
  const heard = {};
  window.model = {
    saves: 0,
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; heard[`change:${name}`]?.(); },
    save_changes: () => { window.model.saves += 1; },
    on: (name, call) => { heard[name] = call; },
    off: (name) => { delete heard[name]; },
  };
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const el = document.body.appendChild(document.createElement("div"));
  window.cleanup = module.default.render({ model: window.model, el });
}"""


def show(page: Any, view: dict[str, Any]) -> None:
    """Render the view on an empty page, as anywidget would."""
    traits = dict(view)
    for name in ("points", "codes"):
        traits[name] = base64.b64encode(traits[name]).decode()
    traits["sheets"] = [base64.b64encode(sheet).decode() for sheet in view["sheets"]]
    page.set_content("<!doctype html><meta charset=utf-8><body style='background: white'>")
    page.add_style_tag(content=(scatter.HERE / "scatter.css").read_text(encoding="utf-8"))
    page.evaluate(SCRIPT, [scatter.SCRIPT, json.loads(json.dumps(traits))])
