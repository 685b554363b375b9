// One scatter plot: where its points are, how they are drawn, which one is nearest to the pointer.
//
//   points Uint16 [view][modality][pair][x, y]  ->  pixels, once  ->  canvas below (all points)
//                                                                     canvas above (what is pointed at)
//
// Two canvases, so that hovering never draws ten thousand points again. Pictures are discs and texts
// are squares: nothing is said by colour alone. `state` is shared by both plots (see scatter.js).

const SIDE = 400, MARGIN = 14, REACH = 14, RADIUS = 2.6, ZOOM = 2;
const FADED = "rgba(140, 140, 150, 0.25)";

const make = (tag, className, parent, text) => {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text; // never innerHTML: captions are anybody's
  parent?.append(node);
  return node;
};

const inside = (x, y, ring) => {
  let odd = false;
  for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
    const [ax, ay] = ring[a], [bx, by] = ring[b];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
};

function pixelsOf(points, view, n) {
  return [0, 1].map((modality) => {
    const table = new Float32Array(2 * n);
    for (let k = 0; k < 2 * n; k++) {
      const share = points.getUint16(((view * 2 + modality) * 2 * n + k) * 2, true) / 65535;
      table[k] = MARGIN + (k % 2 ? 1 - share : share) * (SIDE - 2 * MARGIN);
    }
    return table;
  });
}

function makePlot(view, model, parent, state) {
  const { n } = state, pixels = pixelsOf(model.get("points"), view, n);
  const title = model.get("titles")[view], captions = model.get("captions")[view];
  const tile = model.get("tiles")[view], bytes = model.get("sheets")[view];
  const sheet = bytes.byteLength
    ? URL.createObjectURL(new Blob([bytes], { type: "image/webp" })) : null;
  const figure = make("figure", "dek-panel", parent);
  make("figcaption", "", figure, title);
  const frame = make("div", "dek-frame", figure);
  const [base, top] = ["dek-base", "dek-top"].map((name) => make("canvas", name, frame));
  const sharp = window.devicePixelRatio || 1;
  [base, top].forEach((canvas) => {
    canvas.width = canvas.height = SIDE * sharp;
    canvas.getContext("2d").scale(sharp, sharp);
  });
  const tip = make("div", "dek-tip", frame);
  const sprite = make("div", "dek-sprite", tip), caption = make("div", "dek-caption", tip);
  top.tabIndex = 0;
  top.setAttribute("role", "application");
  top.setAttribute("aria-label", `${title}. Arrow keys go from point to point, Enter selects, `
    + "Escape clears.");
  if (sheet) {
    sprite.style.width = `${tile.width * ZOOM}px`;
    sprite.style.height = `${tile.height * ZOOM}px`;
    sprite.style.backgroundImage = `url(${sheet})`;
    sprite.style.backgroundSize = `${tile.columns * tile.width * ZOOM}px auto`;
  }

  const at = (modality, row) => [pixels[modality][2 * row], pixels[modality][2 * row + 1]];

  function each(visit) {
    for (let modality = 0; modality < 2; modality++)
      for (let row = 0; row < n; row++) if (state.shown(modality, row)) visit(modality, row);
  }

  function dot(path, modality, row, r) {
    const [x, y] = at(modality, row);
    if (modality) path.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
    else { path.moveTo(x + r, y); path.arc(x, y, r, 0, 6.2832); }
  }

  function drawPoints() {
    const pen = base.getContext("2d"), some = state.selected.size > 0;
    pen.clearRect(0, 0, SIDE, SIDE);
    // One path a colour, so ten thousand points are a dozen fills; the selected ones come on top.
    const paths = new Map(), chosen = new Map();
    each((modality, row) => {
      const strong = some && state.selected.has(row);
      const fill = some && !strong ? FADED : state.shade(state.code(modality, row));
      const group = strong ? chosen : paths;
      if (!group.has(fill)) group.set(fill, new Path2D());
      dot(group.get(fill), modality, row, strong ? RADIUS + 1 : RADIUS);
    });
    [[paths, some ? 1 : 0.75], [chosen, 1]].forEach(([group, alpha]) => {
      pen.globalAlpha = alpha;
      group.forEach((path, fill) => { pen.fillStyle = fill; pen.fill(path); });
    });
  }

  function drawPointed(owner) {
    const pen = top.getContext("2d"), { focus, lasso } = state;
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.strokeStyle = getComputedStyle(frame).color; // the colour of text: themes differ
    if (lasso?.view === view && lasso.ring.length > 1) {
      pen.beginPath();
      lasso.ring.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.setLineDash([4, 3]);
      pen.stroke();
      pen.setLineDash([]);
    }
    tip.style.display = "none";
    if (!focus) return;
    pen.lineWidth = 1.4;
    pen.beginPath(); // from a picture to its text
    pen.moveTo(...at(0, focus.row));
    pen.lineTo(...at(1, focus.row));
    pen.stroke();
    for (let modality = 0; modality < 2; modality++) {
      const path = new Path2D();
      dot(path, modality, focus.row, RADIUS + 3);
      pen.fillStyle = state.shade(state.code(modality, focus.row));
      pen.fill(path);
      pen.stroke(path);
    }
    if (owner) showTip(focus);
  }

  function showTip({ row, modality }) {
    const column = row % tile.columns, line = Math.floor(row / tile.columns);
    sprite.style.display = sheet ? "block" : "none";
    sprite.style.backgroundPosition =
      `-${column * tile.width * ZOOM}px -${line * tile.height * ZOOM}px`;
    caption.textContent = captions[row];
    const [x, y] = at(modality, row), scale = frame.clientWidth / SIDE; // less on a phone
    const near = (v) => `${v * scale + 12}px`;
    tip.style.display = "block"; // towards the middle of the plot, so that it stays inside
    tip.style.left = x < SIDE / 2 ? near(x) : "";
    tip.style.right = x < SIDE / 2 ? "" : near(SIDE - x);
    tip.style.top = y < SIDE / 2 ? near(y) : "";
    tip.style.bottom = y < SIDE / 2 ? "" : near(SIDE - y);
  }

  function nearest(x, y, keep = () => true, cost = (dx, dy) => dx * dx + dy * dy) {
    let best = null, least = Infinity;
    each((modality, row) => {
      const dx = pixels[modality][2 * row] - x, dy = pixels[modality][2 * row + 1] - y;
      const far = cost(dx, dy);
      if (far < least && keep(dx, dy)) { least = far; best = { row, modality, far }; }
    });
    return best;
  }

  return {
    view, top, at, captions, drawPoints, drawPointed, nearest,
    within: (x, y) => {
      const found = nearest(x, y);
      return found && found.far < REACH * REACH ? found : null;
    },
    enclosed: (ring) => {
      const rows = new Set();
      each((modality, row) => { if (inside(...at(modality, row), ring)) rows.add(row); });
      return rows;
    },
    pointer: (event) => {
      const box = top.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((v) => (v * SIDE) / box.width);
    },
    remove: () => sheet && URL.revokeObjectURL(sheet),
  };
}
