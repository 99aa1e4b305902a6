// The page: what its address says is shown. The address holds everything, so that it can be sent to others.

import { ask, newest, onRun } from "./client.js";
import { at, count, el } from "./dom.js";
import { about, named, ofItem, ofUser } from "./places.js";
import { searchBox } from "./search.js";
import * as views from "./views.js";

let address, catalogue, arms;
const only = newest();

/// Changes the address without showing anything anew.
function remember(change) {
  change();
  history.replaceState(null, "", `#${address}`);
}

/// What is known of the run, asked again when another run answers.
async function look(signal) {
  if (catalogue) return;
  const [known, version] = await Promise.all([ask("v1/catalogue", { signal }), ask("version", { signal })]);
  catalogue = known;
  arms = (version.arms ?? []).map((arm) => arm.arm);
  at("about").replaceChildren("Run ", el("code", {}, known.run),
    ` · ${count(known.users, "user")} · ${count(known.items, "item")} · Sagebrush ${version.version}`);
}

onRun((run) => {
  if (catalogue && !arms?.length && run !== catalogue.run) catalogue = undefined;
});

async function show() {
  address = new URLSearchParams(location.hash.slice(1));
  const view = ["user", "item"].find((name) => address.get(name)) ?? (address.has("new") ? "somebody" : "home");
  const main = at("main");
  main.setAttribute("aria-busy", "true");
  try {
    const shown = await only(async (signal) => {
      await look(signal);
      return views[view]({ address, catalogue, arms, signal, remember });
    });
    if (!shown) return;
    main.replaceChildren(...shown);
  } catch (fault) {
    main.replaceChildren(views.trouble(fault));
  }
  main.removeAttribute("aria-busy");
  const title = main.querySelector("h1")?.textContent;
  document.title = title && view !== "home" ? `${title} · Sagebrush` : "Sagebrush";
  if (view === "somebody") at("to-new").setAttribute("aria-current", "page");
  else at("to-new").removeAttribute("aria-current");
}

searchBox(at("search"), {
  label: "Search users and items", hint: "Search users and items",
  find: async (query, signal) => {
    const asked = [["query", query], ["limit", "6"]];
    const [{ items }, { users }] = await Promise.all([
      ask("v1/items", { query: asked, signal }), ask("v1/users", { query: asked, signal })]);
    return [
      { name: "Items", entries: items.map((item) => ({ text: named(item), note: about(item), goes: ofItem(item.item) })) },
      { name: "Users", entries: users.map(({ user, items }) => ({ text: user, note: count(items, "item"), goes: ofUser(user) })) },
    ];
  },
  choose: ({ goes }) => {
    if (location.hash === goes) show();
    else location.hash = goes;
  },
});

at("skip").addEventListener("click", (event) => {
  event.preventDefault();
  at("main").focus();
});
addEventListener("hashchange", () => {
  show().then(() => {
    scrollTo(0, 0);
    at("main").focus({ preventScroll: true });
  });
});
show();
