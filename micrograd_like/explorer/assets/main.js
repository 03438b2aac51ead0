// What the page shows now, and what its controls do. Numbers are computed and drawn once a frame at most.

const MOST_PATHS = 8; // that are written out
const SLICE = 4; // milliseconds of a frame that finite differences may take: enough is left to draw 60 a second
const PACE = Math.max(40, Math.min(900, 90_000 / LAST_STEP)); // milliseconds for a step: all of them in a minute or two
const state = { step: LAST_STEP, view: 0, selected: -1, hovered: -1, check: false };
const trained = new Set(graph.parameters);
let playing = 0, nextStep = 0, trouble = "", moved = true, asked = false, describing = 0;
const differences = { pending: [], timer: 0 };

function refresh({ numbers = false } = {}) {
  moved ||= numbers;
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render();
  });
}

// Screen readers are told the numbers when they have come to rest.
function describeAll() {
  clearTimeout(describing);
  describing = setTimeout(() => shownItems.forEach(describe), 300);
}

function render() {
  if (moved) forward();
  backward(backwardCount(state.step));
  const known = knownAfter(state.step);
  updatePicture(known);
  light();
  explain(known);
  for (const row of rows) updateRow(row, known(row.i));
  if (state.check) checkDifferences();
  showPlayer();
  showTraining();
  describeAll();
  const notice = noticeText();
  byId("notice").hidden = !notice;
  setText(byId("notice"), notice);
  moved = false;
}

function light() {
  const { node, phase } = stepAt(state.step), complete = state.step === LAST_STEP;
  const traced = state.hovered >= 0 ? state.hovered : state.selected, traces = complete && traced >= 0;
  byId("paths-section").hidden = !traces || traced === RESULT || ruleOf[traced] === CONSTANT;
  if (traces) {
    const found = pathsFrom(traced, MOST_PATHS);
    lightPicture({ ...found, selected: state.selected });
    showPaths(traced, found);
  } else if (!complete && node >= 0) {
    lightPicture({ edges: phase === "seed" ? [] : edgesTo(node), atHand: node, selected: state.selected });
  } else {
    lightPicture({ selected: state.selected });
  }
}

function explain(known) {
  const { phase, node } = stepAt(state.step), complete = state.step === LAST_STEP;
  const shown = state.selected >= 0 ? state.selected : node, { hasData, hasGradient } = shown >= 0 ? known(shown) : {};
  const parts = [];
  if (shown < 0) parts.push(...(complete ? introduction() : [note("Only the numbers that were given are known.")]));
  else if (!hasData) parts.push(note("It is not computed yet."));
  else if (shown === node) parts.push(...explainNode(shown, phase, backward(backwardCount(state.step) - 1, trialGradients)));
  else parts.push(...explainNode(shown, hasGradient ? "all" : "forward"));
  if (state.check && complete && shown >= 0 && shown !== RESULT && ruleOf[shown] !== CONSTANT) parts.push(differenceLine(shown));
  setText(byId("explained-title"), shown >= 0 ? [sign(shown), nameOf(shown)].filter(Boolean).join("  ") : "The chain rule");
  byId("explained").replaceChildren(...parts);
}

// Finite differences are computed for what is shown, a few at a time.
function checkDifferences() {
  clearTimeout(differences.timer);
  differences.pending = shownItems.filter((item) => item.difference && item.numbersOf >= 0);
  for (const row of rows) differences.pending.push(row);
  work();
}

function work() {
  const until = performance.now() + SLICE;
  while (differences.pending.length && performance.now() < until) {
    const item = differences.pending.shift(), i = item.numbersOf ?? item.i;
    if (ruleOf[i] === CONSTANT || state.step !== LAST_STEP) {
      setText(item.difference, "");
      continue;
    }
    const { difference, below, above, verdict } = finiteDifference(i);
    const told = {
      agrees: `≈ ${short(difference)} ✓`, differs: `≠ ${short(difference)}`,
      kink: `≠ kink: ${short(below, 3)} | ${short(above, 3)}`, undecided: "cannot be told",
    };
    setText(item.difference, told[verdict]);
    for (const each of ["agrees", "differs", "kink"]) item.difference.classList.toggle(each, each === verdict);
  }
  if (differences.pending.length) differences.timer = setTimeout(work);
}

