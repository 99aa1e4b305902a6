// The page on a run of the bundled films: what it shows is what the program lists.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { end, folder, listed, open, picture, sagebrush, same, serve, settled, shown, sound } from "./harness.mjs";

const USER = "43";
const [MATRIX, FORREST] = ["0133093", "0109830"];
let service;

before(async () => {
  sagebrush("train", "--bundled", "--model", "ials", "--split", "random", "--out", "films", "-q");
  service = await serve("--run", "films");
});
after(end);

const address = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
const answer = async (path) => (await fetch(service.url + path)).json();

test("the beginning leads on, and weighs little", async () => {
  const page = await open("about:blank");
  const bodies = [];
  page.on("response", (response) => /\/(v1\/.*|version)$/.test(new URL(response.url()).pathname) || bodies.push(response.body()));
  await page.goto(service.url);
  await settled(page);
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
  await sound(page);
  const { users, items, run } = await answer("v1/catalogue");
  const text = await page.locator("body").textContent();
  for (const number of [users, items]) assert.ok(text.includes(number.toLocaleString("en")), `${number}`);
  assert.ok((await page.locator("footer").textContent()).includes(run));
  assert.equal(await page.locator(".rows").count(), 2);
  console.log(`the page weighs ${bytes} bytes`);
  assert.ok(bytes > 30_000 && bytes < 60_000, `${bytes} bytes`);
  await picture(page, "home-light");
});

