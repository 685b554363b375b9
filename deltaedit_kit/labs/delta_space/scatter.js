// Two linked scatter plots: everything that follows the pointer happens here, without the kernel.
//
//   hover  -> nearest point -> its sprite, its caption, a line to its partner, in both plots
//   click, lasso, Enter -> `selected` (rows of pairs), the one thing that the kernel is told
//
// scatter_plot.js stands before this file in the module: makePlot, make, SIDE.

const MODALITY = ["#0b6e8a", "#d1495b"];
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900",
  "#7b5aa6", "#8c564b", "#4d4d4d", "#00a6a6", "#999999"];
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CLICK = 5; // pixels: a shorter drag is a click
const LISTED = 20;

const ramp = (share) => {
  const at = share * (RAMP.length - 1), k = Math.min(Math.floor(at), RAMP.length - 2);
  return `rgb(${RAMP[k].map((low, c) => Math.round(low + (RAMP[k + 1][c] - low) * (at - k)))})`;
};

function render({ model, el }) {
  const codes = model.get("codes"), colours = model.get("colours");
  const n = model.get("captions")[0].length;
  const root = make("div", "dek-scatter", el), bar = make("div", "dek-bar", root);
  const choice = make("select", "", make("label", "", bar, "Colour by "));
  ["modality", ...colours.map((one) => one.name)].forEach((name, k) => {
    make("option", "", choice, name).value = k - 1;
  });
  const clear = make("button", "dek-clear", bar, "Clear selection");
  const legend = make("div", "dek-legend", root);
  const hidden = new Set(), colour = () => colours[Number(choice.value)];
  const labels = () => (colour() ? colour().labels : ["pictures", "texts"]);
  const state = {
    n, selected: new Set(model.get("selected")), focus: null, lasso: null,
    code: (modality, row) =>
      colour() ? codes.getUint8(Number(choice.value) * n + row) : modality,
    shade: (value) => {
      if (!colour()) return MODALITY[value];
      return labels() ? PALETTE[value % PALETTE.length] : ramp(value / 255);
    },
    shown: (modality, row) => !hidden.size || !hidden.has(state.code(modality, row)),
  };
  const plots = make("div", "dek-plots", root);
  const both = [0, 1].map((view) => makePlot(view, model, plots, state));
  const status = make("div", "dek-status", root);
  status.setAttribute("role", "status");
  const words = make("details", "dek-words", root);
  make("summary", "", words, "As text");
  make("p", "", words, model.get("summary"));
  const list = make("ul", "", words);

  function attend(next, plot) {
    if (next?.row === state.focus?.row && next?.modality === state.focus?.modality) return;
    state.focus = next;
    both.forEach((one) => one.drawPointed(one === plot));
    if (!next) return;
    const kind = next.modality ? "text" : "picture";
    status.textContent = `${kind} ${next.row}: ${plot.captions[next.row]}`;
  }

  function choose(rows, add) {
    const next = new Set(add ? state.selected : []);
    rows.forEach((row) => (add && state.selected.has(row) ? next.delete(row) : next.add(row)));
    model.set("selected", [...next].sort((a, b) => a - b));
    model.save_changes();
  }

  function retell() {
    state.selected = new Set(model.get("selected"));
    both.forEach((plot) => plot.drawPoints());
    const rows = [...state.selected];
    clear.disabled = rows.length === 0;
    list.replaceChildren();
    rows.slice(0, LISTED).forEach((row) => make("li", "", list, `${row}: ${both[0].captions[row]}`));
    if (rows.length > LISTED) make("li", "", list, `and ${rows.length - LISTED} more`);
    status.textContent = `${rows.length} of ${n} pairs selected`;
  }

  function relegend() {
    hidden.clear();
    legend.replaceChildren();
    if (!labels()) {
      make("span", "", legend, colour().low);
      const strip = make("span", "dek-ramp", legend);
      strip.style.background = `linear-gradient(90deg, ${RAMP.map((c) => `rgb(${c})`)})`;
      make("span", "", legend, colour().high);
    }
    (labels() ?? []).forEach((name, value) => {
      const entry = make("button", "dek-entry", legend);
      const square = !colour() && value === 1;
      make("span", `dek-swatch${square ? " dek-square" : ""}`, entry)
        .style.background = state.shade(value);
      make("span", "", entry, name);
      entry.setAttribute("aria-pressed", "true");
      entry.addEventListener("click", () => {
        if (!hidden.delete(value)) hidden.add(value);
        entry.setAttribute("aria-pressed", String(!hidden.has(value)));
        both.forEach((plot) => plot.drawPoints());
      });
    });
    both.forEach((plot) => plot.drawPoints());
  }

  function finishLasso(plot, event) {
    const ring = state.lasso?.ring ?? [], [x, y] = plot.pointer(event);
    state.lasso = null;
    const drawn = ring.some(([a, b]) => Math.hypot(a - ring[0][0], b - ring[0][1]) >= CLICK);
    const found = plot.within(x, y);
    choose(drawn ? plot.enclosed(ring) : found ? [found.row] : [], event.shiftKey);
    plot.drawPointed(false);
  }

  function press(plot, event) {
    const way = ARROWS[event.key];
    if (!way && !["Enter", " ", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    if (event.key === "Escape") choose([], false);
    else if (!way) { if (state.focus) choose([state.focus.row], true); }
    else {
      const { focus } = state;
      const [x, y] = focus ? plot.at(focus.modality, focus.row) : [SIDE / 2, SIDE / 2];
      // Ahead, within 45 degrees of the arrow; a step aside costs double.
      const ahead = (dx, dy) => dx * way[0] + dy * way[1];
      const aside = (dx, dy) => Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      const found = plot.nearest(x, y,
        (dx, dy) => !focus || (ahead(dx, dy) > 0.01 && aside(dx, dy) <= ahead(dx, dy)),
        (dx, dy) => ahead(dx, dy) ** 2 + 4 * aside(dx, dy) ** 2);
      if (found) attend(found, plot);
    }
  }

  both.forEach((plot) => {
    const on = (name, call) => plot.top.addEventListener(name, call);
    on("pointerdown", (event) => {
      plot.top.setPointerCapture(event.pointerId);
      state.lasso = { view: plot.view, ring: [plot.pointer(event)] };
    });
    on("pointermove", (event) => {
      const place = plot.pointer(event);
      if (!state.lasso) { attend(plot.within(...place), plot); return; }
      state.lasso.ring.push(place);
      plot.drawPointed(false);
    });
    on("pointerup", (event) => finishLasso(plot, event));
    on("pointercancel", () => { state.lasso = null; plot.drawPointed(false); });
    on("pointerleave", () => { if (!state.lasso) attend(null, plot); });
    on("keydown", (event) => press(plot, event));
  });
  choice.addEventListener("change", relegend);
  clear.addEventListener("click", () => choose([], false));
  model.on("change:selected", retell);
  relegend();
  retell();
  return () => {
    model.off("change:selected", retell);
    both.forEach((plot) => plot.remove());
  };
}

export default { render };
