// Small helpers for elements. Text from the graph gets into the page by textContent alone.

const byId = (id) => document.getElementById(id);

function filled(made, attributes, children) {
  for (const [name, x] of Object.entries(attributes)) made.setAttribute(name, x);
  made.append(...children);
  return made;
}

const element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
const SVG = "http://www.w3.org/2000/svg";
const svgElement = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
