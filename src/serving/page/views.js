// What the page shows: a beginning, a user, somebody new, an item.

import { ask, newest } from "./client.js";
import { count, el, say } from "./dom.js";
import * as filters from "./filters.js";
import { about, named, ofUser, places, rows } from "./places.js";
import { searchBox } from "./search.js";

/// Of the user's items, those that a place names.
const REASONS = "3";

/// The beginning: where to look first.
export async function home({ catalogue, signal }) {
  const [{ users }, { items }] = await Promise.all([
    ask("v1/users", { query: [["limit", "8"]], signal }),
    ask("v1/items", { query: [["limit", "8"]], signal }),
  ]);
  const user = ({ user, items }) => el("li", {}, el("div", {}, el("a", { href: ofUser(user) }, user), el("small", {}, count(items, "item"))));
  return [
    el("div", { class: "hero" }, el("h1", {}, "Look at what is recommended, and why"),
      el("p", { class: "lead" }, `A model of ${count(catalogue.users, "user")} and ${count(catalogue.items, "item")}. `,
        "Search for one of them above, or be somebody new: pick what you like, and the list follows."),
      el("p", {}, el("a", { class: "button main", href: "#new=" }, "Be a new user"))),
    el("div", { class: "halves" },
      section("Most popular items", rows(items, { label: "Most popular items" })),
      section("Users with the most items", el("ul", { class: "rows", "aria-label": "Users with the most items" }, users.map(user)))),
  ];
}

/// A user: what she has beside what she gets.
export async function user({ address, catalogue, arms, signal, remember }) {
  const key = address.get("user");
  const has = await ask(`v1/users/${encodeURIComponent(key)}`, { signal });
  const list = lists({
    address, catalogue, arms, remember, label: `Recommended to ${key}`,
    fetch: (query, signal) => ask(`v1/users/${encodeURIComponent(key)}/recommendations`, { query, signal }),
  });
  const more = has.total - has.items.length;
  const known = has.known ? count(has.total, "item") : `the run does not know this user · ${count(has.total, "item")}`;
  return [
    title("User", key, known),
    list.controls,
    el("div", { class: "beside" },
      section("Has", has.items.length ? rows(has.items, { label: `What ${key} has` }) : quiet("Nothing that this run knows."),
        more > 0 && quiet(`and ${count(more, "more item")}`)),
      list.result),
  ];
}

/// Somebody new: the list of what was picked.
export async function somebody({ address, catalogue, arms, signal, remember }) {
  const picked = new Map();
  const one = (key) => ask(`v1/items/${encodeURIComponent(key)}`, { signal }).catch((fault) => {
    if (fault.name === "AbortError") throw fault;
    return null;
  });
  const [{ items: popular }, ...known] = await Promise.all([
    ask("v1/items", { query: [["limit", "24"]], signal }), ...address.getAll("new").filter(Boolean).map(one)]);
  for (const item of known) if (item) picked.set(item.item, item);
  const list = lists({
    address, catalogue, arms, remember, label: "Recommended to you",
    fetch: async (query, signal, chosen) => {
      if (!picked.size) return null;
      const arm = query.filter(([name]) => name === "arm");
      const wanted = { ...filters.body(chosen), ...(catalogue.explains && { explain: Number(REASONS) }) };
      const asked = { histories: [[...picked.keys()]], filters: wanted };
      const { lists: [made], ...rest } = await ask("v1/recommendations", { query: arm, body: asked, signal });
      return { ...rest, ...made };
    },
    none: "Pick an item, and your list appears here.",
    act: (place) => el("button", { class: "ghost", "aria-label": `Like ${named(place)} too`, onclick: () => pick(place) },
      el("span", { "aria-hidden": "true" }, "+ "), "Like"),
  });
  const yours = el("ul", { class: "chips large", "aria-label": "What you picked" });
  const suggestions = el("ul", { class: "chips", "aria-label": "Popular items to begin with" });
  const draw = () => {
    yours.replaceChildren(...[...picked.values()].map((item) =>
      el("li", {}, el("button", { class: "chip on", "aria-label": `Take ${named(item)} away`, onclick: () => drop(item) },
        named(item), el("span", { "aria-hidden": "true" }, " ×")))));
    yours.hidden = picked.size === 0;
    suggestions.replaceChildren(...popular.filter((item) => !picked.has(item.item)).slice(0, 12).map((item) =>
      el("li", {}, el("button", { class: "chip", onclick: () => pick(item) }, named(item)))));
    remember(() => {
      address.delete("new");
      for (const key of picked.size ? picked.keys() : [""]) address.append("new", key);
    });
  };
  const pick = (item) => {
    picked.set(item.item, item);
    const hadFocus = suggestions.contains(document.activeElement) || list.result.contains(document.activeElement);
    draw();
    if (hadFocus) input.focus({ preventScroll: true });
    list.refresh();
  };
  const drop = (item) => {
    picked.delete(item.item);
    draw();
    (yours.querySelector("button") ?? input).focus();
    list.refresh();
  };
  const box = el("div", { class: "search" });
  const input = searchBox(box, {
    label: "Search an item to pick", hint: "Search an item", stays: true, choose: pick,
    find: async (query, signal) => {
      const { items } = await ask("v1/items", { query: [["query", query]], signal });
      return [{ name: "Items", entries: items.map((item) => ({ ...item, text: named(item), note: about(item) })) }];
    },
  });
  draw();
  return [
    title("New user", "What do you like?", "Pick some items. Nothing is kept."),
    list.controls,
    el("div", { class: "beside" }, section("You like", box, yours, el("h3", {}, "To begin with"), suggestions), list.result),
  ];
}

