// The wipe follows the slider, and the slider a pointer that is dragged on the picture; see screen.py.
export default {
  async render({ model, el }) {
    const slider = await model.widget_manager?.get_model(model.get("slider"));
    if (!slider) return;  // a page without other models: the kernel's rule stays
    const ends = new AbortController();
    const { signal } = ends;

    const attach = () => {  // the pane is in the page a little after this widget
      if (signal.aborted) return;
      const pane = el.closest(".de-wipe");
      if (!pane) { requestAnimationFrame(attach); return; }
      const follow = () => pane.style.setProperty("--place", slider.get("value"));
      const put = (place) => { slider.set("value", place); slider.save_changes(); };
      const drag = (event) => {
        const { left, width } = pane.querySelector(".de-wiped").getBoundingClientRect();
        const place = Math.min(1, Math.max(0, (event.clientX - left) / width));
        put(Math.round(place * 100) / 100);
      };
      let before = 0;
      pane.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.target.closest(".de-wiped")) return;
        event.preventDefault();
        pane.setPointerCapture(event.pointerId);  // also beyond the edge, until it is let go
        before = slider.get("value");
        drag(event);
      }, { signal });
      pane.addEventListener("pointermove", (event) => {
        if (pane.hasPointerCapture(event.pointerId)) drag(event);
      }, { signal });
      pane.addEventListener("pointercancel", (event) => {  // the finger scrolls the page
        if (pane.hasPointerCapture(event.pointerId)) put(before);
      }, { signal });
      slider.on("change:value", follow);
      signal.addEventListener("abort", () => slider.off("change:value", follow));
      pane.classList.add("de-draggable");
      follow();
    };
    attach();
    return () => ends.abort();
  },
};
