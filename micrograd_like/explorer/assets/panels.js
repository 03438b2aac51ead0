// The panels beside the picture: the chain rule at a node spelt out, its paths to the result, the leaves to move.

const MOST_SHOWN = 24; // operands: more are no longer read
const END = "No gradient goes further: its operands are plain numbers, or a side not chosen.";
const FIXED_CHOICE = "The side was chosen in Python, when the graph was recorded: it stays, however the numbers move.";

const line = (...parts) => element("p", { class: "formula" }, ...parts);
const strong = (text) => element("b", {}, text);
const partial = (of, by) => `∂${of}/∂${by}`;

// Spells out a node: its formula with its numbers, and for each operand the local derivative and what it receives.
// `phase` is that of the step at hand, or "all" where everything is computed.
function explainNode(i, phase, withDifference) {
  const parts = [];
  const name = nameOf(i), result = graph.result;
  if (isLeaf(i)) {
    const constant = ruleOf[i] === CONSTANT;
    parts.push(line(constant ? "a plain number: " : `${name} = `, strong(exact(data[i]))));
    if (!constant && phase === "all") {
      parts.push(line(`${partial(result, name)} = `, strong(exact(gradients[i]))));
      parts.push(element("p", { class: "note" }, "a leaf: the sum of what the nodes that use it have passed to it"));
    }
  } else {
    parts.push(...forwardLines(i));
    if (phase !== "forward") {
      parts.push(line(i === RESULT ? "its gradient is 1: " : "incoming gradient ", `${partial(result, name)} = `,
        strong(exact(gradients[i]))));
    }
    if (phase !== "seed") parts.push(...operandParts(i, phase));
    if (sign(i) === "where" && begin[i + 1] - begin[i] === 2) parts.push(element("p", { class: "note" }, FIXED_CHOICE));
  }
  if (withDifference && phase === "all" && ruleOf[i] !== CONSTANT) parts.push(differenceLine(i));
  return parts;
}

// Returns the operand of node i that a rule calls a to d, or x0, x1, …; y is the node itself.
function operandCalled(name, i) {
  if (name === "y") return i;
  return operandOf[begin[i] + (name.startsWith("x") ? Number(name.slice(1)) : "abcd".indexOf(name))];
}

function forwardLines(i) {
  const { sign: symbol, formula } = rules[ruleOf[i]], operands = edgesTo(i).map((k) => operandOf[k]);
  const called = (of) => {
    const shown = operands.slice(0, MOST_SHOWN).map(of);
    return `${symbol}(${shown.join(", ")}${operands.length > shown.length ? ", …" : ""})`;
  };
  const written = (of) => (formula ? formulaText(formula, (name) => of(operandCalled(name, i))) : called(of));
  return [
    line(`${nameOf(i)} = ${written(nameOf)}`),
    line(`= ${written((o) => short(data[o]))} = `, strong(exact(data[i]))),
  ];
}

function operandParts(i, phase) {
  const parts = [], name = nameOf(i), result = graph.result;
  const flowing = edgesTo(i).filter((k) => flow[k] !== BLOCKED);
  for (const k of flowing.slice(0, MOST_SHOWN)) {
    const o = operandOf[k], formula = rules[ruleOf[i]].slopes[k - begin[i]];
    const read = (of) => formulaText(formula, (letter) => of(operandCalled(letter, i)));
    const known = ["", short(slopes[k]), short(slopes[k], 6)]; // what need not be said before the number itself
    const said = new Set([read(nameOf), read((node) => short(data[node]))].filter((text) => !known.includes(text)));
    const local = [...said].map((text) => `${text} = `);
    const lines = [
      element("h3", {}, `to ${nameOf(o)}`),
      line(`local derivative ${partial(name, nameOf(o))} = `, ...local, strong(short(slopes[k], 6))),
    ];
    if (phase !== "forward") {
      const stopped = flow[k] === STOPPED_BY_0 && slopes[k] === 0;
      const product = stopped ? 0 : gradients[i] * slopes[k];
      lines.push(line(`${partial(result, nameOf(o))} += ${partial(result, name)} · ${partial(name, nameOf(o))} = `
        + `${short(gradients[i], 6)} · ${short(slopes[k], 6)} = `, strong(short(product, 6))));
      if (phase === "backward") lines.push(line(`so far ${partial(result, nameOf(o))} = `, strong(short(gradients[o], 6))));
    }
    parts.push(element("div", { class: "operand" }, ...lines));
  }
  if (flowing.length > MOST_SHOWN) parts.push(element("p", { class: "note" }, `and ${flowing.length - MOST_SHOWN} more operands`));
  if (!flowing.length) parts.push(element("p", { class: "note" }, END));
  return parts;
}

function differenceLine(i) {
  const { h, difference, below, above, verdict } = finiteDifference(i), name = nameOf(i), result = graph.result;
  const told = {
    agrees: `${short(difference, 8)} ✓ agrees`,
    differs: `${short(difference, 8)} ≠ differs: a kink nearby, or too steep for this step`,
    kink: `${short(difference, 8)} ≠ a kink: the slope is ${short(below)} below and ${short(above)} above`,
    undecided: "cannot be told: the result is not a finite number here",
  }[verdict];
  return line(`finite difference: (${result}(${name} + h) − ${result}(${name} − h)) / 2h, h = ${short(h)}: `,
    element("span", { class: verdict }, told));
}

