// Sends a chosen file in pieces of 1 MB, one message each; see file_button.py.
export default {
  render({ model, el }) {
    const PIECE = 1e6;  // bytes
    const input = document.createElement("input");
    input.type = "file";
    input.accept = model.get("accept");
    const button = el.appendChild(document.createElement("button"));
    button.className = "jupyter-widgets jupyter-button widget-button";
    button.style.width = "auto";
    button.textContent = model.get("description");
    let newest = 0;
    button.addEventListener("click", () => {
      input.value = "";  // or the same file would be no change
      input.click();
    });
    input.addEventListener("change", async () => {
      const file = input.files[0], mine = ++newest;
      if (!file) return;
      const { name, size } = file, sent = size > model.get("largest") ? 0 : size;
      for (let at = 0; at === 0 || at < sent; at += PIECE) {
        const piece = await file.slice(at, Math.min(at + PIECE, sent)).arrayBuffer();
        if (mine !== newest) return;
        model.send({ name, size, at }, undefined, [piece]);
      }
    });
  },
};
