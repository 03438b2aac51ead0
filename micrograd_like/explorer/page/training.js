// Gradient descent on the leaves that are ticked: one step, or one a frame; the loss is drawn as it goes.

let losses = [], running = false;
const learningRate = () => 10 ** byId("rate").valueAsNumber;

// Moves the trained leaves by one step; returns whether the result is still a finite number. If not, they stay.
function trainStep(trained) {
  const before = data.slice();
  if (!losses.length) losses.push(data[RESULT]);
  for (const i of trained) data[i] -= learningRate() * gradients[i];
  forward();
  backward();
  const fine = Number.isFinite(data[RESULT]) && gradients.every(Number.isFinite);
  if (!fine) data.set(before);
  else losses.push(data[RESULT]);
  return fine;
}

function drawCurve() {
  const curve = byId("curve"), points = losses.filter(Number.isFinite);
  const low = Math.min(...points), high = Math.max(...points), range = high - low || 1;
  const at = (loss, n) => `${(40 + 270 * n / Math.max(1, points.length - 1)).toFixed(1)},${(105 - 95 * (loss - low) / range).toFixed(1)}`;
  curve.replaceChildren(
    svgElement("line", { x1: 40, x2: 310, y1: 105, y2: 105 }), svgElement("line", { x1: 40, x2: 40, y1: 10, y2: 105 }),
    ...(points.length ? [
      svgElement("text", { x: 2, y: 14 }, short(high, 3)), svgElement("text", { x: 2, y: 108 }, short(low, 3)),
      svgElement("polyline", { points: points.map(at).join(" ") }),
    ] : []),
  );
}
