// The page of the API: every route of the OpenAPI document, with a form to try it.

import { authorized } from "./client.js";
import { at, el } from "./dom.js";

const KEPT = "sagebrush-token";

/// A value that has the form of a schema.
function example(schema, all) {
  if (schema.$ref) return example(all[schema.$ref.split("/").pop()], all);
  if (schema.oneOf) return example(schema.oneOf[0], all);
  const kind = [schema.type].flat()[0];
  if (kind === "array") return [example(schema.items, all)];
  if (kind === "object") {
    const members = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
    return Object.fromEntries(members.map(([name, inner]) => [name, example(inner, all)]));
  }
  return { integer: 0, number: 0, boolean: false }[kind] ?? "key";
}

async function send(method, path, operation, box, output) {
  let url = path.slice(1);
  const query = new URLSearchParams();
  for (const parameter of operation.parameters ?? []) {
    const { value } = box.querySelector(`input[name="${parameter.name}"]`);
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value) query.append(parameter.name, value);
  }
  const body = box.querySelector("textarea")?.value;
  const headers = authorized(body === undefined ? {} : { "content-type": "application/json" });
  output.hidden = false;
  try {
    const answer = await fetch(`./${url}${query.size ? `?${query}` : ""}`, { method, headers, body });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    output.textContent = `${answer.status}\n${isJson ? JSON.stringify(JSON.parse(text), null, 2) : text}`;
  } catch (error) {
    output.textContent = String(error);
  }
}

function route(method, path, operation, all) {
  const id = `${method}-${path}`;
  const fields = (operation.parameters ?? []).map(({ name, description }) =>
    el("div", { class: "field" }, el("label", { for: `${id}-${name}` }, el("code", {}, name)),
      el("input", { id: `${id}-${name}`, name, autocomplete: "off", spellcheck: "false" }), el("small", {}, description)));
  const schema = operation.requestBody?.content["application/json"].schema;
  const body = schema && el("div", { class: "field wide" }, el("label", { for: `${id}-body` }, "Body"),
    el("textarea", { id: `${id}-body`, rows: "8", spellcheck: "false", value: JSON.stringify(example(schema, all), null, 2) }));
  const output = el("pre", { hidden: true, role: "status", tabindex: "0", "aria-label": "The answer" });
  const box = el("details", { class: "route" }, el("summary", {}, el("b", {}, method), " ", el("code", {}, path), " ",
    el("span", { class: "quiet" }, operation.summary)),
    operation.description && el("p", {}, operation.description), el("div", { class: "fields" }, fields, body),
    el("p", {}, el("button", { class: "main", onclick: () => send(method, path, operation, box, output) }, "Send")), output);
  return box;
}

at("token").value = sessionStorage.getItem(KEPT) ?? "";
at("token").addEventListener("change", (event) => sessionStorage.setItem(KEPT, event.target.value.trim()));

const api = await (await fetch("openapi.json")).json();
at("about").textContent = api.info.description;
for (const { name, description } of api.tags) {
  const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).filter(([, operation]) => operation.tags?.includes(name))
      .map(([method, operation]) => route(method.toUpperCase(), path, operation, api.components.schemas)));
  at("routes").append(el("h2", {}, description), ...routes);
}
