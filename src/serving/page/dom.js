// Elements of texts. What comes from data becomes text and nothing else: no function here takes HTML.

/// An element with attributes and children: `el("a", { href, class: "x", onclick }, "text", other)`.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/// The element of an id.
export const at = (id) => document.getElementById(id);

const whole = new Intl.NumberFormat("en");

/// A count: `16,554 users`, `1 user`.
export const count = (n, what) => `${whole.format(n)} ${what}${n === 1 ? "" : "s"}`;

/// A number of three digits, whatever its size.
export function short(number) {
  const size = Math.abs(number);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return number.toExponential(2);
  return size >= 100 ? whole.format(Math.round(number)) : number === 0 ? "0" : number.toPrecision(3);
}

let saying;

/// Tells a screen reader, once things have settled.
export function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => (at("status").textContent = text), 250);
}
