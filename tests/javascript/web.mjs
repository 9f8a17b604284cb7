/**
 * The page's modules, by their names, wherever under mmdemo/web they lie; and as much of a browser as those need that
 * only reckon: the page's words. Whatever draws is tested in a browser (tests/browser).
 */

import { Buffer } from "node:buffer";
import { readFileSync, readdirSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const PACKAGE = new URL("../../mmdemo/", import.meta.url);

// No package.json tells Node that these are modules, since browsers need none.
const asModules = `export const load = (url, context, next) =>
  next(url, url.endsWith(".js") ? { ...context, format: "module" } : context);`;
register(`data:text/javascript,${encodeURIComponent(asModules)}`);

function find(folder, file) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    const found = entry.isDirectory() ? find(path, file) : entry.name === file ? path : null;
    if (found) return found;
  }
  return null;
}

/** Import a module of the page: await load("packed"). */
export function load(name) {
  const path = find(fileURLToPath(new URL("web", PACKAGE)), `${name}.js`);
  if (!path) throw new Error(`There is no ${name}.js under mmdemo/web`);
  return import(pathToFileURL(path));
}

const words = Object.fromEntries(
  ["en", "zh"].map((code) => [code, JSON.parse(readFileSync(new URL(`strings/${code}.json`, PACKAGE), "utf8"))]),
);
globalThis.document = {
  documentElement: {},
  getElementById: (id) => (id === "mm-words" ? { textContent: JSON.stringify(words), dataset: {} } : null),
  querySelector: () => null,
  querySelectorAll: () => [],
};
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"] }, configurable: true });

/** An array as Plotly's Python package packs it; rows of numbers where it has a width. */
export function packed(values, dtype = "f4", shape = null) {
  const bytes = dtype === "f4" ? new Uint8Array(Float32Array.from(values).buffer) : Uint8Array.from(values);
  const bdata = Buffer.from(bytes).toString("base64");
  return shape ? { dtype, bdata, shape: shape.join(", ") } : { dtype, bdata };
}

/** Whether numbers agree to a millionth. */
export const near = (one, other) => Math.abs(one - other) < 1e-6;
