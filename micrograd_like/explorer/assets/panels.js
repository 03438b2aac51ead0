// The panels beside the picture: the chain rule at a node spelt out, its paths to the result, the leaves to move.

const MOST_SHOWN = 24; // operands: more are no longer read
const DIGITS = 6; // of the numbers in a formula
const FIXED_CHOICE = "The side was chosen in Python, when the graph was recorded: it stays, however the numbers move.";

const line = (...parts) => element("p", { class: "formula" }, ...parts);
const note = (text) => element("p", { class: "note" }, text);
const strong = (text) => element("b", {}, text);
const partial = (of, by) => `∂${of}/∂${by}`; // of one operation by one operand, the others held
const d = (name) => (/^[a-z]\d*$/i.test(name) ? `d${name}` : `d ${name}`);
const total = (by) => `${d(graph.result)}/${d(by)}`; // along all paths
const written = (x) => short(x, DIGITS);
const factor = (x) => (x < 0 ? `(${written(x)})` : written(x));
// What stands between numbers that are written so short and what comes of them.
const equals = (...numbers) => (numbers.every((x) => Number(x.toPrecision(DIGITS)) === x) ? " = " : " ≈ ");

// Spells out a node: its formula with its numbers, and for each operand the local derivative and what is passed to it.
// `phase` is that of the step at hand, or "all" where the gradient is known; in "backward" the gradients were `before`.
function explainNode(i, phase, before) {
  const name = nameOf(i), gradient = line(`grad ${name} = ${total(name)} = `, strong(exact(gradients[i])));
  if (ruleOf[i] === CONSTANT) return [line("a plain number: ", strong(exact(data[i])))];
  if (isLeaf(i)) {
    const given = line(`${name} = `, strong(exact(data[i])));
    return phase === "all" ? [given, gradient, note("A leaf: its grad is the sum of what the nodes that use it pass to it.")] : [given];
  }
  const parts = forwardLines(i);
  if (phase !== "forward") parts.push(gradient);
  if (phase === "seed") return [...parts, note("Here the backward pass begins.")];
  const flowing = edgesTo(i).filter((k) => flow[k] !== BLOCKED), sums = before?.slice();
  parts.push(...flowing.slice(0, MOST_SHOWN).map((k) => operandPart(k, phase, sums)));
  if (flowing.length > MOST_SHOWN) parts.push(note(`and ${flowing.length - MOST_SHOWN} more operands`));
  if (!flowing.length) parts.push(note("No gradient goes further: its operands are plain numbers, or a side not chosen."));
  if (sign(i) === "where" && edgesTo(i).length === 2) parts.push(note(FIXED_CHOICE));
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
  const read = (of) => (formula ? formulaText(formula, (name) => of(operandCalled(name, i))) : called(of));
  const numbers = read((o) => written(data[o])), isKnown = numbers === written(data[i]) || numbers === exact(data[i]);
  return [
    line(`${nameOf(i)} = ${read(nameOf)}`),
    line(...(isKnown ? ["= "] : [`= ${numbers}${equals(...operands.map((o) => data[o]))}`]), strong(exact(data[i]))),
  ];
}

// Spells out what is passed along an edge; to `sums`, the gradients before this step, it is added on the way.
function operandPart(k, phase, sums) {
  const i = userOf[k], o = operandOf[k], name = nameOf(i), to = nameOf(o), formula = rules[ruleOf[i]].slopes[k - begin[i]];
  const again = edgesTo(i).filter((other) => operandOf[other] === o).length > 1; // the same operand twice, as in x·x
  const by = partial(name, again ? `(operand ${k - begin[i] + 1})` : to);
  const title = [to, nodes[o].caption && `(${nodes[o].caption})`, again && `as operand ${k - begin[i] + 1}`];
  const read = (of) => formulaText(formula, (letter) => of(operandCalled(letter, i)));
  const known = ["", written(slopes[k])]; // what need not be said before the number itself
  const used = [...formula.matchAll(NAMES)].map(([letter]) => data[operandCalled(letter, i)]);
  const said = [...new Set([read(nameOf), read((node) => written(data[node]))])].filter((text) => !known.includes(text));
  const lines = [
    element("h3", {}, title.filter(Boolean).join(" ")),
    line(`local derivative ${by} = ${said.join(" = ")}${said.length ? equals(...used, slopes[k]) : ""}`, strong(written(slopes[k]))),
  ];
  if (phase !== "forward") {
    const product = flow[k] === STOPPED_BY_0 && slopes[k] === 0 ? 0 : gradients[i] * slopes[k];
    lines.push(line(`grad ${name} · ${by} = ${factor(gradients[i])} · ${factor(slopes[k])}`
      + (Math.abs(slopes[k]) === 1 ? " = " : equals(gradients[i], slopes[k], product)), strong(written(product))));
    if (phase === "backward") {
      const sum = sums[o] + product;
      lines.push(line(`added to grad ${to}: ${written(sums[o])} + ${factor(product)}${sums[o] === 0 ? " = " : equals(sums[o], product, sum)}`, strong(written(sum))));
      sums[o] = sum;
    }
  }
  return element("div", { class: "operand" }, ...lines);
}

