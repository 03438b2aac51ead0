// Small helpers for elements. Text from the graph gets into the page by textContent alone.

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, x] of Object.entries(attributes)) made.setAttribute(name, x);
  made.append(...children);
  return made;
}

function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, x] of Object.entries(attributes)) made.setAttribute(name, x);
  made.append(...children);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
