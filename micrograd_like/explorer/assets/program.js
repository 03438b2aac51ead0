// The graph as columns, and what is computed from it: data, local derivatives, gradients, finite differences, paths.
// RULES are the engine's own, written in JavaScript: each computes a node's data and its local derivatives.

const graph = JSON.parse(document.getElementById("graph").textContent);
const nodes = graph.nodes.map(([rule, label, number, operands, caption]) => (
  { rule, label, number: Number(number), operands, caption: graph.captions[caption] })); // of a leaf: "layer 1, neuron 2"
const rules = graph.rules.map(([sign, formula, slopes, ordered, reached, stops]) => (
  { sign, formula, slopes, ordered, reached, stops }));
const views = graph.views.map(([title, parent, layout, items, edges]) => (
  { title, parent, layout: graph.layouts[layout], edges, items: items.map(([node, opens, text, outside, exit]) => (
    { node, opens, title: text, outside, exit })) }));

const CONSTANT = -2; // what stands in the place of a rule for a plain number; -1 is a leaf
const COUNT = nodes.length, RESULT = COUNT - 1;
const ruleOf = Int32Array.from(nodes, ({ rule }) => rule);

// An edge leads from an operand to its user. Those of node i have the numbers begin[i] to begin[i + 1].
const begin = new Int32Array(COUNT + 1);
nodes.forEach(({ operands }, i) => { begin[i + 1] = begin[i] + operands.length; });
const operandOf = Int32Array.from(nodes.flatMap(({ operands }) => operands));
const userOf = new Int32Array(operandOf.length);
const edgesFrom = Array.from({ length: COUNT }, () => []); // each node, to its users
const edgesTo = (i) => Array.from({ length: begin[i + 1] - begin[i] }, (_, j) => begin[i] + j);
for (let i = 0; i < COUNT; i++) {
  for (const k of edgesTo(i)) {
    userOf[k] = i;
    edgesFrom[operandOf[k]].push(k);
  }
}

// Whether a gradient flows along an edge, and whether a slope of 0 stops it, be it infinite.
const BLOCKED = 0, FLOWS = 1, STOPPED_BY_0 = 2;
const flow = Uint8Array.from(operandOf, (operand, k) => {
  const { reached, stops } = rules[ruleOf[userOf[k]]], j = k - begin[userOf[k]];
  return !reached[j] || ruleOf[operand] === CONSTANT ? BLOCKED : stops[j] ? STOPPED_BY_0 : FLOWS;
});

const start = Float64Array.from(nodes, ({ number }) => number);
const data = start.slice(), slopes = new Float64Array(operandOf.length), gradients = new Float64Array(COUNT);

// The nodes that the chain rule goes through, from the result on: in the engine's reverse topological order.
const hasGradient = new Uint8Array(COUNT);
hasGradient[RESULT] = 1;
const backwardOrder = graph.backward.filter((i) => {
  const flowing = hasGradient[i] ? edgesTo(i).filter((k) => flow[k] !== BLOCKED) : [];
  for (const k of flowing) hasGradient[operandOf[k]] = 1;
  return flowing.length > 0;
});

function forward() {
  for (let i = 0; i < COUNT; i++) {
    if (ruleOf[i] >= 0) RULES[ruleOf[i]](data, slopes, operandOf, i, begin[i]);
  }
}

const arrived = new Uint8Array(COUNT); // whether a gradient has come to a node

// Computes the gradients as far as the first so many nodes of the chain rule bring them, and returns them.
function backward(count = backwardOrder.length, into = gradients) {
  into.fill(0);
  into[RESULT] = 1;
  arrived.fill(0);
  arrived[RESULT] = 1;
  for (let n = 0; n < count; n++) {
    const i = backwardOrder[n];
    if (!arrived[i]) continue; // only sides not chosen lead here: nothing goes on, be the slope infinite
    for (let k = begin[i]; k < begin[i + 1]; k++) {
      if (flow[k] === BLOCKED || (flow[k] === STOPPED_BY_0 && slopes[k] === 0)) continue;
      into[operandOf[k]] += into[i] * slopes[k];
      arrived[operandOf[k]] = 1;
    }
  }
  return into;
}

