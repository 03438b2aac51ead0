// Gradient descent on the leaves that are ticked: one step, or one a frame; the loss is drawn as it goes.

const MOST_POINTS = 1000; // of the curve: of more losses every second is left out, and so on
let losses = [], stepsTaken = 0, stride = 1, running = false;
const learningRate = () => 10 ** byId("rate").valueAsNumber;

// Moves the trained leaves by one step; returns what is wrong, "" if nothing. If the numbers would not be finite, they stay.
function trainStep(trained) {
  forward();
  backward();
  if (!Number.isFinite(data[RESULT])) return `${graph.result} is no finite number here: move the leaves first.`;
  const before = data.slice();
  if (!losses.length) losses.push(data[RESULT]);
  for (const i of trained) data[i] -= learningRate() * gradients[i];
  forward();
  backward();
  const fine = Number.isFinite(data[RESULT]) && gradients.every(Number.isFinite);
  if (fine) {
    stepsTaken++;
    if (stepsTaken % stride === 0) losses.push(data[RESULT]);
    if (losses.length > MOST_POINTS) {
      losses = losses.filter((_, n) => n % 2 === 0);
      stride *= 2;
    }
  } else data.set(before);
  return fine ? "" : "The next step would leave the finite numbers: lower the learning rate.";
}

function forgetTraining() {
  losses = [];
  stepsTaken = 0;
  stride = 1;
}

function drawCurve() {
  const low = losses.reduce((a, b) => Math.min(a, b)), high = losses.reduce((a, b) => Math.max(a, b)), range = high - low || 1;
  const at = (loss, n) => `${40 + 270 * n / Math.max(1, losses.length - 1)},${105 - 95 * (loss - low) / range}`;
  byId("curve").replaceChildren(
    svgElement("line", { x1: 40, x2: 310, y1: 105, y2: 105 }), svgElement("line", { x1: 40, x2: 40, y1: 10, y2: 105 }),
    svgElement("text", { x: 2, y: 14 }, short(high, 3)), svgElement("text", { x: 2, y: 108 }, short(low, 3)),
    svgElement("polyline", { points: losses.map(at).join(" ") }),
  );
}
