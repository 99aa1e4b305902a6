// What the tests of the page share: runs, a service that ends with the tests, a browser that complains of nothing.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(process.env.MODULES);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PROGRAM = process.env.PROGRAM;
const SWITCHES = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const folder = mkdtempSync(join(tmpdir(), "sagebrush-page-"));
const running = [];

/// Runs the program, and returns what it printed.
export function sagebrush(...given) {
  const env = { ...process.env, SAGEBRUSH_LEDGER: "off" };
  return execFileSync(PROGRAM, given, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
}

/// The items that the program lists, by key and score.
export function listed(...given) {
  return JSON.parse(sagebrush(...given, "--json")).map(({ item, score }) => [String(item), score]);
}

/// A service of a run, on a free port: where it is, and how to end it.
export async function serve(...given) {
  const service = spawn(PROGRAM, ["serve", "--port", "0", "--read-only", ...given], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  running.push(service);
  for await (const line of createInterface({ input: service.stdout })) {
    const url = line.match(/^listening on (\S+),/)?.[1];
    assert.ok(url, line);
    const stop = async () => {
      service.kill();
      await once(service, "exit");
    };
    return { url: `${url}/`, stop };
  }
  throw new Error("the service ended");
}

let browser;

/// A page of its own session. What it logs as an error, asks of other machines or throws is in `complaints`.
export async function open(url, options = {}) {
  browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: SWITCHES });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => complaints.push(`a dialog: ${dialog.message()}`) && dialog.dismiss());
  const ours = /^http:\/\/127\.0\.0\.1:/;
  page.on("request", (request) => ours.test(request.url()) || complaints.push(`asked ${request.url()}`));
  if (url !== "about:blank") {
    await page.goto(url);
    await settled(page);
  }
  return Object.assign(page, { complaints });
}

/// Waits until nothing is loaded any more.
export async function settled(page) {
  await page.waitForFunction(() =>
    document.querySelector("dialog[open]") || (document.querySelector("h1, .alert") && !document.querySelector("[aria-busy]")));
}

/// Asserts that a page says nothing wrong of itself, that axe-core finds no fault, and that nothing is wider than the window.
export async function sound(page) {
  assert.deepEqual(page.complaints, []);
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
  // Evaluated by the driver, beside the page's own policy.
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes[0].html} (${nodes[0].failureSummary})`);
  assert.deepEqual(told, []);
  assert.ok(passes.length > 20, "axe-core looked at the page");
  const [width, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(width <= window, `${width} wide in a window of ${window}`);
}

/// The places of the list that is shown: keys, and the texts of their rows.
export const shown = (page, at = 0) =>
  page.locator(".result ol.places").nth(at).locator("li").evaluateAll((rows) => rows.map((row) => ({
    key: new URLSearchParams(row.querySelector(".name a").hash.slice(1)).get("item"),
    title: row.querySelector(".name a").textContent, text: row.textContent,
    score: Number(row.querySelector(".score").childNodes[1].textContent.replaceAll(",", "")),
    shares: [...row.querySelectorAll(".part b")].map((share) => share.textContent),
  })));

/// Asserts that a list holds what the program lists.
export function same(places, expected) {
  assert.deepEqual(places.map(({ key }) => key), expected.map(([key]) => key));
  places.forEach(({ score }, at) => assert.ok(Math.abs(score - expected[at][1]) <= 0.006 * Math.abs(expected[at][1]), `score ${at}`));
}

/// A picture, where somebody wants to look.
export async function picture(page, name, fullPage = true) {
  if (!process.env.SHOTS) return;
  mkdirSync(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage });
}

export async function end() {
  await browser?.close();
  for (const service of running) service.kill();
  rmSync(folder, { recursive: true });
}
