// A search box: a combobox with a list of what fits, in groups, by keyboard or pointer.

import { newest } from "./client.js";
import { el, say } from "./dom.js";

const WAIT_MS = 120;
let boxes = 0;

/// Fills `place` with a box. `find(query, signal)` gives groups `{ name, entries: [{ text, note, … }] }`, and `choose(entry)`
/// takes one of their entries. With `stays` the box is for several choices in a row.
export function searchBox(place, { label, hint, find, choose, stays = false }) {
  const id = `box-${(boxes += 1)}`;
  const input = el("input", {
    id, type: "search", role: "combobox", placeholder: hint, autocomplete: "off", spellcheck: "false",
    "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list",
  });
  const list = el("div", { id: `${id}-list`, role: "listbox", "aria-label": label });
  const nothing = el("p", { class: "nothing" });
  const popup = el("div", { class: "popup", hidden: true }, list, nothing);
  place.replaceChildren(el("label", { for: id, class: "unseen" }, label), input, popup);
  const only = newest();
  let entries = [], active = -1, timer;

  const open = (isOpen) => {
    popup.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen && entries.length > 0));
    if (!isOpen) mark(-1);
  };
  const mark = (next) => {
    const options = list.querySelectorAll("[role=option]");
    options[active]?.setAttribute("aria-selected", "false");
    active = next;
    const option = options[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (entry) => {
    clearTimeout(timer);
    input.value = "";
    open(false);
    if (!stays) input.blur();
    choose(entry);
  };
  const show = (query, groups) => {
    entries = groups.flatMap((group) => group.entries);
    let at = 0;
    const option = (entry) =>
      el("div", {
        role: "option", id: `${id}-${(at += 1)}`, class: "option", "aria-selected": "false",
        onpointerdown: (event) => event.preventDefault(), onclick: () => take(entry),
      }, el("span", {}, marked(entry.text, query)), el("small", {}, entry.note));
    list.replaceChildren(...groups.filter((group) => group.entries.length).map((group) =>
      el("div", { role: "group", "aria-label": group.name },
        groups.length > 1 && el("div", { class: "group", "aria-hidden": "true" }, group.name), group.entries.map(option))));
    list.hidden = entries.length === 0;
    nothing.hidden = entries.length > 0;
    nothing.textContent = `Nothing has “${query}” in its key or title.`;
    active = -1;
    open(document.activeElement === input);
    say(entries.length ? `${entries.length} found` : nothing.textContent);
  };
  const look = async () => {
    const query = input.value.trim();
    if (!query) return open(false);
    try {
      const groups = await only((signal) => find(query, signal));
      if (groups) show(query, groups);
    } catch (fault) {
      entries = [];
      list.replaceChildren();
      list.hidden = true;
      nothing.hidden = false;
      nothing.textContent = `${fault.message}.`;
      open(true);
      say(nothing.textContent);
    }
  };
  const keys = {
    ArrowDown: () => (popup.hidden ? look() : mark(Math.min(active + 1, entries.length - 1))),
    ArrowUp: () => mark(Math.max(active - 1, -1)),
    Enter: () => entries.length && !popup.hidden && take(entries[Math.max(active, 0)]),
    Escape: () => (popup.hidden ? (input.value = "") : open(false)),
  };
  input.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.isComposing) return;
    event.preventDefault();
    act();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("blur", () => open(false));
  return input;
}

/// A text in which what was looked for stands out.
function marked(text, query) {
  const from = text.toLowerCase().indexOf(query.toLowerCase());
  if (from < 0) return text;
  const to = from + query.length;
  return [text.slice(0, from), el("mark", {}, text.slice(from, to)), text.slice(to)];
}
