"""What ipywidgets leaves unsaid to a screen reader: names of sliders and pictures, what is chosen.

    slider:     its label                 ->  aria-label of its handle
    .de-dial:   the number field's label  ->  the same for the slider beside it
    .de-titled: the label above a picture ->  its alternative text
    .de-tile:   the tooltip               ->  aria-label;   .de-picked -> aria-pressed

ipywidgets gives its sliders and buttons no such attributes, so these lines of JavaScript in an
anywidget copy them from what stands in the page anyway, again whenever the panel gains a control.

Source: WAI-ARIA 1.2 (slider, button with aria-pressed); anywidget.dev for the module's form.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

MODULE = """
export default {
  render({ model, el }) {
    let watcher = null, gone = false;

    const say = (pane) => {
      for (const handle of pane.querySelectorAll(".noUi-handle, .ui-slider-handle")) {
        const dial = handle.closest(".de-dial");
        const named = dial?.querySelector(".de-number") ?? handle.closest(".widget-inline-hbox");
        const label = named?.querySelector(".widget-label")?.textContent;
        if (label) handle.setAttribute("aria-label", `${label}, slider`);
      }
      for (const box of pane.querySelectorAll(".de-titled")) {
        const label = box.querySelector(".widget-label")?.textContent;
        for (const image of box.querySelectorAll("img")) image.alt = label;
      }
      for (const tile of pane.querySelectorAll(".de-tile")) {
        if (tile.title) tile.setAttribute("aria-label", tile.title);
        tile.setAttribute("aria-pressed", String(tile.classList.contains("de-picked")));
      }
    };
    const attach = () => {  // the pane is in the page a little after this widget
      if (gone) return;
      const pane = el.closest("." + model.get("pane"));
      if (!pane) { requestAnimationFrame(attach); return; }
      watcher = new MutationObserver(() => say(pane));
      const seen = { subtree: true, childList: true, attributes: true };
      watcher.observe(pane, { ...seen, attributeFilter: ["class", "title"] });
      say(pane);
    };
    attach();
    return () => { gone = true; watcher?.disconnect(); };
  },
};
"""


class Names(anywidget.AnyWidget):
    """Shows nothing; put it anywhere into the widget that has the class `pane`."""

    _esm = MODULE
    pane = traitlets.Unicode("").tag(sync=True)

    def __init__(self, pane: str, **options: Any) -> None:
        super().__init__(pane=pane, **options)
