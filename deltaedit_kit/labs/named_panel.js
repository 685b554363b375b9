// Names for screen readers, copied from what stands in the page; see named_panel.py.
export default {
  render({ el }) {
    let watcher = null, gone = false;

    const say = (pane) => {
      for (const handle of pane.querySelectorAll(".noUi-handle, .ui-slider-handle")) {
        const slider = handle.closest(".de-slider");
        const named = slider?.querySelector(".de-number") ?? handle.closest(".widget-inline-hbox");
        const label = named?.querySelector(".widget-label")?.textContent;
        if (label) handle.setAttribute("aria-label", `${label}, slider`);
      }
      for (const field of pane.querySelectorAll(".widget-readout[contenteditable]")) {
        const label = field.closest(".widget-inline-hbox")?.querySelector(".widget-label");
        field.setAttribute("role", "textbox");
        if (label) field.setAttribute("aria-label", `${label.textContent}, number`);
      }
      for (const button of pane.querySelectorAll("button[title]")) {
        const said = button.textContent.trim();
        if (said && button.title.startsWith(said)) button.setAttribute("aria-label", button.title);
      }
      for (const tile of pane.querySelectorAll(".de-tile")) {
        if (tile.title) tile.setAttribute("aria-label", tile.title);
        tile.setAttribute("aria-pressed", String(tile.classList.contains("de-picked")));
      }
    };
    const attach = () => {  // the pane is in the page a little after this widget
      if (gone) return;
      const pane = el.closest(".de-panel");
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