// What is read before anything is selected.
function introduction() {
  const result = graph.result;
  return [
    element("p", {}, `The grad of a node v is ${d(result)}/dv, the derivative of ${result} by it, and 1 at ${result} itself. From `
      + "there, back to the leaves, each node v passes to each of its operands o its own grad times its local derivative, ∂v/∂o, "
      + "and what an operand gets from several nodes is added: that is the chain rule."),
    note("Press ⏮ and then Play to see it happen, node by node. Select a node to see what it does. Move the numbers below."),
    note("Round: a leaf. Square: an operation. Thick: the result. Small: a plain number. Dashed line: no gradient goes here. "
      + "“2nd”: the second operand. ▸ opens."),
  ];
}

// Whether the recorded numbers are others than those computed from the leaves: those that the leaves have since got, or
// what a rule that draws at random, or looks at more than its operands, made of them.
const STALE = "Computed anew from the leaves, which gives other numbers than those that were recorded in Python.";
forward();
const stale = nodes.some(({ number }, i) => !isLeaf(i) && Math.abs(data[i] - number) > 1e-9 * Math.max(Math.abs(number), 1e-300));

// What the reader must know of the numbers as they are, "" if all is well.
function noticeText() {
  const chosen = ruleOf.reduce((sum, rule, i) => sum + (rule >= 0 && rules[rule].sign === "where" && begin[i + 1] - begin[i] === 2), 0);
  const told = chosen ? [`${counted(chosen, "choice")} (where) made when this graph was recorded: not made again when numbers move.`] : [];
  if (stale) told.push(STALE);
  if (!Number.isFinite(data[RESULT])) {
    const first = data.findIndex((x, i) => !Number.isFinite(x) && edgesTo(i).every((k) => Number.isFinite(data[operandOf[k]])));
    const how = isLeaf(first) ? "" : ` = ${forwardLines(first)[1].textContent.slice(2).replace(/ [=≈] [^=≈]*$/, "")}`;
    told.push(`${nameOf(first)}${how} is ${exact(data[first])}, and with it ${graph.result} is no finite number.`);
  }
  return told.join(" ");
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
  const marked = (k) => { // the same operand twice, as in x·x
    const again = edgesTo(userOf[k]).filter((other) => operandOf[other] === operandOf[k]).length > 1;
    return again ? ` (operand ${k - begin[userOf[k]] + 1})` : "";
  };
  const along = (edges) => [nameOf(i), ...edges.map((k) => `${marked(k)} → ${nameOf(userOf[k])}`)].join("");
  setText(byId("paths-title"), `Paths from ${nameOf(i)} to ${graph.result}`);
  const list = element("ol", {}, ...paths.filter(({ edges }) => edges.length <= MOST_SHOWN).map(({ edges, product }) => element("li", { class: "formula" },
    `${along(edges)}: `, edges.map((k) => factor(slopes[k])).join(" · "), equals(...edges.map((k) => slopes[k]), product), strong(written(product)))));
  const parts = [list];
  if (count > list.children.length) parts.push(note(`and ${short(count - list.children.length)} more paths`));
  parts.push(line(count === 0 ? "no path: the gradient is " : count === 1 ? "the gradient: " : "their sum, the gradient: ",
    strong(written(gradients[i]))));
  byId("paths").replaceChildren(...parts);
}

// The leaves of the view: a slider and a number field each.
let rows = [];

function showLeaves(view, trained, moved) {
  const shown = leavesIn(view).sort((a, b) => (ruleOf[a] === CONSTANT) - (ruleOf[b] === CONSTANT)
    || nodes[a].caption.localeCompare(nodes[b].caption, "en", { numeric: true }) || a - b); // as in the formula
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
  const constant = ruleOf[i] === CONSTANT;
  const name = constant ? `${short(start[i])} in ${nameOf(userOf[edgesFrom[i][0]])}` : nameOf(i);
  const told = [name, nodes[i].caption].filter(Boolean).join(", ");
  const middle = Number.isFinite(start[i]) ? start[i] : 0, reach = Math.min(Math.max(1, 2 * Math.abs(middle)), 1e308 - Math.abs(middle) / 2);
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
    const fine = Number.isFinite(field.valueAsNumber);
    field.setAttribute("aria-invalid", !fine);
    if (fine) set(field.valueAsNumber);
  });
  field.addEventListener("focus", () => {
    showNumber(field, data[i], String);
    field.select();
  });
  field.addEventListener("blur", () => {
    field.setAttribute("aria-invalid", false);
    showNumber(field, data[i]);
  });
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
