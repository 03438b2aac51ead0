// The panels beside the picture: the chain rule at a node spelt out, its paths to the result, the leaves to move.

const MOST_SHOWN = 24;
const FIXED_CHOICE = "The side was chosen in Python, when the graph was recorded: it stays, however the numbers move.";

const line = (...parts) => element("p", { class: "formula" }, ...parts);
const strong = (text) => element("b", {}, text);
const partial = (of, by) => `∂${of}/∂${by}`;

// Spells out a node: its formula with its numbers, and for each operand the local derivative and what it receives.
// `phase` is that of the step at hand, or "all" where everything is computed.
function explainNode(i, phase, withDifference) {
  const parts = [];
  const name = nameOf(i), result = resultName();
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

function forwardLines(i) {
  const name = nameOf(i), [symbol, formula] = graph.rules[ruleOf[i]];
  const operands = [...operandAt.slice(begin[i], begin[i + 1])];
  const called = (write) => {
    const shown = operands.slice(0, MOST_SHOWN).map(write);
    return `${symbol}(${shown.join(", ")}${operands.length > shown.length ? ", …" : ""})`;
  };
  const write = (of) => (formula ? formulaText(formula, (letter) => of(operands["abcd".indexOf(letter)])) : called(of));
  if (symbol === "dot") return dotLines(i, operands);
  return [
    line(`${name} = ${write(nameOf)}`),
    line(`${" ".repeat(name.length)} = ${write((o) => short(data[o]))} = `, strong(exact(data[i]))),
  ];
}

// A dot's operands are the weights, the bias if there is one, the inputs.
function dotLines(i, operands) {
  const count = Math.floor(operands.length / 2), shown = Math.min(count, MOST_SHOWN);
  const written = (of) => {
    const factor = (o) => (of(o).startsWith("−") ? `(${of(o)})` : of(o));
    const inputs = operands.slice(operands.length - count);
    const products = Array.from({ length: shown }, (_, j) => `${factor(operands[j])}·${factor(inputs[j])}`);
    const bias = operands.length % 2 ? [of(operands[count])] : [];
    return [...bias, ...products].join(" + ") + (shown < count ? " + …" : "");
  };
  const name = nameOf(i);
  return [line(`${name} = ${written(nameOf)}`), line(`= ${written((o) => short(data[o]))} = `, strong(exact(data[i])))];
}

function operandParts(i, phase) {
  const parts = [], name = nameOf(i), result = resultName(), [, , slopeFormulas] = graph.rules[ruleOf[i]];
  const operands = [...operandAt.slice(begin[i], begin[i + 1])];
  const read = (letter, of) => (letter === "y" ? of(i) : of(operands["abcd".indexOf(letter)]));
  const flowing = operands.map((_, j) => begin[i] + j).filter((k) => flow[k] !== BLOCKED);
  for (const k of flowing.slice(0, MOST_SHOWN)) {
    const j = k - begin[i], o = operandAt[k], formula = slopeFormulas[j];
    const local = [`${partial(name, nameOf(o))} = `];
    if (formula) {
      const symbols = formulaText(formula, (letter) => read(letter, nameOf));
      const numbers = formulaText(formula, (letter) => read(letter, (node) => short(data[node])));
      const known = [short(slopes[k]), short(slopes[k], 6)];
      local.push(...new Set([symbols, numbers].filter((text) => !known.includes(text)).map((text) => `${text} = `)));
    } else if (sign(i) === "dot") {
      const count = Math.floor(operands.length / 2), other = j < count ? operands.length - count + j : j - (operands.length - count);
      if (operands.length % 2 === 0 || j !== count) local.push(`${nameOf(operands[other])} = `);
    }
    const lines = [element("h3", {}, `to ${nameOf(o)}`), line("local derivative ", ...local, strong(short(slopes[k], 6)))];
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
  if (!flowing.length) parts.push(element("p", { class: "note" }, "its operands are plain numbers: no gradient goes further"));
  return parts;
}

function differenceLine(i) {
  const { h, difference, below, above, verdict } = finiteDifference(i), name = nameOf(i), result = resultName();
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
  const names = (places) => [nameOf(i), ...places.map((k) => nameOf(userAt[k]))].join(" → ");
  setText(byId("paths-title"), `Paths from ${nameOf(i)} to ${resultName()}`);
  const list = element("ol", {}, ...paths.map(({ places, product }) => element("li", { class: "formula" },
    `${names(places)}: `, `${places.map((k) => short(slopes[k])).join(" · ") || "1"} = `, strong(short(product, 6)))));
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
    || placeOf(a).localeCompare(placeOf(b), "en", { numeric: true }) || b - a); // as in the formula
  rows = shown.map((i) => leafRow(i, trained, moved));
  const headed = rows.flatMap(({ i, row }, n) => (placeOf(i) && (n === 0 || placeOf(i) !== placeOf(shown[n - 1]))
    ? [element("h3", {}, placeOf(i)), row] : [row]));
  byId("leaves").replaceChildren(...headed);
  const all = COUNT - FORWARD, here = shown.length ? `The ${shown.length} of this picture` : "None in this picture";
  setText(byId("leaves-note"), shown.length === all ? "" : `${here}; ${all} in all: open the boxes.`);
}

// Returns the leaves that a view shows, with those in its boxes that hold nothing else.
function leavesIn(view) {
  const found = new Set();
  for (const [node, opens] of graph.views[view][3]) {
    if (node >= 0 && isLeaf(node)) found.add(node);
    const inside = opens >= 0 && graph.views[opens][1] === view ? graph.views[opens][3] : [];
    if (inside.every(([other]) => other >= 0 && isLeaf(other))) for (const [other] of inside) found.add(other);
  }
  return [...found];
}

function leafRow(i, trained, moved) {
  const constant = ruleOf[i] === CONSTANT, name = constant ? short(start[i]) : nameOf(i);
  const told = [constant ? `the number ${name}` : name, placeOf(i)].filter(Boolean).join(", ");
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