function setCheck(on) {
  state.check = byId("check").checked = on;
  clearTimeout(differences.timer);
  if (!on) for (const { difference } of [...shownItems, ...rows]) if (difference) setText(difference, "");
  refresh();
}

// Views

function openView(view) {
  state.view = view;
  drawView(views[view], choose, hover);
  showLeaves(view, trained, () => {
    forgetTraining();
    trouble = "";
    refresh({ numbers: true });
  });
  const path = [];
  for (let v = view; v >= 0; v = views[v].parent) path.unshift(v);
  byId("trail").replaceChildren(...path.map((v) => {
    const button = element("button", { type: "button" }, views[v].title);
    if (v === view) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => enterView(v));
    return button;
  }));
  byId("trail").hidden = views.length === 1;
  fitPicture(readable());
  refresh();
}

// Opens a view, with the focus on the box of the view left, if it is there, else where Tab would enter.
function enterView(view) {
  const left = state.view;
  openView(view);
  const box = shownItems.find(({ opens, outside }) => opens === left && !outside);
  (box?.group ?? picture.querySelector("[tabindex='0']")).focus();
}

function choose(item) {
  if (item.opens >= 0) {
    enterView(item.opens);
    return;
  }
  if (playing) pause();
  state.selected = state.selected === item.node ? -1 : item.node;
  refresh();
}

function hover(item) {
  const node = item && item.node >= 0 ? item.node : -1;
  if (state.hovered === node) return;
  state.hovered = node;
  refresh();
}

// Steps

function goTo(step) {
  state.step = Math.max(0, Math.min(LAST_STEP, step));
  state.selected = -1;
  running = false;
  const { node } = stepAt(state.step);
  if (state.step < LAST_STEP && node >= 0) {
    if (itemOf(node)?.node !== node) openView(graph.homes[node]);
    for (const k of edgesTo(node).slice(0, 3)) reveal(itemOf(operandOf[k])); // what it is made of, and first of all itself
    reveal(itemOf(node));
  }
  refresh();
}

function play() {
  if (state.step === LAST_STEP) goTo(0);
  playing = setInterval(() => {
    goTo(state.step + 1);
    if (state.step === LAST_STEP) pause();
  }, PACE);
  refresh();
}

function pause() {
  clearInterval(playing);
  playing = 0;
  refresh();
}

function stepBy(count) {
  if (playing) pause();
  goTo(state.step + count);
}

function showPlayer() {
  setText(byId("play"), playing ? "Pause" : "Play");
  byId("step").value = state.step;
  setText(byId("step-text"), stepText(state.step));
  byId("step-text").setAttribute("aria-live", playing ? "off" : "polite");
  byId("first").disabled = byId("back").disabled = state.step === 0;
  byId("last").disabled = byId("next").disabled = state.step === LAST_STEP;
}

// Training

function train() {
  state.step = LAST_STEP;
  trouble = trainStep(trained);
  if (trouble) running = false;
  refresh({ numbers: true });
}

function run() {
  cancelAnimationFrame(nextStep);
  if (!running) return;
  train();
  nextStep = requestAnimationFrame(run);
}

function showTraining() {
  const ready = trained.size > 0;
  running &&= ready;
  byId("training").hidden = !ready;
  byId("curve").toggleAttribute("hidden", !losses.length);
  setText(byId("train-run"), running ? "Stop" : "Run");
  setText(byId("rate-text"), short(learningRate(), 2));
  setText(byId("training-note"), trouble || (!ready
    ? `Tick “train” beside a leaf to move it down the gradient of ${graph.result}.`
    : losses.length ? `${graph.result} is ${short(data[RESULT], 6)} after ${counted(stepsTaken, "step")} of ${counted(trained.size, "leaf", "leaves")}.`
      : `Gradient descent on ${counted(trained.size, "leaf", "leaves")}: leaf ← leaf − learning rate · gradient.`));
  if (losses.length) drawCurve();
}

