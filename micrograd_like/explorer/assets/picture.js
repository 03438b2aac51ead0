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

let shownView = -1, shownItems = [], shownEdges = [], size = [1, 1];
const ORDERED = ["−", "÷", "xʸ"]; // whose second operand is marked

// Draws a view; `choose(item)` is called when an item is pressed, `hover(item)` when it is pointed at (null: no longer).
function drawView(number, choose, hover) {
  const [, , layout, items, edges] = graph.views[number];
  const [extent, places, curves, frames] = graph.layouts[layout];
  shownView = number;
  size = extent;
  scene.replaceChildren();
  for (const [x, y, width, height, title] of frames) {
    scene.append(svgElement("g", { class: "frame" },
      svgElement("rect", { x, y, width, height, rx: 4 }), svgElement("text", { x: x + 8, y: y + 14 }, title)));
  }
  shownEdges = edges.map(([from, to], n) => {
    const tail = items[from][0], head = items[to][0];
    const blocked = tail >= 0 && head >= 0 && users[tail].every((k) => userAt[k] !== head || flow[k] === BLOCKED);
    const line = svgElement("path", { class: blocked ? "edge blocked" : "edge", d: curves[n], "marker-end": "url(#arrow)" });
    scene.append(line);
    if (head >= 0 && tail >= 0 && ORDERED.includes(sign(head)) && begin[head + 1] - begin[head] === 2
        && operandAt[begin[head] + 1] === tail && operandAt[begin[head]] !== tail) {
      const [x, y] = curves[n].split("L").pop().split(" ").map(Number);
      scene.append(svgElement("text", { class: "quiet number", x: x - 14, y: y + (y < places[to][1] ? -6 : 13) }, "2nd"));
    }
    return { line, from, to };
  });
  shownItems = items.map(([node, opens, title, outside, exit], j) => {
    const item = { node, opens, title, outside, numbersOf: node >= 0 ? node : exit, place: places[j] };
    drawItem(item, j);
    item.group.addEventListener("click", () => travelled > 4 || choose(item));
    item.group.addEventListener("pointermove", () => hover(item)); // not where a picture opens under a pointer at rest
    item.group.addEventListener("pointerleave", () => hover(null));
    item.group.addEventListener("focus", () => {
      describe(item);
      if (item.group.matches(":focus-visible")) reveal(item);
    });
    scene.append(item.group);
    return item;
  });
  shownItems[items.findIndex(([node]) => node === RESULT)]?.group.setAttribute("tabindex", 0);
  if (!scene.querySelector("[tabindex='0']")) shownItems[0].group.setAttribute("tabindex", 0);
}

function drawItem(item, j) {
  const [x, y, width, height] = item.place, left = x - width / 2, top = y - height / 2, i = item.node;
  const kind = i < 0 ? "box" : ruleOf[i] === CONSTANT ? "constant" : isLeaf(i) ? "leaf" : i === RESULT ? "result" : "operation";
  const group = svgElement("g", { class: `item ${kind}${item.outside ? " outside" : ""}`, tabindex: -1, role: "button" });
  const text = (className, dx, dy, content = "") => {
    const made = svgElement("text", { class: className, x: left + dx, y: top + dy, lengthAdjust: "spacingAndGlyphs" }, content);
    group.append(made);
    return made;
  };
  const shape = { x: left, y: top, width, height, rx: kind === "leaf" ? 11 : kind === "box" ? 6 : 2 };
  group.append(svgElement("rect", { ...shape, class: "inside" }));
  const letters = Math.floor((width - 16) / 6.4);
  const cut = (words) => (words.length > letters ? `${words.slice(0, letters - 1)}…` : words);
  if (kind === "constant") {
    item.data = text("number", width / 2, height / 2 + 3.5);
  } else {
    const head = i < 0 ? `▸ ${item.title}` : [sign(i), i === RESULT ? label(i) : nameOf(i)].filter(Boolean).join("   ");
    text("", width / 2, height < 40 ? height / 2 + 4 : 14, cut(head));
    if (item.numbersOf >= 0) {
      const line = kind === "box" ? 34 : 0;
      group.append(svgElement("line", { x1: left, x2: left + width, y1: top + 20, y2: top + 20 }));
      if (!line) group.append(svgElement("line", { x1: x, x2: x, y1: top + 20, y2: top + height }));
      item.data = text("number", line ? width / 2 : width / 4, 33);
      item.gradient = text("number", line ? width / 2 : 3 * width / 4, line ? 48 : 33);
    }
    item.difference = text("number difference", width / 2, height + 10);
  }
  group.append(svgElement("rect", { ...shape, class: "border" }));
  item.kind = kind;
  item.group = group;
  describe(item);
}

