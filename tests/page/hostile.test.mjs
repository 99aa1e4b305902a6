// Data that would be a script, and a service that asks for a token.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { end, folder, open, sagebrush, serve, settled, shown, sound } from "./harness.mjs";

const TITLES = {
  "<img src=x onerror=alert(1)>": "<img src=x onerror=\"document.title='taken'\">",
  "a/b?c#d%2F&e=f": "</li></ol><script>alert(2)</script>",
  "\"'`;": "<svg/onload=alert(3)>{{7*7}}${7*7}",
  "javascript:alert(4)": "javascript:alert(4)",
  "ключ 1": "\u202eRight to left‮ и <b>жирный</b>",
  plain: "x".repeat(300),
};
const KEYS = Object.keys(TITLES);
const USER = "<script>alert(5)</script>/..";
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

before(() => {
  const rows = ["user_id,item_id,rating,timestamp"];
  for (let user = 0; user < 60; user += 1) {
    for (let step = 0; step < 3; step += 1) {
      const name = user === 0 ? USER : `user ${user}`;
      rows.push([quoted(name), quoted(KEYS[(user + step * (1 + (user % 2))) % KEYS.length]), 5, 1_600_000_000 + user * 1000 + step].join(","));
    }
  }
  writeFileSync(join(folder, "log.csv"), rows.join("\n"));
  const items = KEYS.map((key) => [quoted(key), quoted(TITLES[key]), quoted("<b>bold</b>")].join(","));
  writeFileSync(join(folder, "items.csv"), ["item_id,title,genres", ...items].join("\n"));
  sagebrush("train", "log.csv", "--items", "items.csv", "--model", "item-knn", "--out", "hostile", "-q");
});
after(end);

test("keys and titles stay texts", async () => {
  const service = await serve("--run", "hostile");
  const page = await open(service.url);
  const images = () => page.locator("img").evaluateAll((all) => all.map((image) => image.getAttribute("src")));
  const views = ["#", `#${new URLSearchParams({ user: USER })}`, `#${new URLSearchParams({ new: KEYS[0] })}&${new URLSearchParams({ new: KEYS[1] })}`,
    ...KEYS.map((item) => `#${new URLSearchParams({ item })}`)];
  for (const hash of views) {
    await page.goto(service.url + hash);
    await settled(page);
    await sound(page);
    assert.deepEqual(await images(), ["assets/icon.svg"]);
    assert.equal(await page.locator("main script, main svg, main b:not(.part b)").count(), 0);
    assert.notEqual(await page.title(), "taken");
  }
  await page.goto(`${service.url}#${new URLSearchParams({ user: USER })}`);
  await settled(page);
  assert.equal(await page.locator("h1").textContent(), USER);
  for (const { key, title } of await shown(page)) assert.equal(title.trim(), TITLES[key].trim());
  await page.getByRole("combobox").first().fill("onerror");
  await page.getByRole("option", { name: TITLES[KEYS[0]] }).first().click();
  await settled(page);
  assert.equal(await page.locator("h1").textContent(), TITLES[KEYS[0]]);
  for (const link of await page.locator("main a").evaluateAll((links) => links.map(({ protocol }) => protocol))) assert.equal(link, "http:");
  assert.deepEqual(page.complaints, []);
  await service.stop();
});

test("nothing but the files of the page runs in it", async () => {
  const service = await serve("--run", "hostile");
  for (const path of ["", "api", "assets/app.js", "assets/style.css"]) {
    const answer = await fetch(service.url + path);
    const policy = answer.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/);
    assert.ok(!policy.includes("unsafe"), policy);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    const again = await fetch(service.url + path, { headers: { "if-none-match": answer.headers.get("etag") } });
    assert.equal(again.status, 304);
  }
  const page = await open(service.url);
  const injected = await page.evaluate(() => {
    try {
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)>");
      return "taken";
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(injected, "TypeError", "trusted types refuse HTML");
  assert.equal((await fetch(`${service.url}assets/..%2fmod.rs`)).status, 404);
  assert.equal((await fetch(`${service.url}assets/mod.rs`)).status, 404);
  await service.stop();
});

test("a token is asked for once and kept in the tab", async () => {
  writeFileSync(join(folder, "tokens"), "page:right-one\n");
  const service = await serve("--run", "hostile", "--token-file", "tokens");
  for (const path of ["catalogue", "users", "items?query=x", "users/u", "items/plain"]) {
    assert.equal((await fetch(`${service.url}v1/${path}`)).status, 401, path);
  }
  const page = await open(service.url);
  const field = page.getByLabel("Bearer token");
  await field.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "token-value");
  await field.fill("wrong-one");
  await page.keyboard.press("Enter");
  await page.getByText("does not know this token").waitFor();
  await field.fill("right-one");
  await page.keyboard.press("Enter");
  await page.locator(".rows").first().waitFor();
  await page.goto(`${service.url}#user=user+3`);
  await page.reload();
  await settled(page);
  assert.equal(await page.locator("dialog[open]").count(), 0, "it is asked for once");
  assert.ok((await shown(page)).length > 0);
  const kept = await page.evaluate(() => [JSON.stringify(localStorage), document.cookie, location.href, sessionStorage.length]);
  assert.deepEqual(kept, ["{}", "", `${service.url}#user=user+3`, 1]);
  // That a request was answered 401 is all that may be complained of.
  assert.ok(page.complaints.every((complaint) => complaint.includes("401")), `${page.complaints}`);
  const other = await open(service.url);
  await other.getByLabel("Bearer token").waitFor();
  await service.stop();
});