function resetAll() {
  running = false;
  trouble = "";
  forgetTraining();
  data.set(start);
  refresh({ numbers: true });
}

// Controls

const zoomIn = () => zoomBy(1.3), zoomOut = () => zoomBy(1 / 1.3);
const press = {
  first: () => stepBy(-LAST_STEP), back: () => stepBy(-1), next: () => stepBy(1), last: () => stepBy(LAST_STEP),
  play: () => (playing ? pause() : play()), "zoom-in": zoomIn, "zoom-out": zoomOut, fit: () => fitPicture(), reset: resetAll,
  help: () => byId("keys").showModal(), close: () => byId("keys").close(),
  "train-step": train,
  "train-run": () => { running = !running; run(); refresh(); },
  theme: () => {
    const themes = ["auto", "light", "dark"], root = document.documentElement;
    const next = themes[(themes.indexOf(root.dataset.theme ?? "auto") + 1) % 3];
    root.dataset.theme = next;
    setText(byId("theme"), `Theme: ${next}`);
  },
};
for (const [id, act] of Object.entries(press)) byId(id).addEventListener("click", act);
byId("check").addEventListener("change", () => setCheck(byId("check").checked));
byId("step").max = LAST_STEP;
byId("step").addEventListener("input", () => { if (playing) pause(); goTo(byId("step").valueAsNumber); });
byId("rate").addEventListener("input", () => {
  trouble = "";
  refresh();
});

const KEYS = {
  " ": press.play, ".": press.next, ",": press.back, Home: press.first, End: press.last, "+": zoomIn, "=": zoomIn, "-": zoomOut,
  0: press.fit, c: () => setCheck(!state.check), t: () => trained.size && press["train-step"](), r: resetAll, "?": press.help,
  Escape: () => {
    if (state.selected >= 0) state.selected = -1;
    else if (views[state.view].parent >= 0) enterView(views[state.view].parent);
    refresh();
  },
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const target = event.target, is = (selector) => target.matches?.(selector);
  if (is("input[type=number]") || (is("button, input[type=checkbox]") && event.key === " ")) return;
  if (is("input[type=range]") && (event.key.startsWith("Arrow") || ["Home", "End"].includes(event.key))) return;
  const item = shownItems.find(({ group }) => group === target);
  if (event.key.startsWith("Arrow")) {
    if (target.closest?.("#picture")) moveInPicture(event, item);
    return;
  }
  if (event.key === "Enter" && item) choose(item);
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

function moveInPicture(event, item) {
  event.preventDefault();
  const [dx, dy] = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
  if (event.shiftKey || !item) {
    moveBy(dx, dy);
    return;
  }
  const next = neighbour(item, event.key);
  if (!next) return;
  item.group.setAttribute("tabindex", -1);
  next.group.setAttribute("tabindex", 0);
  next.group.focus();
  reveal(next);
}

new ResizeObserver(() => { // what was moved or zoomed stays so
  const { node } = stepAt(state.step), atHand = node >= 0 ? itemOf(node) : undefined;
  if (fitted) fitPicture(readable(), atHand);
  else if (atHand) reveal(atHand);
}).observe(picture);
setText(byId("title"), graph.result);
const plain = ruleOf.reduce((sum, rule) => sum + (rule === CONSTANT), 0);
setText(byId("summary"), [counted(FORWARD, "operation"), counted(COUNT - FORWARD - plain, "leaf", "leaves"),
  plain && counted(plain, "plain number")].filter(Boolean).join(", "));
openView(0);

// For the curious, in the browser's console: all numbers with all their digits.
window.explorer = Object.freeze({ graph, data, gradients });
