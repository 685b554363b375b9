// Keys pressed inside the study go to Python, once for each token; see panel.py.
const ACTIVE = "Keys: ← or F for left, → or J for right";
const ASLEEP = "Click here to answer with the keys ← and →";

export default {
  render({ model, el }) {
    const typing = "input:not([type=button]), textarea, select, [contenteditable=true]";
    let pane = null, sent = null, gone = false;

    const hint = () => {
      const inside = pane?.contains(document.activeElement);
      el.textContent = inside ? ACTIVE : ASLEEP;
    };
    const down = (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches(typing)) return;
      if (!model.get("listened").includes(event.key)) return;
      event.preventDefault();  // arrows would scroll
      event.stopPropagation();
      const token = model.get("token");
      if (event.repeat || !token || token === sent) return;
      sent = token;
      model.send({ key: event.key, token });
      // What came too early is not kept: the same question may be answered again.
      setTimeout(() => { if (sent === token) sent = null; }, 400);
    };
    const take = () => pane?.focus({ preventScroll: true });
    const attach = () => {  // the pane is in the page a little after this widget
      if (gone) return;
      pane = el.closest(".deltaedit-study");
      if (!pane) { requestAnimationFrame(attach); return; }
      pane.tabIndex = 0;
      pane.setAttribute("data-lm-suppress-shortcuts", "true");
      pane.addEventListener("keydown", down);
      pane.addEventListener("focusin", hint);
      pane.addEventListener("focusout", () => setTimeout(hint));
      hint();
    };
    attach();
    model.on("change:token", take);
    return () => {
      gone = true;
      model.off("change:token", take);
      pane?.removeEventListener("keydown", down);
      pane?.removeEventListener("focusin", hint);
    };
  },
};
