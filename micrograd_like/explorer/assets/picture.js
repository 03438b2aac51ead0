// The picture of a view: its items and edges where Graphviz put them, the numbers in them, and moving about in it.

const picture = byId("picture");
const scene = svgElement("g");
picture.append(
  svgElement("defs", {}, svgElement(
    "marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto",
      markerUnits: "userSpaceOnUse" },
    svgElement("path", { d: "M0 0.5L8 4L0 7.5Z" }),
  )),
  scene,
);

let shownItems = [], shownLines = [], itemOfNode = new Map(), itemOfView = new Map(), size = [1, 1];

// Draws a view; `choose(item)` is called when an item is pressed, `hover(item)` when it is pointed at (null: no longer).
function drawView({ layout, items, edges }, choose, hover) {
  const [extent, boxes, curves, frames] = layout;
  size = extent;
  scene.replaceChildren();
  for (const [x, y, width, height, title] of frames) {
    scene.append(svgElement("g", { class: "frame" },
      svgElement("rect", { x, y, width, height, rx: 4 }), svgElement("text", { x: x + 8, y: y + 14 }, title)));
  }
  shownLines = edges.map(([from, to], n) => {
    const tail = items[from].node, head = items[to].node;
    const joins = tail >= 0 && head >= 0 ? edgesTo(head).filter((k) => operandOf[k] === tail) : [];
    const blocked = joins.length && joins.every((k) => flow[k] === BLOCKED);
    const line = svgElement("path", { class: blocked ? "edge blocked" : "edge", d: curves[n], "marker-end": "url(#arrow)" });
    scene.append(line);
    if (joins.length === 1 && joins[0] === begin[head] + 1 && rules[ruleOf[head]].ordered) {
      const [x, y] = curves[n].split("L").pop().split(" ").map(Number);
      scene.append(svgElement("text", { class: "quiet number", x: x - 14, y: y + (y < boxes[to][1] ? -6 : 13) }, "2nd"));
    }
    return { line, from, to };
  });
  shownItems = items.map((shown, j) => {
    const item = { ...shown, numbersOf: shown.node >= 0 ? shown.node : shown.exit, box: boxes[j] };
    drawItem(item);
    item.group.addEventListener("click", () => travelled > 4 || choose(item));
    item.group.addEventListener("pointermove", () => hover(item)); // not where a picture opens under a pointer at rest
    item.group.addEventListener("pointerleave", () => hover(null));
    item.group.addEventListener("focus", () => {
      describe(item);
      if (item.group.matches(":focus-visible")) reveal(item);
    });
    return item;
  });
  itemOfNode = new Map(shownItems.filter(({ node }) => node >= 0).map((item) => [item.node, item]));
  itemOfView = new Map(shownItems.filter(({ node }) => node < 0).map((item) => [item.opens, item]));
  (itemOf(RESULT) ?? shownItems[0]).group.setAttribute("tabindex", 0);
}

function drawItem(item) {
  const [x, y, width, height] = item.box, left = x - width / 2, top = y - height / 2, i = item.node;
  const kind = i < 0 ? "box" : ruleOf[i] === CONSTANT ? "constant" : isLeaf(i) ? "leaf" : i === RESULT ? "result" : "operation";
  const group = svgElement("g", { class: `item ${kind}${item.outside ? " outside" : ""}`, tabindex: -1, role: "button" });
  scene.append(group);
  const text = (className, dx, dy, content = "") => {
    const made = svgElement("text", { class: className, x: left + dx, y: top + dy, lengthAdjust: "spacingAndGlyphs" }, content);
    group.append(made);
    return made;
  };
  const shape = { x: left, y: top, width, height, rx: kind === "leaf" ? 11 : kind === "box" ? 6 : 2 };
  group.append(svgElement("rect", { ...shape, class: "inside" }));
  if (kind === "constant") {
    item.data = text("number", width / 2, height / 2 + 3.5);
  } else {
    const head = i < 0 ? `▸ ${item.title}` : [sign(i), nameOf(i)].filter(Boolean).join("   ");
    cut(text("", width / 2, item.numbersOf < 0 ? height / 2 + 4 : 14, head), width - 10);
    if (item.numbersOf >= 0) {
      const stacked = kind === "box";
      group.append(svgElement("line", { x1: left, x2: left + width, y1: top + 20, y2: top + 20 }));
      if (!stacked) group.append(svgElement("line", { x1: x, x2: x, y1: top + 20, y2: top + height }));
      item.data = text("number", stacked ? width / 2 : width / 4, 33);
      item.gradient = text("number", stacked ? width / 2 : 3 * width / 4, stacked ? 48 : 33);
    }
    item.difference = text("number difference", width / 2, height + 10);
  }
  group.append(svgElement("rect", { ...shape, class: "border" }));
  item.kind = kind;
  item.group = group;
  describe(item);
}

