// The graph as columns, and what is computed from it: data, local derivatives, gradients, finite differences, paths.
// RULES are the engine's own, written in JavaScript: each computes a node's data and its local derivatives.

const graph = JSON.parse(document.getElementById("graph").textContent);
const CONSTANT = -2;
const COUNT = graph.nodes.length, RESULT = COUNT - 1;
const ruleOf = Int32Array.from(graph.nodes, ([rule]) => rule);
const start = Float64Array.from(graph.nodes, ([, , number]) => Number(number));

// The operands of node i, and the local derivatives by them, have the places begin[i] to begin[i + 1].
const begin = new Int32Array(COUNT + 1);
graph.nodes.forEach(([, , , operands], i) => { begin[i + 1] = begin[i] + operands.length; });
const operandAt = Int32Array.from(graph.nodes.flatMap(([, , , operands]) => operands));
const userAt = new Int32Array(operandAt.length);
const users = Array.from({ length: COUNT }, () => []); // of each node, the places where it is an operand
for (let i = 0; i < COUNT; i++) {
  for (let k = begin[i]; k < begin[i + 1]; k++) {
    userAt[k] = i;
    users[operandAt[k]].push(k);
  }
}

// Whether a gradient flows through a place, and whether a slope of 0 there stops it, be it infinite.
const BLOCKED = 0, STOPPED_BY_0 = 2;
const flow = Uint8Array.from(operandAt, (operand, k) => {
  const [, , , reached, stops] = graph.rules[ruleOf[userAt[k]]], j = k - begin[userAt[k]];
  return !reached[j] || ruleOf[operand] === CONSTANT ? BLOCKED : stops[j] ? STOPPED_BY_0 : 1;
});

const data = start.slice(), slopes = new Float64Array(operandAt.length), gradients = new Float64Array(COUNT);

// The nodes that the chain rule goes through, from the result on.
const reached = new Uint8Array(COUNT);
reached[RESULT] = 1;
const backwardOrder = [];
for (let i = RESULT; i >= 0; i--) {
  if (!reached[i]) continue;
  let goesOn = false;
  for (let k = begin[i]; k < begin[i + 1]; k++) {
    if (flow[k] !== BLOCKED) goesOn = reached[operandAt[k]] = 1;
  }
  if (goesOn) backwardOrder.push(i);
}

function forward() {
  for (let i = 0; i < COUNT; i++) {
    if (ruleOf[i] >= 0) RULES[ruleOf[i]](data, slopes, operandAt, i, begin[i]);
  }
}

// Computes the gradients as far as the first so many nodes of the chain rule bring them.
function backward(count = backwardOrder.length) {
  gradients.fill(0);
  gradients[RESULT] = 1;
  for (let n = 0; n < count; n++) {
    const i = backwardOrder[n];
    for (let k = begin[i]; k < begin[i + 1]; k++) {
      if (flow[k] === BLOCKED || (flow[k] === STOPPED_BY_0 && slopes[k] === 0)) continue;
      gradients[operandAt[k]] += gradients[i] * slopes[k];
    }
  }
}

const dependents = new Map();

// Returns the nodes whose data change with node i, in topological order.
function dependentsOf(i) {
  if (!dependents.has(i)) {
    const found = new Set([i]);
    for (const j of found) {
      for (const k of users[j]) found.add(userAt[k]);
    }
    found.delete(i);
    dependents.set(i, Int32Array.from(found).sort());
  }
  return dependents.get(i);
}

const trialData = new Float64Array(COUNT), trialSlopes = new Float64Array(operandAt.length);
const CUBE_ROOT_OF_EPSILON = Math.cbrt(Number.EPSILON);

// Compares the gradient of node i with (L(x + h) - L(x - h)) / 2h, the finite difference by its number x. The verdict is
// "agrees", "differs", "kink" (the slopes below and above are not one, however small the step) or "undecided".
function finiteDifference(i) {
  const x = data[i], h = CUBE_ROOT_OF_EPSILON * Math.max(1, Math.abs(x));
  const resultAt = (moved) => {
    trialData[i] = moved;
    for (const j of dependentsOf(i)) RULES[ruleOf[j]](trialData, trialSlopes, operandAt, j, begin[j]);
    return trialData[RESULT];
  };
  trialData.set(data);
  const slope = (from, to) => (resultAt(to) - resultAt(from)) / (to - from);
  const difference = slope(x - h, x + h), below = slope(x - h, x), above = slope(x, x + h);
  const rounding = 1e-9 * Math.max(1, Math.abs(data[RESULT])), bend = Math.abs(above - below);
  const kinked = bend > 10 * rounding && Math.abs(slope(x, x + h / 8) - slope(x - h / 8, x)) > bend / 2;
  const size = Math.max(Math.abs(difference), Math.abs(gradients[i]));
  const near = Math.abs(difference - gradients[i]) <= 1e-5 * size + rounding;
  const verdict = !Number.isFinite(bend) ? "undecided" : kinked ? "kink" : near ? "agrees" : "differs";
  return { h, difference, below, above, verdict };
}

// Returns the places between node i and the result that a gradient flows through, the number of paths along them, and
// the first so many paths, each as its places and the product of the local derivatives at them.
function pathsFrom(i, most) {
  const onWay = (k) => flow[k] !== BLOCKED && reached[userAt[k]];
  const places = new Set(), seen = new Set([i]);
  for (const j of seen) {
    for (const k of users[j].filter(onWay)) {
      places.add(k);
      seen.add(userAt[k]);
    }
  }
  const counts = new Map([[RESULT, 1]]);
  for (const j of [...seen].sort((a, b) => b - a)) {
    if (j !== RESULT) counts.set(j, users[j].filter(onWay).reduce((sum, k) => sum + counts.get(userAt[k]), 0));
  }
  const paths = [], waiting = [{ node: i, taken: [], product: 1 }];
  while (waiting.length && paths.length < most) {
    const { node, taken, product } = waiting.pop();
    if (node === RESULT) paths.push({ places: taken, product });
    for (const k of users[node].filter(onWay).reverse()) {
      waiting.push({ node: userAt[k], taken: [...taken, k], product: product * slopes[k] });
    }
  }
  return { places, nodes: seen, count: reached[i] ? counts.get(i) : 0, paths };
}
