// Requests to this service: a token where it asks for one, and its own words where it cannot answer.

import { at } from "./dom.js";

const KEPT = "sagebrush-token";

/// What the service answers to a request that it cannot meet.
export class Fault extends Error {
  constructor(status, { error, remedy }) {
    super(error);
    this.status = status;
    this.remedy = remedy;
  }
}

/// The headers that carry the token.
export function authorized(headers = {}) {
  const token = sessionStorage.getItem(KEPT);
  return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
}

let heard = () => {};

/// Tells the id of the run that the newest answer comes from.
export function onRun(hears) {
  heard = hears;
}

/// The answer at a path below the service, `query` being pairs of names and values; a `body` is posted.
export async function ask(path, { query = [], body, signal } = {}) {
  const given = query.filter(([, value]) => value !== undefined && value !== "" && value !== null);
  const url = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  for (;;) {
    const sent = sessionStorage.getItem(KEPT);
    const answer = await reach(url, {
      method: body ? "POST" : "GET",
      headers: authorized(body ? { "content-type": "application/json" } : {}),
      body: body && JSON.stringify(body),
      signal,
    });
    if (answer.status === 401) {
      // Another request may have been given a token meanwhile.
      if (sessionStorage.getItem(KEPT) === sent) await askForToken(sent !== null);
      continue;
    }
    const json = await answer.json().catch(() => ({ error: `the answer, of status ${answer.status}, is no JSON` }));
    if (!answer.ok || json.error) throw new Fault(answer.status, json);
    if (json.run) heard(json.run);
    return json;
  }
}

async function reach(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault(0, { error: "The service cannot be reached", remedy: "see whether it runs, and try again" });
  }
}

let asking;

/// Asks for a token, once for however many requests wait for it.
function askForToken(wasWrong) {
  asking ??= new Promise((resolve) => {
    const dialog = at("token");
    at("token-value").value = "";
    at("token-wrong").textContent = wasWrong ? "The service does not know this token." : "";
    dialog.addEventListener(
      "close",
      () => {
        const token = at("token-value").value.trim();
        if (token) sessionStorage.setItem(KEPT, token);
        at("token-value").value = "";
        asking = undefined;
        resolve();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}

/// Runs only the newest of what it is given: what was begun before is abandoned.
export function newest() {
  let running;
  return async (work) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      return await work(mine.signal);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
}