// Cuts a text that is longer than its room.
function cut(text, room) {
  const letters = [...text.textContent];
  if (letters.length < 12) return;
  while (text.getComputedTextLength() > room && letters.length > 1) {
    letters.splice(Math.ceil(letters.length * room / (text.getComputedTextLength() + 20)));
    text.textContent = `${letters.join("")}…`;
  }
}

// Gives an item its name for screen readers, with its numbers as they are.
function describe(item) {
  const i = item.numbersOf, within = item.node < 0 ? views[item.opens].items[0].node : item.node;
  const caption = within >= 0 ? nodes[within].caption : "", whole = caption.endsWith(item.title);
  const name = item.node < 0 ? `open ${(whole && caption) || item.title}` : [sign(i), nameOf(i)].filter(Boolean).join(" ");
  const parts = [name, item.node < 0 && whole ? "" : caption];
  if (i >= 0 && item.data) parts.push(item.data.textContent);
  if (item.gradient) parts.push(item.gradient.textContent);
  item.group.setAttribute("aria-label", parts.filter(Boolean).join(", "));
}

// Writes the numbers into the items; `known` tells whether the data and the gradient of a node are computed yet.
function updatePicture(known) {
  for (const item of shownItems) {
    const i = item.numbersOf;
    if (i < 0) continue;
    const { hasData, hasGradient } = known(i);
    if (item.kind === "constant") {
      setText(item.data, short(data[i]));
      continue;
    }
    write(item, "data", hasData ? `data ${short(data[i])}` : "data");
    write(item, "gradient", hasGradient ? `grad ${short(gradients[i])}` : "grad");
    item.group.classList.toggle("pending", !hasData);
  }
}

// Writes a number into a node, squeezed into its half if it has nearly as many signs as a number can have.
function write(item, where, content) {
  setText(item[where], content);
  if (content.length > 13) item[where].setAttribute("textLength", item.box[2] / 2 - 6);
  else item[where].removeAttribute("textLength");
}

// Returns the view's item that shows a node, or holds it; undefined if the view does not show it.
function itemOf(node) {
  if (itemOfNode.has(node)) return itemOfNode.get(node);
  let view = graph.homes[node];
  while (view >= 0 && !itemOfView.has(view)) view = views[view].parent;
  return itemOfView.get(view);
}

// Lights the nodes and edges given, and marks the node at hand and the selected one.
function lightPicture({ nodes: along = [], edges = [], atHand = -1, selected = -1 }) {
  const lit = new Set([...along].map(itemOf)), number = new Map(shownItems.map((item, j) => [item, j]));
  const joined = new Set([...edges].map((k) => `${number.get(itemOf(operandOf[k]))} ${number.get(itemOf(userOf[k]))}`));
  const hand = atHand >= 0 ? itemOf(atHand) : undefined, chosen = selected >= 0 ? itemOf(selected) : undefined;
  for (const item of shownItems) {
    item.group.classList.toggle("lit", lit.has(item));
    item.group.classList.toggle("at-hand", item === hand);
    item.group.classList.toggle("selected", item === chosen);
    item.group.setAttribute("aria-pressed", item === chosen);
  }
  for (const { line, from, to } of shownLines) line.classList.toggle("lit", joined.has(`${from} ${to}`));
}

// Moving about. The scene is scaled by `zoom` and then moved by `shift`.

let zoom = 1, shift = [0, 0], fitted = true;

