// Names for screen readers, copied from what stands in the page; see scripted.py.
export default {
  render({ model, el }) {
    let watcher = null, gone = false;

    const say = (pane) => {
      for (const handle of pane.querySelectorAll(".noUi-handle, .ui-slider-handle")) {
        const slider = handle.closest(".de-slider");
        const named = slider?.querySelector(".de-number") ?? handle.closest(".widget-inline-hbox");
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
