// Two linked scatter plots: everything that follows the pointer happens here, without the kernel.
//
//   points Uint16 [view][modality][pair][x, y]    codes Uint8 [colour][pair]    sheets: sprites
//   hover  -> nearest point -> its sprite, its caption, a line to its partner, in both plots
//   click, lasso, Enter -> `selected` (rows of pairs), the one thing that the kernel is told
//
// Pictures are discs and texts are squares, so that nothing is said by colour alone.

const SIDE = 400, MARGIN = 14, REACH = 14, RADIUS = 2.6;
const MODALITY = ["#0b6e8a", "#d1495b"];
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900",
  "#7b5aa6", "#8c564b", "#4d4d4d", "#00a6a6", "#999999"];
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const FADED = "rgba(140, 140, 150, 0.25)", MARK = "#111111";

const make = (tag, className, parent, text) => {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text; // never innerHTML: captions are anybody's
  parent?.append(node);
  return node;
};

const ramp = (share) => {
  const at = share * (RAMP.length - 1), k = Math.min(Math.floor(at), RAMP.length - 2);
  return `rgb(${RAMP[k].map((low, c) => Math.round(low + (RAMP[k + 1][c] - low) * (at - k)))})`;
};

const inside = (x, y, ring) => {
  let odd = false;
  for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
    const [ax, ay] = ring[a], [bx, by] = ring[b];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
};