function transform() {
  scene.setAttribute("transform", `translate(${shift[0]} ${shift[1]}) scale(${zoom})`);
}

const readable = () => (picture.clientWidth < 600 ? 0.85 : 0.5); // the zoom at which the numbers can be read

// Returns the item at the left, where the graph begins, that is nearest to the middle.
function leftmost() {
  const edge = Math.min(...shownItems.map(({ box }) => box[0] - box[2] / 2));
  const offCentre = ({ box }) => Math.abs(box[1] - size[1] / 2);
  const column = shownItems.filter(({ box }) => box[0] - box[2] / 2 < edge + box[2] / 2);
  return column.reduce((a, b) => (offCentre(b) < offCentre(a) ? b : a));
}

// Shows the whole picture; not smaller than `least`, where it shows as much of it around `item` as there is room for.
function fitPicture(least = 0.02, item = leftmost()) {
  const room = [picture.clientWidth, picture.clientHeight], margin = 12;
  fitted = true;
  zoom = Math.max(least, Math.min(2, (room[0] - 2 * margin) / size[0], (room[1] - 3 * margin) / size[1]));
  shift = room.map((length, axis) => {
    const extent = zoom * size[axis], least = length - extent - margin;
    return least >= margin ? (length - extent) / 2 : Math.min(margin, Math.max(least, length / 2 - zoom * item.box[axis]));
  });
  transform();
}

function zoomBy(factor, x = picture.clientWidth / 2, y = picture.clientHeight / 2) {
  const next = Math.min(8, Math.max(0.05, zoom * factor));
  shift = [x - (x - shift[0]) * next / zoom, y - (y - shift[1]) * next / zoom];
  zoom = next;
  fitted = false;
  transform();
}

function moveBy(dx, dy) {
  shift = [shift[0] + dx, shift[1] + dy];
  fitted = false;
  transform();
}

// Brings an item into the window if it is not.
function reveal(item) {
  const margin = 20, [x, y, width, height] = item.box;
  const inside = (low, high, room) => (low < margin ? margin - low : high > room - margin ? room - margin - high : 0);
  const left = shift[0] + zoom * (x - width / 2), top = shift[1] + zoom * (y - height / 2);
  const dx = inside(left, left + zoom * width, picture.clientWidth);
  const dy = inside(top, top + zoom * height, picture.clientHeight);
  if (dx || dy) moveBy(dx, dy);
}

// Returns the item that is nearest in a direction, "ArrowLeft" and the like: along an edge if one leads there.
function neighbour(item, key) {
  const here = shownItems.indexOf(item), [x, y] = item.box;
  const linked = shownLines.flatMap(({ from, to }) => (to === here && key === "ArrowLeft" ? [from]
    : from === here && key === "ArrowRight" ? [to] : []));
  const wanted = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const candidates = linked.length ? linked.map((j) => shownItems[j]) : shownItems;
  let best, least = Infinity;
  for (const other of candidates) {
    const dx = other.box[0] - x, dy = other.box[1] - y;
    const along = dx * wanted[0] + dy * wanted[1], across = Math.abs(dx * wanted[1]) + Math.abs(dy * wanted[0]);
    const distance = along + 3 * across;
    if (other !== item && (linked.length || along > 1) && distance < least) [best, least] = [other, distance];
  }
  return best;
}

// One pointer moves the picture, two stretch it. A press that moves by less than a few pixels is a click.
const pointers = new Map();
let travelled = 0;
picture.addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  travelled = 0;
});
addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY], others = [...pointers].filter(([id]) => id !== event.pointerId);
  if (others.length) {
    const { left, top } = picture.getBoundingClientRect(), other = others[0][1];
    const distance = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
    zoomBy(distance(now) / Math.max(1, distance(before)), other[0] - left, other[1] - top);
  } else {
    moveBy(now[0] - before[0], now[1] - before[1]);
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    picture.classList.toggle("dragged", travelled > 4);
  }
  pointers.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) picture.classList.remove("dragged");
  });
}
picture.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = picture.getBoundingClientRect();
  zoomBy(Math.exp(-event.deltaY / 500), event.clientX - left, event.clientY - top);
}, { passive: false });