// Gives an item its name for screen readers, with its numbers as they are.
function describe(item) {
  const i = item.numbersOf;
  const parts = [item.node < 0 ? `open ${item.title}` : [sign(i), nameOf(i)].filter(Boolean).join(" ")];
  const within = item.node < 0 ? graph.views[item.opens][3][0][0] : item.node;
  if (within >= 0) parts.push(placeOf(within));
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
    write(item.data, hasData ? `data ${short(data[i])}` : "data");
    write(item.gradient, hasGradient ? `grad ${short(gradients[i])}` : "grad");
    item.group.classList.toggle("pending", !hasData);
  }
}

// Writes a number into a half of a node, squeezed if it has as many signs as a number can have.
function write(text, content) {
  setText(text, content);
  if (content.length > 13) text.setAttribute("textLength", 66);
  else text.removeAttribute("textLength");
}

// Returns the view's item that shows a node, or holds it; undefined if the view does not show it.
function itemOf(node) {
  const shown = shownItems.find((item) => item.node === node);
  if (shown) return shown;
  for (let view = graph.homes[node]; view >= 0; view = graph.views[view][1]) {
    const box = shownItems.find((item) => item.node < 0 && item.opens === view);
    if (box) return box;
  }
  return undefined;
}

// Lights the nodes and the places given, and marks the node at hand and the selected one.
function lightPicture({ nodes = new Set(), places = new Set(), atHand = -1, selected = -1 }) {
  const itemAt = new Map();
  const find = (i) => {
    if (!itemAt.has(i)) itemAt.set(i, itemOf(i));
    return itemAt.get(i);
  };
  const lit = new Set([...nodes].map(find));
  const joined = new Set([...places].map((k) => `${shownItems.indexOf(find(operandAt[k]))} ${shownItems.indexOf(find(userAt[k]))}`));
  const hand = atHand >= 0 ? find(atHand) : undefined, chosen = selected >= 0 ? find(selected) : undefined;
  for (const item of shownItems) {
    item.group.classList.toggle("lit", lit.has(item));
    item.group.classList.toggle("at-hand", item === hand);
    item.group.classList.toggle("selected", item === chosen);
    item.group.setAttribute("aria-pressed", item === chosen);
  }
  for (const { line, from, to } of shownEdges) line.classList.toggle("lit", joined.has(`${from} ${to}`));
}

// Moving about. The scene is scaled by `zoom` and then moved by `shift`.

let zoom = 1, shift = [0, 0], fitted = true;

function place() {
  scene.setAttribute("transform", `translate(${shift[0]} ${shift[1]}) scale(${zoom})`);
}

const READABLE = 0.8; // at which the numbers can be read

// Shows the whole picture; not smaller than `least`, where it shows as much of it around `item` as there is room for.
function fitPicture(least = 0.02, item = shownItems[0]) {
  const room = [picture.clientWidth, picture.clientHeight], margin = 12;
  fitted = true;
  zoom = Math.max(least, Math.min(2, (room[0] - 2 * margin) / size[0], (room[1] - 3 * margin) / size[1]));
  shift = room.map((length, axis) => {
    const extent = zoom * size[axis], least = length - extent - margin;
    return least >= margin ? (length - extent) / 2 : Math.min(margin, Math.max(least, length / 2 - zoom * item.place[axis]));
  });
  place();
}

function zoomBy(factor, x = picture.clientWidth / 2, y = picture.clientHeight / 2) {
  const next = Math.min(8, Math.max(0.05, zoom * factor));
  shift = [x - (x - shift[0]) * next / zoom, y - (y - shift[1]) * next / zoom];
  zoom = next;
  fitted = false;
  place();
}

function moveBy(dx, dy) {
  shift = [shift[0] + dx, shift[1] + dy];
  fitted = false;
  place();
}

// Brings an item into the window if it is not.
function reveal(item) {
  const margin = 20, [x, y, width, height] = item.place;
  const inside = (low, high, room) => (low < margin ? margin - low : high > room - margin ? room - margin - high : 0);
  const left = shift[0] + zoom * (x - width / 2), top = shift[1] + zoom * (y - height / 2);
  const dx = inside(left, left + zoom * width, picture.clientWidth);
  const dy = inside(top, top + zoom * height, picture.clientHeight);
  if (dx || dy) moveBy(dx, dy);
}

// Returns the item that is nearest in a direction, "ArrowLeft" and the like: along an edge if one leads there.
function neighbour(item, key) {
  const here = shownItems.indexOf(item), [x, y] = item.place;
  const linked = shownEdges.flatMap(({ from, to }) => (to === here && key === "ArrowLeft" ? [from]
    : from === here && key === "ArrowRight" ? [to] : []));
  const wanted = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const candidates = linked.length ? linked.map((j) => shownItems[j]) : shownItems;
  let best, least = Infinity;
  for (const other of candidates) {
    const dx = other.place[0] - x, dy = other.place[1] - y;
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
