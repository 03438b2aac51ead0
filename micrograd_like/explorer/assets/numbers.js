// How numbers, nodes and formulas read.

const label = (i) => nodes[i].label;
const isLeaf = (i) => ruleOf[i] < 0;
const sign = (i) => (isLeaf(i) ? "" : rules[ruleOf[i]].sign);

// Names for the nodes that have none: v1, v2, … in topological order, and those of plain numbers, which are themselves.
const names = (() => {
  let computed = 0, leaves = 0;
  return nodes.map(({ rule, label: text }) => text || (rule >= 0 ? `v${++computed}` : `leaf ${++leaves}`));
})();
const nameOf = (i) => (i === RESULT ? graph.result : ruleOf[i] === CONSTANT ? short(data[i]) : names[i]);

// Returns a number as Python's format(x, ".4g") does, but for the signs −, ∞, a 0 without one, and ties.
function short(x, digits = 4) {
  if (!Number.isFinite(x)) return exact(x);
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const tidy = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const power = Number(exponent);
  const text = power < -4 || power >= digits
    ? `${tidy(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
    : tidy(x.toPrecision(digits));
  return text.replaceAll("-", "−");
}

// Says how many there are: "1 leaf", "2 leaves".
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const exact = (x) => String(x).replaceAll("-", "−").replace("Infinity", "∞").replace("NaN", "nan");

const NAMES = /\b([a-dy]|x\d+)\b/g; // in the formula of a rule: y, and an operand a to d, or x0, x1, …

// Returns the formula of a rule as it stands in a book, with what `write` makes of each name.
function formulaText(formula, write) {
  const text = (/^where/.test(formula) ? `(${cases(formula)})` : formula).replaceAll("<=", "≤").replace(/\*\*2\b/g, "²").replaceAll("**", "^").replaceAll("*", "·").replaceAll("-", "−");
  return text.replace(NAMES, (name, _, at) => {
    const written = write(name), before = text.slice(0, at).trimEnd().at(-1), after = text.slice(at + name.length).trimStart().at(0);
    const tight = "+−·/^".includes(before ?? " ") || "²^".includes(after ?? " ");
    return written.startsWith("−") && tight ? `(${written})` : written;
  });
}

// Returns where(condition, p, q) in words.
function cases(text) {
  const parts = /^where\((.*)\)$/.exec(text);
  if (!parts) return text;
  const found = [""];
  let depth = 0;
  for (const c of parts[1]) {
    depth += (c === "(") - (c === ")");
    if (c === "," && depth === 0) found.push("");
    else found[found.length - 1] += c;
  }
  const [condition, ifTrue, ifFalse] = found.map((part) => part.trim());
  return `${ifTrue} if ${condition}, else ${cases(ifFalse)}`;
}