const dependents = new Map();

// Returns the nodes whose data change with node i, in topological order.
function dependentsOf(i) {
  if (!dependents.has(i)) {
    const found = new Set([i]);
    for (const j of found) {
      for (const k of edgesFrom[j]) found.add(userOf[k]);
    }
    found.delete(i);
    dependents.set(i, Int32Array.from(found).sort());
  }
  return dependents.get(i);
}

const trialGradients = new Float64Array(COUNT);
const trialData = new Float64Array(COUNT), trialSlopes = new Float64Array(operandOf.length);
const CUBE_ROOT_OF_EPSILON = Math.cbrt(Number.EPSILON);

// Compares the gradient of node i with (L(x + h) - L(x - h)) / 2h, the finite difference by its number x, which is off by
// some 1e-10 of L where L is smooth. The verdict is "agrees", "differs", "kink" (the slopes below and above are not one,
// however small the step) or "undecided".
function finiteDifference(i) {
  const x = data[i], h = CUBE_ROOT_OF_EPSILON * Math.max(1, Math.abs(x));
  const resultAt = (moved) => {
    trialData[i] = moved;
    for (const j of dependentsOf(i)) RULES[ruleOf[j]](trialData, trialSlopes, operandOf, j, begin[j]);
    return trialData[RESULT];
  };
  trialData.set(data);
  const slope = (from, to) => (resultAt(to) - resultAt(from)) / (to - from);
  const difference = slope(x - h, x + h), below = slope(x - h, x), above = slope(x, x + h);
  const largest = Math.max(Math.abs(resultAt(x - h)), Math.abs(data[RESULT]), Math.abs(resultAt(x + h)));
  const rounding = 16 * Number.EPSILON * largest / h, bend = Math.abs(above - below); // what a few roundings of L come to
  const kinked = bend > 10 * rounding && Math.abs(slope(x, x + h / 8) - slope(x - h / 8, x)) > bend / 2;
  const size = Math.max(Math.abs(difference), Math.abs(gradients[i]));
  const near = Math.abs(difference - gradients[i]) <= 1e-5 * size + rounding;
  const verdict = !Number.isFinite(bend) || !Number.isFinite(gradients[i]) ? "undecided" : kinked ? "kink" : near ? "agrees" : "differs";
  const tidy = (slope) => (Math.abs(slope) < 1e-4 * bend ? 0 : slope); // the step itself bends a curve so much
  return { h, difference, below: tidy(below), above: tidy(above), verdict };
}

// Returns the edges and nodes between node i and the result that a gradient flows through, the number of paths along
// them, and the first so many paths, each as its edges and the product of the local derivatives from the result on.
function pathsFrom(i, most) {
  const onWay = (k) => flow[k] !== BLOCKED && hasGradient[userOf[k]];
  const edges = new Set(), seen = new Set([i]);
  for (const j of seen) {
    for (const k of edgesFrom[j].filter(onWay)) {
      edges.add(k);
      seen.add(userOf[k]);
    }
  }
  const counts = new Map([[RESULT, 1]]);
  for (const j of [...seen].sort((a, b) => b - a)) {
    if (j !== RESULT) counts.set(j, edgesFrom[j].filter(onWay).reduce((sum, k) => sum + counts.get(userOf[k]), 0));
  }
  const paths = [], waiting = [{ node: i }];
  while (waiting.length && paths.length < most) {
    const last = waiting.pop(), backwards = [];
    for (const k of edgesFrom[last.node].filter(onWay).reverse()) waiting.push({ node: userOf[k], k, before: last });
    if (last.node !== RESULT) continue;
    for (let step = last; step.before; step = step.before) backwards.push(step.k);
    const product = backwards.reduce((x, k) => (flow[k] === STOPPED_BY_0 && slopes[k] === 0 ? 0 : x * slopes[k]), 1);
    paths.push({ edges: backwards.reverse(), product });
  }
  return { edges, nodes: seen, count: hasGradient[i] ? counts.get(i) : 0, paths };
}