test("a search by keyboard finds items and users", async () => {
  const page = await open(service.url);
  const box = page.getByRole("combobox", { name: "Search users and items" });
  await box.focus();
  await page.keyboard.type("matrix relo", { delay: 15 });
  await page.waitForSelector("[role=option]");
  assert.equal(await box.getAttribute("aria-expanded"), "true");
  await sound(page);
  await page.keyboard.press("ArrowDown");
  const active = await box.getAttribute("aria-activedescendant");
  assert.match(await page.locator(`#${active}`).textContent(), /^The Matrix Reloaded/);
  await picture(page, "search-light", false);
  await page.keyboard.press("Escape");
  assert.equal(await box.getAttribute("aria-expanded"), "false");
  await page.keyboard.type("aded");
  await page.waitForSelector("[role=option]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#item=/);
  await settled(page);
  assert.match(await page.locator("h1").textContent(), /^The Matrix Reloaded/);
  same(await shown(page), listed("similar", "--run", "films", "--item", address(page).get("item")));
  await sound(page);
  await box.fill("thereisnosuchthing");
  await page.getByText("Nothing has “thereisnosuchthing”").waitFor();
  await sound(page);
  await box.fill(USER);
  await page.locator("[role=group][aria-label=Users] [role=option]").first().click();
  await page.waitForURL(/#user=/);
  await settled(page);
  assert.equal(address(page).get("user"), USER, "a whole key comes first");
});

test("a user: what she has beside what she gets, and why", async () => {
  const page = await open(`${service.url}#user=${USER}`);
  const { total, items } = await answer(`v1/users/${USER}?limit=1000`);
  assert.equal(await page.locator(".beside .rows li").count(), Math.min(total, 100));
  assert.ok(items.length > 0);
  const places = await shown(page);
  same(places, listed("recommend", "--run", "films", "--user", USER));
  const why = JSON.parse(sagebrush("recommend", "--run", "films", "--user", USER, "--why", "--reasons", "3", "--json"));
  places.forEach(({ text, shares }, at) => {
    const sum = shares.reduce((sum, share) => sum + parseFloat(share), 0);
    if (shares.every((share) => share.endsWith("%"))) assert.ok(Math.abs(sum - 100) <= 2, `${shares}`);
    for (const reason of why[at].why.items) assert.ok(text.includes(reason.title), reason.title);
  });
  assert.ok(places.some(({ shares }) => shares.length > 1));
  await sound(page);
  await picture(page, "user-light");
  await page.emulateMedia({ colorScheme: "dark" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(paper.match(/\d+/g).every((part) => part < 64), `a dark page is ${paper}`);
  await sound(page);
  await picture(page, "user-dark");
});

test("somebody new: the list follows what is picked", async () => {
  const page = await open(`${service.url}#new=`);
  await page.getByText("Pick an item, and your list appears here.").waitFor();
  await sound(page);
  const suggestions = page.getByRole("list", { name: "Popular items to begin with" }).getByRole("button");
  const first = await suggestions.first().textContent();
  // From the click to the drawn list, as the page itself sees it.
  const took = await page.evaluate(async () => {
    const began = performance.now();
    document.querySelector("[aria-label='Popular items to begin with'] button").click();
    while (!document.querySelector(".result ol.places")) await new Promise(requestAnimationFrame);
    return performance.now() - began;
  });
  console.log(`a list ${took.toFixed(0)} ms after the click`);
  await settled(page);
  assert.equal(await page.getByRole("list", { name: "What you picked" }).getByRole("button").count(), 1);
  const box = page.getByRole("combobox", { name: "Search an item to pick" });
  for (const [name, key] of [["the matrix (1999", MATRIX], ["forrest gump", FORREST]]) {
    await box.fill(name);
    await page.locator(".beside [role=option]").first().click();
    await page.waitForURL((url) => new URLSearchParams(url.hash.slice(1)).getAll("new").includes(key));
  }
  await settled(page);
  const picked = address(page).getAll("new");
  assert.equal(picked.length, 3);
  same(await shown(page), listed("recommend", "--run", "films", "--history", picked.join(",")));
  await sound(page);
  await picture(page, "new-light");
  const liked = (await shown(page))[0];
  await page.getByRole("button", { name: `Like ${liked.title} too` }).click();
  await settled(page);
  assert.ok(!(await shown(page)).some(({ key }) => key === liked.key), "what is picked is in no list");
  await page.getByRole("button", { name: `Take ${first} away` }).click();
  await settled(page);
  const rest = address(page).getAll("new");
  assert.deepEqual(rest, [...picked.slice(1), liked.key]);
  await page.reload();
  await settled(page);
  same(await shown(page), listed("recommend", "--run", "films", "--history", rest.join(",")));
  assert.deepEqual(page.complaints, []);
});

test("filters change the list, and the address keeps them", async () => {
  const page = await open(`${service.url}#user=${USER}`);
  const list = (...given) => listed("recommend", "--run", "films", "--user", USER, ...given);
  const usual = await shown(page);
  await page.getByLabel("Category", { exact: true }).selectOption("Comedy");
  await settled(page);
  same(await shown(page), list("--category", "Comedy"));
  for (const { key } of await shown(page)) assert.ok((await answer(`v1/items/${key}`)).categories.includes("Comedy"), key);
  await page.getByLabel("Category", { exact: true }).selectOption("");
  await page.getByLabel("Length").selectOption("20");
  await page.getByLabel("Variety").fill("0.4");
  await page.getByLabel("Less popular").fill("0.5");
  await page.getByLabel("Of one category").selectOption("3");
  await settled(page);
  const varied = ["-k", "20", "--diversity", "0.4", "--damp-popularity", "0.5", "--category-cap", "3"];
  same(await shown(page), list(...varied));
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("Variety").inputValue(), "0.4");
  same(await shown(page), list(...varied));
  await page.goto(`${service.url}#user=${USER}&include_seen=true`);
  await settled(page);
  same(await shown(page), list("--include-seen"));
  await page.goto(`${service.url}#user=${USER}`);
  await settled(page);
  await page.getByRole("button", { name: `Leave out ${usual[0].title}` }).click();
  await settled(page);
  assert.deepEqual((await shown(page)).slice(0, 9).map(({ key }) => key), usual.slice(1).map(({ key }) => key));
  assert.equal(address(page).get("exclude"), usual[0].key);
  await sound(page);
  await page.getByRole("button", { name: `Not ${usual[0].title}: allow it again` }).click();
  await settled(page);
  assert.deepEqual((await shown(page)).map(({ key }) => key), usual.map(({ key }) => key));
  assert.deepEqual(page.complaints, []);
});

test("everything can be reached by keyboard alone, and focus is seen", async () => {
  const page = await open(`${service.url}#user=${USER}`);
  await page.evaluate(() => document.activeElement.blur());
  const controls = await page.locator("a:visible, button:visible, input:visible, select:visible, summary:visible").count();
  const reached = new Set();
  for (let step = 0; step < controls + 5; step += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const node = document.activeElement;
      if (node === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(node);
      const all = [...document.querySelectorAll("a, button, input, select, summary")];
      return { at: all.indexOf(node), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1, html: node.outerHTML.slice(0, 90) };
    });
    if (!now) break;
    assert.ok(now.seen, `focus is not seen on ${now.html}`);
    reached.add(now.at);
    if (step === 0) assert.match(now.html, /Skip to the content/);
  }
  assert.ok(reached.size >= controls, `${reached.size} of ${controls}`);
  await page.getByLabel("Less popular").focus();
  const before = await shown(page);
  for (let press = 0; press < 10; press += 1) await page.keyboard.press("ArrowRight");
  await settled(page);
  await page.waitForURL(/damp_popularity=0.5/);
  await settled(page);
  assert.notDeepEqual((await shown(page)).map(({ key }) => key), before.map(({ key }) => key));
  assert.equal(await page.evaluate(() => document.activeElement.id), "f-damp_popularity", "the control keeps the focus");
});

test("a narrow screen shows everything without scrolling sideways", async () => {
  for (const width of [360, 320]) {
    for (const hash of ["", `#user=${USER}`, "#new=0133093&new=0109830", `#item=${MATRIX}`]) {
      const page = await open(service.url + hash, { viewport: { width, height: 740 } });
      await sound(page);
      if (hash.startsWith("#user")) {
        await picture(page, `user-${width}`);
        await page.locator(".filters summary").click();
        await sound(page);
      }
      if (hash.startsWith("#new")) await picture(page, `new-${width}`);
      await page.context().close();
    }
  }
});

test("the page of the API has a form for every route", async () => {
  const page = await open(`${service.url}api`);
  await page.locator(".route").first().waitFor();
  const { paths } = await answer("openapi.json");
  const routes = Object.values(paths).flatMap(Object.keys).length;
  assert.equal(await page.locator(".route").count(), routes);
  const route = page.locator(".route", { hasText: "/v1/users/{key}/recommendations" });
  await route.locator("summary").click();
  await route.getByLabel("key", { exact: true }).fill(USER);
  await route.getByLabel("k", { exact: true }).fill("3");
  await route.getByRole("button", { name: "Send" }).click();
  await route.getByRole("status").filter({ hasText: "200" }).waitFor();
  const told = JSON.parse((await route.getByRole("status").textContent()).split("\n").slice(1).join("\n"));
  assert.deepEqual(told.items.map(({ item }) => item), listed("recommend", "--run", "films", "--user", USER, "-k", "3").map(([key]) => key));
  await sound(page);
  await picture(page, "api-light", false);
  await page.emulateMedia({ colorScheme: "dark" });
  await sound(page);
});

test("what the service refuses is told in its words", async () => {
  const page = await open(`${service.url}#item=no-such-item`);
  const alert = page.getByRole("alert").filter({ hasText: "unknown item `no-such-item`" });
  await alert.waitFor();
  await page.goto(`${service.url}#user=${USER}&k=100000`);
  await page.getByRole("alert").filter({ hasText: "`k` is 100000" }).waitFor();
  await page.goto(`${service.url}#user=nobody-at-all`);
  await page.getByText("this is what is popular").waitFor();
  await page.getByText("the run does not know this user").waitFor();
});

test("one run has no arms; two are set beside each other", async () => {
  const page = await open(`${service.url}#user=${USER}`);
  assert.equal(await page.getByLabel("Arms beside each other").count(), 0);
  if (!sagebrush("serve", "--help").includes("--also")) return;
  sagebrush("train", "--bundled", "--model", "popularity", "--split", "random", "--out", "plain", "-q");
  const two = await serve("--run", "films", "--also", "plain=10%");
  const both = await open(`${two.url}#user=${USER}`);
  await both.getByLabel("Arms beside each other").check();
  await settled(both);
  same(await shown(both, 0), listed("recommend", "--run", "films", "--user", USER));
  same(await shown(both, 1), listed("recommend", "--run", "plain", "--user", USER));
  await both.getByRole("heading", { name: "Arm plain" }).waitFor();
  await sound(both);
  await picture(both, "arms-light");
  await two.stop();
});

test("a service that is gone is told", async () => {
  const gone = await serve("--run", `${folder}/films`);
  const page = await open(`${gone.url}#user=${USER}`);
  await gone.stop();
  await page.getByLabel("Length").selectOption("5");
  await page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
});