function render({ model, el }) {
  const view16 = model.get("points"), view8 = model.get("codes");
  const n = model.get("captions")[0].length, colours = model.get("colours");
  const position = (view, modality, row, axis) => {
    const raw = view16.getUint16((((view * 2 + modality) * n + row) * 2 + axis) * 2, true) / 65535;
    return MARGIN + (axis ? 1 - raw : raw) * (SIDE - 2 * MARGIN);
  };
  // Pixels of every point, once: hovering reads this table and nothing else.
  const pixels = [0, 1].map((view) => [0, 1].map((modality) => {
    const table = new Float32Array(2 * n);
    for (let row = 0; row < n; row++)
      for (let axis = 0; axis < 2; axis++)
        table[2 * row + axis] = position(view, modality, row, axis);
    return table;
  }));
  let selected = new Set(model.get("selected")), focus = null, lasso = null;
  const hidden = new Set();

  const root = make("div", "dek-scatter", el);
  const bar = make("div", "dek-bar", root);
  const label = make("label", "", bar, "Colour by ");
  const choice = make("select", "", label);
  ["modality", ...colours.map((one) => one.name)].forEach((name, k) => {
    make("option", "", choice, name).value = k - 1;
  });
  const clear = make("button", "dek-clear", bar, "Clear selection");
  const legend = make("div", "dek-legend", root);
  const plots = make("div", "dek-plots", root);
  const sheets = model.get("sheets").map((sheet) =>
    sheet.byteLength ? URL.createObjectURL(new Blob([sheet], { type: "image/webp" })) : null);
  const panels = [0, 1].map((view) => panel(view));
  const status = make("div", "dek-status", root);
  status.setAttribute("role", "status");
  const words = make("details", "dek-words", root);
  make("summary", "", words, "As text");
  make("p", "", words, model.get("summary"));
  const list = make("ul", "", words);

  const colour = () => colours[Number(choice.value)];
  const code = (modality, row) =>
    Number(choice.value) < 0 ? modality : view8.getUint8(Number(choice.value) * n + row);
  const labels = () => (colour() ? colour().labels : ["pictures", "texts"]);
  const shade = (value) => {
    if (!colour()) return MODALITY[value];
    return colour().labels ? PALETTE[value % PALETTE.length] : ramp(value / 255);
  };
  const shown = (modality, row) => !labels() || !hidden.has(code(modality, row));

  function panel(view) {
    const figure = make("figure", "dek-panel", plots);
    make("figcaption", "", figure, model.get("titles")[view]);
    const frame = make("div", "dek-frame", figure);
    const [base, top] = ["dek-base", "dek-top"].map((name) => make("canvas", name, frame));
    const sharp = window.devicePixelRatio || 1;
    [base, top].forEach((canvas) => {
      canvas.width = canvas.height = SIDE * sharp;
      canvas.getContext("2d").scale(sharp, sharp);
    });
    const tip = make("div", "dek-tip", frame);
    const sprite = make("div", "dek-sprite", tip);
    const caption = make("div", "dek-caption", tip);
    top.tabIndex = 0;
    top.setAttribute("role", "application");
    top.setAttribute("aria-label", `${model.get("titles")[view]}. Arrow keys go from point to `
      + "point, Enter selects, Escape clears.");
    return { view, base, top, tip, sprite, caption };
  }

  function drawBase({ view, base }) {
    const pen = base.getContext("2d");
    pen.clearRect(0, 0, SIDE, SIDE);
    // One path a colour: ten thousand points are a dozen fills, not ten thousand.
    const paths = new Map();
    const late = [];
    for (let modality = 0; modality < 2; modality++)
      for (let row = 0; row < n; row++) {
        if (!shown(modality, row)) continue;
        const faded = selected.size > 0 && !selected.has(row);
        const fill = faded ? FADED : shade(code(modality, row));
        if (!faded && selected.size) { late.push([modality, row, fill]); continue; }
        if (!paths.has(fill)) paths.set(fill, new Path2D());
        dot(paths.get(fill), view, modality, row, RADIUS);
      }
    pen.globalAlpha = selected.size ? 1 : 0.75;
    paths.forEach((path, fill) => { pen.fillStyle = fill; pen.fill(path); });
    pen.globalAlpha = 1;
    late.forEach(([modality, row, fill]) => {
      const path = new Path2D();
      dot(path, view, modality, row, RADIUS + 1);
      pen.fillStyle = fill;
      pen.fill(path);
    });
  }

  function dot(path, view, modality, row, r) {
    const table = pixels[view][modality], x = table[2 * row], y = table[2 * row + 1];
    if (modality) path.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
    else { path.moveTo(x + r, y); path.arc(x, y, r, 0, 6.2832); }
  }

  function drawTop({ view, top, tip, sprite, caption }, owner) {
    const pen = top.getContext("2d");
    pen.clearRect(0, 0, SIDE, SIDE);
    if (lasso?.view === view && lasso.ring.length > 1) {
      pen.beginPath();
      lasso.ring.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.strokeStyle = MARK;
      pen.setLineDash([4, 3]);
      pen.stroke();
      pen.setLineDash([]);
    }
    tip.style.display = "none";
    if (!focus) return;
    const [picture, text] = pixels[view], row = focus.row;
    pen.strokeStyle = MARK;
    pen.lineWidth = 1.4;
    pen.beginPath();
    pen.moveTo(picture[2 * row], picture[2 * row + 1]);
    pen.lineTo(text[2 * row], text[2 * row + 1]);
    pen.stroke();
    for (let modality = 0; modality < 2; modality++) {
      const path = new Path2D();
      dot(path, view, modality, row, RADIUS + 3);
      pen.fillStyle = shade(code(modality, row));
      pen.fill(path);
      pen.stroke(path);
    }
    if (!owner) return;
    const tile = model.get("tiles")[view];
    sprite.style.display = sheets[view] ? "block" : "none";
    if (sheets[view]) {
      const zoom = 2, across = tile.columns;
      sprite.style.width = `${tile.width * zoom}px`;
      sprite.style.height = `${tile.height * zoom}px`;
      sprite.style.backgroundImage = `url(${sheets[view]})`;
      sprite.style.backgroundSize = `${across * tile.width * zoom}px auto`;
      sprite.style.backgroundPosition =
        `-${(row % across) * tile.width * zoom}px -${Math.floor(row / across) * tile.height * zoom}px`;
    }
    caption.textContent = model.get("captions")[view][row];
    const table = pixels[view][focus.modality];
    const x = table[2 * row], y = table[2 * row + 1];
    tip.style.display = "block";
    tip.style.left = x < SIDE / 2 ? `${x + 12}px` : "";
    tip.style.right = x < SIDE / 2 ? "" : `${SIDE - x + 12}px`;
    tip.style.top = y < SIDE / 2 ? `${y + 12}px` : "";
    tip.style.bottom = y < SIDE / 2 ? "" : `${SIDE - y + 12}px`;
  }

  function attend(next, view) {
    if (next?.row === focus?.row && next?.modality === focus?.modality && !lasso) return;
    focus = next;
    panels.forEach((one) => drawTop(one, one.view === view));
    if (!focus) return;
    const kind = focus.modality ? "text" : "picture";
    status.textContent = `${kind} ${focus.row}: ${model.get("captions")[view][focus.row]}`;
  }

  function nearest(view, x, y, keep = () => true, cost = (dx, dy) => dx * dx + dy * dy) {
    let best = null, least = Infinity;
    for (let modality = 0; modality < 2; modality++) {
      const table = pixels[view][modality];
      for (let row = 0; row < n; row++) {
        const dx = table[2 * row] - x, dy = table[2 * row + 1] - y, far = cost(dx, dy);
        if (far < least && shown(modality, row) && keep(dx, dy)) {
          least = far;
          best = { row, modality, far };
        }
      }
    }
    return best;
  }

  function choose(rows, add) {
    const next = add ? new Set(selected) : new Set();
    rows.forEach((row) => (add && selected.has(row) ? next.delete(row) : next.add(row)));
    model.set("selected", [...next].sort((a, b) => a - b));
    model.save_changes();
  }

  function retell() {
    selected = new Set(model.get("selected"));
    panels.forEach(drawBase);
    clear.disabled = selected.size === 0;
    list.replaceChildren();
    const rows = [...selected];
    rows.slice(0, 20).forEach((row) => make("li", "", list, `${row}: ${model.get("captions")[0][row]}`));
    if (rows.length > 20) make("li", "", list, `and ${rows.length - 20} more`);
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
      make("span", `dek-swatch${colour() || !value ? "" : " dek-square"}`, entry)
        .style.background = shade(value);
      make("span", "", entry, name);
      entry.setAttribute("aria-pressed", "true");
      entry.addEventListener("click", () => {
        if (hidden.has(value)) hidden.delete(value);
        else hidden.add(value);
        entry.setAttribute("aria-pressed", String(!hidden.has(value)));
        panels.forEach(drawBase);
      });
    });
    panels.forEach(drawBase);
  }

  panels.forEach(({ view, top }) => {
    const at = (event) => {
      const box = top.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((v) => (v * SIDE) / box.width);
    };
    top.addEventListener("pointerdown", (event) => {
      top.setPointerCapture(event.pointerId);
      lasso = { view, ring: [at(event)] };
    });
    top.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (lasso) {
        lasso.ring.push([x, y]);
        drawTop(panels[view], false);
        return;
      }
      const found = nearest(view, x, y);
      attend(found && found.far < REACH * REACH ? found : null, view);
    });
    top.addEventListener("pointerup", (event) => {
      const ring = lasso?.ring ?? [];
      lasso = null;
      const [x, y] = at(event);
      const wide = Math.max(0, ...ring.map(([a, b]) => Math.hypot(a - ring[0][0], b - ring[0][1])));
      const add = event.shiftKey;
      if (wide < 5) {
        const found = nearest(view, x, y);
        choose(found && found.far < REACH * REACH ? [found.row] : [], add);
      } else {
        const rows = new Set();
        for (let modality = 0; modality < 2; modality++)
          for (let row = 0; row < n; row++) {
            const table = pixels[view][modality];
            if (shown(modality, row) && inside(table[2 * row], table[2 * row + 1], ring)) rows.add(row);
          }
        choose(rows, add);
      }
      drawTop(panels[view], false);
    });
    top.addEventListener("pointerleave", () => !lasso && attend(null, view));
    top.addEventListener("pointercancel", () => { lasso = null; drawTop(panels[view], false); });
    top.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const way = step[event.key];
      if (!way && !["Enter", " ", "Escape"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation(); // JupyterLab would move to another cell
      if (event.key === "Escape") { choose([], false); return; }
      if (!way) { if (focus) choose([focus.row], true); return; }
      const table = focus && pixels[view][focus.modality];
      const [x, y] = focus ? [table[2 * focus.row], table[2 * focus.row + 1]] : [SIDE / 2, SIDE / 2];
      // Ahead within 45 degrees of the arrow; what lies to the side costs double.
      const ahead = (dx, dy) => dx * way[0] + dy * way[1];
      const aside = (dx, dy) => Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      const found = nearest(view, x, y,
        (dx, dy) => !focus || (ahead(dx, dy) > 0.01 && aside(dx, dy) <= ahead(dx, dy)),
        (dx, dy) => ahead(dx, dy) ** 2 + 4 * aside(dx, dy) ** 2);
      if (found) attend(found, view);
    });
  });
  choice.addEventListener("change", relegend);
  clear.addEventListener("click", () => choose([], false));
  model.on("change:selected", retell);
  relegend();
  retell();
  return () => {
    model.off("change:selected", retell);
    sheets.forEach((sheet) => sheet && URL.revokeObjectURL(sheet));
  };
}

export default { render };
