// What a list may hold: the controls, which the address of the page remembers.

import { el } from "./dom.js";

/// What a list may be told, by its name in the API, with what it is where nobody says.
const DEFAULTS = { k: "10", category: "", diversity: "0", damp_popularity: "0", category_cap: "", include_seen: "" };
const LENGTHS = ["5", "10", "20", "50"];

/// The filters that an address holds.
export function read(address) {
  const filters = { exclude: address.getAll("exclude") };
  for (const [name, usual] of Object.entries(DEFAULTS)) filters[name] = address.get(name) ?? usual;
  return filters;
}

/// Those that are not as usual, as pairs: for addresses and for queries.
export function pairs(filters) {
  const told = Object.entries(DEFAULTS).filter(([name, usual]) => filters[name] !== usual);
  return [...told.map(([name]) => [name, filters[name]]), ...filters.exclude.map((key) => ["exclude", key])];
}

/// The same as a body has them.
export function body(filters) {
  const numbers = ["k", "diversity", "damp_popularity", "category_cap"];
  const told = Object.fromEntries(pairs({ ...filters, exclude: [] }));
  for (const name of numbers) if (name in told) told[name] = Number(told[name]);
  if (told.include_seen) told.include_seen = true;
  return { ...told, exclude: filters.exclude };
}

/// A box to check.
export function check(id, label, checked, changed) {
  const input = el("input", { id, type: "checkbox", checked, onchange: () => changed(input.checked) });
  return el("div", { class: "check" }, input, el("label", { for: id }, label));
}

/// The controls, and `more` of them. They change `filters`, then call `changed`; `titles` knows the items that are left out by key. Lists that are
/// for no `person` are not re-ranked.
export function controls(filters, { categories, titles, changed, person, more }) {
  const set = (name, value) => {
    filters[name] = value;
    tell();
    changed();
  };
  const options = (values, chosen, text = (value) => value) =>
    values.map((value) => el("option", { value, selected: value === chosen }, text(value)));
  const lengths = LENGTHS.includes(filters.k) ? LENGTHS : [filters.k, ...LENGTHS];
  const slider = (name, label, about) => {
    const output = el("output", { for: `f-${name}` }, filters[name]);
    const input = el("input", {
      id: `f-${name}`, type: "range", min: "0", max: "1", step: "0.05", value: filters[name], "aria-describedby": `f-${name}-about`,
      oninput: () => (output.textContent = input.value), onchange: () => set(name, input.value),
    });
    return el("div", { class: "field" }, el("label", { for: input.id }, label, " ", output), input,
      el("small", { id: `f-${name}-about` }, about));
  };
  const choice = (name, label, ...inner) =>
    el("div", { class: "field" }, el("label", { for: `f-${name}` }, label),
      el("select", { id: `f-${name}`, onchange: (event) => set(name, event.target.value) }, inner));
  const fields = [
    choice("k", "Length", options(lengths, filters.k, (n) => `${n} items`)),
    categories.length > 0 && choice("category", "Category",
      el("option", { value: "" }, "All"), options(categories.map(({ name }) => name), filters.category)),
    person && slider("diversity", "Variety", "Unlike those above"),
    person && slider("damp_popularity", "Less popular", "What many have sinks"),
    person && categories.length > 0 && choice("category_cap", "Of one category",
      el("option", { value: "" }, "Any number"), options(["1", "2", "3", "5"], filters.category_cap, (n) => `${n} at most`)),
    el("div", { class: "checks" }, person && check("f-seen", "Also what they have", Boolean(filters.include_seen),
      (isChecked) => set("include_seen", isChecked ? "true" : "")), more),
  ];
  const number = el("span", { class: "pill" });
  const left = el("ul", { class: "chips", "aria-label": "Left out" });
  const box = el("details", { class: "filters", open: matchMedia("(min-width: 56rem)").matches },
    el("summary", {}, "Filters ", number), el("div", { class: "fields" }, fields), left);
  const tell = () => {
    const n = pairs(filters).length;
    number.textContent = n ? `${n} set` : "";
    number.hidden = n === 0;
    left.hidden = filters.exclude.length === 0;
    left.replaceChildren(...filters.exclude.map((key) => {
      const title = titles.get(key) ?? key;
      return el("li", {}, el("button", { class: "chip", "aria-label": `Not ${title}: allow it again`, onclick: () => allow(key) },
        "Not ", el("s", {}, title), el("span", { "aria-hidden": "true" }, " ×")));
    }));
  };
  const allow = (key) => {
    set("exclude", filters.exclude.filter((other) => other !== key));
    (left.querySelector("button") ?? box.querySelector("summary")).focus();
  };
  tell();
  return { box, tell, leaveOut: (key) => set("exclude", [...filters.exclude, key]) };
}
