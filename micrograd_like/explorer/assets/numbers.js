// How numbers, nodes and formulas read.

const label = (i) => graph.nodes[i][1];
const placeOf = (i) => graph.places[graph.nodes[i][4]]; // of a leaf, such as "layer 1, neuron 2"
const isLeaf = (i) => ruleOf[i] < 0;
const sign = (i) => (isLeaf(i) ? "" : graph.rules[ruleOf[i]][0]);

// Names for the nodes that have none: v1, v2, … in topological order, and those of plain numbers, which are themselves.
const names = (() => {
  let computed = 0, leaves = 0;
  const shown = graph.nodes.map(([rule, text]) => text || (rule >= 0 ? `v${++computed}` : `leaf ${++leaves}`));
  return (i) => (ruleOf[i] === CONSTANT ? short(data[i]) : shown[i]);
})();
const resultName = () => label(RESULT) || "L";
const nameOf = (i) => (i === RESULT ? resultName() : names(i));

// Returns a number as Python's format(x, ".4g") does, with a true minus sign.
function short(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
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

const exact = (x) => String(x).replaceAll("-", "−").replace("Infinity", "∞");

// Returns a formula of the rules' table as it stands in a book, with what `write` makes of each of the names a to d and y.
function formulaText(formula, write) {
  const text = cases(formula).replace(/\*\*2\b/g, "²").replaceAll("**", " ^ ").replaceAll("*", "·").replaceAll("-", "−");
  return text.replace(/\b[a-dy]\b/g, (name, at) => {
    const written = write(name), before = text.slice(0, at).trimEnd().at(-1), after = text.slice(at + 1).trimStart().at(0);
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
