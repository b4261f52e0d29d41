// Words and elements. Everything that comes from a capture passes through `text` nodes here and nowhere else.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const DATA = { ...read("data"), ...read("exhibits") };
const root = document.documentElement;
const $ = (id) => document.getElementById(id);
const lang = () => root.dataset.lang;

/** The message `key` in the page's language, slots filled in one pass. */
function say(key, slots = {}) {
  const template = DATA.messages[lang()][key];
  if (template === undefined) throw new Error(`no message ${key}`);
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in slots ? String(slots[name]) : whole));
}

/** The page's word for a word of the document, or that word itself. */
const term = (group, name) => DATA.messages[lang()][`${group}.${name}`] ?? name;

/** An element with attributes and children; strings become text nodes, never markup. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Nanoseconds as seconds with three decimals, six where three would hide them; truncated, as the margins of the report. */
function seconds(ns, err = 1e6) {
  const decimals = err >= 1e6 || Math.abs(ns) >= 1e8 ? 3 : 6;
  const scale = 10 ** (9 - decimals);
  return (Math.trunc(ns / scale) / 10 ** decimals).toFixed(decimals);
}

/** A duration with its error, the error rounded up; an error that nobody knows says so. */
function withError(ns, err) {
  if (err === null) return `${seconds(ns)} s ± ?`;
  const decimals = err >= 1e6 || Math.abs(ns) >= 1e8 ? 3 : 6;
  const scale = 10 ** (9 - decimals);
  return `${seconds(ns, err)} s ± ${(Math.ceil(err / scale) / 10 ** decimals).toFixed(decimals)} s`;
}