// Lists the paths from a node to the result, with the product of the local derivatives along each.
function showPaths(i, { count, paths }) {
  const along = (edges) => [nameOf(i), ...edges.map((k) => nameOf(userOf[k]))].join(" → ");
  setText(byId("paths-title"), `Paths from ${nameOf(i)} to ${graph.result}`);
  const list = element("ol", {}, ...paths.map(({ edges, product }) => element("li", { class: "formula" },
    `${along(edges)}: `, `${edges.map((k) => short(slopes[k])).join(" · ") || "1"} = `, strong(short(product, 6)))));
  const parts = [list];
  if (count > paths.length) parts.push(element("p", { class: "note" }, `and ${count - paths.length} more paths`));
  parts.push(line(count === 0 ? "no path: the gradient is " : count === 1 ? "the gradient: " : "their sum, the gradient: ",
    strong(short(gradients[i], 6))));
  byId("paths").replaceChildren(...parts);
}

// The leaves of the view: a slider and a number field each.
let rows = [];

function showLeaves(view, trained, moved) {
  const shown = leavesIn(view).sort((a, b) => (ruleOf[a] === CONSTANT) - (ruleOf[b] === CONSTANT)
    || nodes[a].caption.localeCompare(nodes[b].caption, "en", { numeric: true }) || b - a); // as in the formula
  rows = shown.map((i) => leafRow(i, trained, moved));
  const headed = rows.flatMap(({ i, row }, n) => (nodes[i].caption && (n === 0 || nodes[i].caption !== nodes[shown[n - 1]].caption)
    ? [element("h3", {}, nodes[i].caption), row] : [row]));
  byId("leaves").replaceChildren(...headed);
  const all = COUNT - FORWARD, here = shown.length ? `The ${shown.length} of this picture` : "None in this picture";
  setText(byId("leaves-note"), shown.length === all ? "" : `${here}; ${all} in all: open the boxes.`);
}

// Returns the leaves that a view shows, with those in its boxes that hold nothing else.
function leavesIn(view) {
  const found = new Set();
  for (const { node, opens } of views[view].items) {
    if (node >= 0 && isLeaf(node)) found.add(node);
    const inside = opens >= 0 && views[opens].parent === view ? views[opens].items : [];
    if (inside.every((item) => item.node >= 0 && isLeaf(item.node))) for (const item of inside) found.add(item.node);
  }
  return [...found];
}

function leafRow(i, trained, moved) {
  const constant = ruleOf[i] === CONSTANT, name = constant ? short(start[i]) : nameOf(i);
  const told = [constant ? `the number ${name}` : name, nodes[i].caption].filter(Boolean).join(", ");
  const middle = Number.isFinite(start[i]) ? start[i] : 0, reach = Math.max(1, 2 * Math.abs(middle));
  const slider = element("input", { type: "range", step: "any", min: middle - reach, max: middle + reach, "aria-label": `${told}, slider` });
  const field = element("input", { type: "number", step: "any", "aria-label": told });
  const back = element("button", { type: "button", "aria-label": `Reset ${told}`, title: `back to ${exact(start[i])}` }, "↺");
  const gradient = element("span"), difference = element("span");
  const under = element("div", { class: "under" }, gradient, difference);
  const row = element("div", { class: "leaf-row" }, element("span", { class: "name", title: name }, name), slider, field, back);
  if (!constant) {
    const box = element("input", { type: "checkbox", "aria-label": `train ${told}` });
    box.checked = trained.has(i);
    box.addEventListener("change", () => {
      trained[box.checked ? "add" : "delete"](i);
      moved();
    });
    under.append(element("label", {}, box, " train"));
    row.append(under);
  }
  const set = (x) => {
    data[i] = x;
    moved();
  };
  slider.addEventListener("input", () => set(Number(slider.value)));
  field.addEventListener("input", () => {
    if (field.value !== "" && Number.isFinite(field.valueAsNumber)) set(field.valueAsNumber);
  });
  field.addEventListener("focus", () => showNumber(field, data[i], String));
  field.addEventListener("blur", () => showNumber(field, data[i]));
  back.addEventListener("click", () => set(start[i]));
  return { i, row, slider, field, gradient, difference, constant };
}

// Shows a number in a field, which holds finite ones only; there is room for six digits and an exponent.
function showNumber(field, x, write = (number) => String(Number(number.toPrecision(6)))) {
  const text = Number.isFinite(x) ? write(x) : "";
  if (field.value !== text) field.value = text;
  field.placeholder = text ? "" : short(x);
}

function updateRow({ i, slider, field, gradient, constant }, { hasGradient }) {
  const x = data[i];
  if (Number.isFinite(x)) {
    if (x < Number(slider.min)) slider.min = x;
    if (x > Number(slider.max)) slider.max = x;
    if (slider.valueAsNumber !== x) slider.value = x;
  }
  if (document.activeElement !== field) showNumber(field, x);
  if (!constant) setText(gradient, hasGradient ? `grad ${short(gradients[i], 6)}` : "grad");
}
