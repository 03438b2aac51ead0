// The steps: the leaves alone, the forward pass in topological order, the backward pass in reverse, and all.

const forwardOrder = [...ruleOf.keys()].filter((i) => ruleOf[i] >= 0);
const FORWARD = forwardOrder.length;
const LAST_STEP = FORWARD + 1 + backwardOrder.length + 1;
const forwardStep = new Map(forwardOrder.map((i, n) => [i, n + 1]));

// What a step does: { phase, node }. The phases are "leaves", "forward", "seed", "backward", and "all" at the end.
function stepAt(n) {
  if (n === 0) return { phase: "leaves", node: -1 };
  if (n <= FORWARD) return { phase: "forward", node: forwardOrder[n - 1] };
  if (n === LAST_STEP) return { phase: "all", node: -1 };
  if (n === FORWARD + 1) return { phase: "seed", node: RESULT };
  return { phase: "backward", node: backwardOrder[n - FORWARD - 2] };
}

// How many nodes the chain rule has gone through after a step.
const backwardCount = (n) => Math.min(backwardOrder.length, Math.max(0, n - FORWARD - 1));

// Returns a function that tells whether the data and the gradient of a node are known after a step.
function knownAfter(n) {
  if (n === LAST_STEP) return () => ({ hasData: true, hasGradient: true });
  const touched = new Set(n > FORWARD ? [RESULT] : []);
  for (const i of backwardOrder.slice(0, backwardCount(n))) {
    for (const k of edgesTo(i)) if (flow[k] !== BLOCKED) touched.add(operandOf[k]);
  }
  return (i) => ({ hasData: isLeaf(i) || forwardStep.get(i) <= n, hasGradient: touched.has(i) });
}

function stepText(n) {
  const { phase, node } = stepAt(n);
  const what = {
    leaves: "the leaves, before anything is computed",
    forward: `forward: ${nameOf(node)} is computed`,
    seed: `backward begins: ${total(graph.result)} = 1`,
    all: "everything is computed",
    backward: `backward: ${nameOf(node)} passes its gradient to its operands`,
  }[phase];
  return `Step ${n} of ${LAST_STEP}: ${what}`;
}
