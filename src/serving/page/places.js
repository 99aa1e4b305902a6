// Lists: places with titles, scores and reasons, and items in rows.

import { count, el, short } from "./dom.js";

/// The address of an item's page.
export const ofItem = (key) => `#${new URLSearchParams({ item: key })}`;
/// The address of a user's page.
export const ofUser = (key) => `#${new URLSearchParams({ user: key })}`;

/// What an item is called: its title, or its key.
export const named = (item) => item.title ?? item.item;

const link = (item) => el("a", { href: ofItem(item.item), title: item.title && `Key ${item.item}` }, named(item));

/// A list, best first. `act(place)` makes the buttons of a place, and `mark(place)` says what sets it apart.
export function places(list, { label, act, mark = () => null }) {
  const best = Math.max(...list.map((place) => Math.abs(place.score)), Number.MIN_VALUE);
  const row = (place) => {
    const size = Math.max(1, (100 * Math.max(place.score, 0)) / best);
    return el("li", { class: "place" },
      el("span", { class: "rank", "aria-hidden": "true" }, place.rank),
      el("div", { class: "what" }, el("p", { class: "name" }, link(place), mark(place)),
        bar(place.why ? parts(place.score, place.why) : [], size), place.why && why(place)),
      el("div", { class: "score" }, el("span", { class: "unseen" }, "Score "), short(place.score)),
      act && el("div", { class: "acts" }, act(place)));
  };
  return el("ol", { class: "places", "aria-label": label }, list.map(row));
}

/// The parts of a score: the person's items, others, popularity, and what is left, without what a rounding leaves.
function parts(score, { items, others = 0, popularity = 0, rest = 0 }) {
  const named = items.map((item, at) => ({ kind: `item-${Math.min(at, 2)}`, share: item.share, what: link(item) }));
  const more = [["others", others, "other items"], ["popular", popularity, "popularity"], ["rest", rest, "the rest of the model"]];
  const told = more.map(([kind, share, what]) => ({ kind, share, what }));
  return [...named, ...told].filter((part) => Math.abs(part.share) > 1e-3 * Math.abs(score));
}

/// Whether all parts of a score speak for it, so that they are shares of it.
const areShares = (all) => all.length > 0 && all.every((part) => part.share > 0);

/// A score as a length beside the best of its list, in the parts it is made of.
function bar(all, size) {
  const pieces = areShares(all) ? all : [{ kind: "item-1", share: 1 }];
  const sum = pieces.reduce((sum, part) => sum + part.share, 0);
  const line = el("div", { class: "bar", "aria-hidden": "true" }, pieces.map((part) => {
    const piece = el("i", { class: part.kind });
    piece.style.flexGrow = part.share / sum;
    return piece;
  }));
  line.style.inlineSize = `calc(min(100%, 36rem) * ${size / 100})`;
  return line;
}

/// Why a place is there: shares of its score where all speak for it, and otherwise what each adds.
function why({ score, why }) {
  if (why.how === "popularity") return el("p", { class: "why" }, "Popular with everybody");
  const all = parts(score, why);
  const sum = all.reduce((sum, part) => sum + part.share, 0);
  const told = (part) =>
    areShares(all) ? `${Math.round((100 * part.share) / sum)}%` : `${part.share > 0 ? "+" : "−"}${short(Math.abs(part.share))}`;
  const word = why.how === "exact" ? "Because of" : "Much like";
  return el("p", { class: "why" }, el("span", { class: "unseen" }, `${word} `),
    all.map((part) => el("span", { class: "part" }, el("i", { class: part.kind, "aria-hidden": "true" }), part.what, " ",
      el("b", {}, told(part)))));
}

/// Items in rows, with how many have each, and the buttons that `act(item)` makes.
export function rows(items, { label, act }) {
  return el("ul", { class: "rows", "aria-label": label }, items.map((item) =>
    el("li", {}, el("div", {}, link(item), el("small", {}, about(item))), act?.(item))));
}

/// What is known of an item beside its title.
export function about(item) {
  const known = [item.categories?.slice(0, 3).join(", "), item.users === undefined ? null : count(item.users, "user")];
  return known.filter(Boolean).join(" · ");
}