/// An item: what is most like it.
export async function item({ address, catalogue, signal, remember }) {
  const key = address.get("item");
  const found = await ask(`v1/items/${encodeURIComponent(key)}`, { signal });
  const list = lists({
    address, catalogue, arms: [], remember, label: `Most like ${named(found)}`, isSimilar: true,
    fetch: (query, signal) => ask(`v1/items/${encodeURIComponent(key)}/similar`, { query, signal }),
  });
  return [
    title("Item", named(found), [found.title && `key ${found.item}`, about(found)].filter(Boolean).join(" · ")),
    el("p", {}, el("a", { class: "button", href: `#${new URLSearchParams({ new: found.item })}` }, "Begin a new user with it")),
    list.controls, list.result,
  ];
}

/// A list, or one of each arm beside each other, that follows its filters.
function lists({ address, catalogue, arms, remember, label, fetch, act, none, isSimilar = false }) {
  const chosen = filters.read(address);
  const titles = new Map();
  const only = newest();
  const result = el("div", { class: "result" });
  let isBeside = arms.length > 1 && address.has("beside");
  const compare = arms.length > 1 && filters.check("f-beside", "Arms beside each other", isBeside, (isChecked) => {
    isBeside = isChecked;
    remember(() => (isBeside ? address.set("beside", "1") : address.delete("beside")));
    refresh();
  });
  const { box, tell, leaveOut } = filters.controls(chosen, {
    categories: catalogue.categories, titles, person: !isSimilar, more: compare,
    changed: () => {
      remember(() => {
        for (const [name] of [...address]) if (!["user", "item", "new", "beside"].includes(name)) address.delete(name);
        for (const [name, value] of filters.pairs(chosen)) address.append(name, value);
      });
      refresh();
    },
  });
  // An address has keys alone.
  const learn = (key) => ask(`v1/items/${encodeURIComponent(key)}`).then((item) => titles.set(key, named(item)), () => {});
  if (chosen.exclude.length) Promise.all(chosen.exclude.slice(0, 20).map(learn)).then(tell);
  const acts = (place) => [act?.(place), el("button", {
    class: "ghost", "aria-label": `Leave out ${named(place)}`, title: "Leave out", onclick: () => {
      titles.set(place.item, named(place));
      leaveOut(place.item);
      box.querySelector(".chips button:not(.unseen)")?.focus();
    },
  }, "×")];
  const draw = (answers) => {
    const inAll = (place) => answers.every(({ items }) => items.some((other) => other.item === place.item));
    const mark = (place) => answers.length > 1 && !inAll(place) && el("span", { class: "pill" }, "here alone");
    const one = ({ items, source, arm, unknown_items: unknown }) => {
      const name = arm && answers.length > 1 ? `Arm ${arm}` : isSimilar ? "Most like it" : act ? "You may like" : "Gets";
      const popular = source === "popularity" && quiet("The model knows nothing here, so this is what is popular.");
      const single = arm && answers.length === 1 && el("span", { class: "pill" }, `arm ${arm}`);
      return section([name, single], popular, unknown && quiet(`${count(unknown.count, "item")} unknown to the run.`),
        items.length ? places(items, { label, act: acts, mark }) : quiet("No item is left by these filters."));
    };
    result.replaceChildren(...answers.map(one));
    result.classList.toggle("two", answers.length > 1);
  };
  const refresh = async () => {
    result.setAttribute("aria-busy", "true");
    const query = filters.pairs(chosen);
    if (catalogue.explains && !isSimilar) query.push(["explain", REASONS]);
    const asked = isBeside ? arms.map((arm) => [...query, ["arm", arm]]) : [query];
    try {
      const answers = await only((signal) => Promise.all(asked.map((query) => fetch(query, signal, chosen))));
      if (!answers) return;
      if (answers.some((answer) => answer === null)) result.replaceChildren(section("You may like", quiet(none)));
      else {
        draw(answers);
        say(`${label}: ${count(answers[0].items.length, "item")}`);
      }
    } catch (fault) {
      result.replaceChildren(trouble(fault));
    }
    result.removeAttribute("aria-busy");
  };
  refresh();
  return { controls: box, result, refresh };
}

/// What is wrong, in the service's words.
export function trouble(fault) {
  const remedy = fault.remedy && `${fault.remedy[0].toUpperCase()}${fault.remedy.slice(1)}.`;
  return el("div", { class: "alert", role: "alert" }, el("p", {}, `${fault.message}.`), remedy && el("p", {}, remedy));
}

const quiet = (text) => el("p", { class: "quiet" }, text);
const section = (name, ...inner) => el("section", { class: "card" }, el("h2", {}, name), inner);
const title = (kind, name, note) =>
  el("div", { class: "title" }, el("p", { class: "eyebrow" }, kind), el("h1", {}, name), el("p", { class: "quiet" }, note));
