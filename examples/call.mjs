/**
 * Ask a running page from JavaScript: `node examples/call.mjs [ADDRESS [PICTURE [RECORDING]]]`.
 *
 * Nothing is installed: these are three plain requests, the same in Node 18 or later and in a browser (there, the page's
 * own). The package `@gradio/client` does the same behind `Client.connect(address)` and `client.predict("/predict", {...})`.
 */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";

const [address = "http://127.0.0.1:7860", ...files] = process.argv.slice(2);
const api = `${address.replace(/\/$/, "")}/gradio_api`;

/** A file on its way there; it is deleted within minutes. */
async function upload(path) {
  const body = new FormData();
  body.append("files", new Blob([await readFile(path)]), basename(path));
  const answer = await fetch(`${api}/upload`, { method: "POST", body });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const [there] = await answer.json();
  return { path: there, meta: { _type: "gradio.FileData" } };
}

/** What an endpoint answers to inputs by name. A refusal says why, in words for a person. */
async function call(endpoint, inputs) {
  const headers = { "Content-Type": "application/json" };
  const asked = await fetch(`${api}/call/v2/${endpoint}`, { method: "POST", headers, body: JSON.stringify(inputs) });
  if (!asked.ok) throw new Error((await asked.json()).detail); // 429: "Retry-After" has the seconds
  const { event_id: event } = await asked.json();
  const told = await (await fetch(`${api}/call/${endpoint}/${event}`)).text();
  const [name, data] = told.trim().split("\n\n").at(-1).split("\n"); // events before the last say that it still runs
  const value = JSON.parse(data.replace("data: ", ""));
  if (name !== "event: complete") throw new Error(value.error);
  return value;
}

const text = "three, no wait, five";
const [image = null, audio = null] = await Promise.all(files.map(upload));
const [answer] = await call("predict", { text, image, audio });
console.log(JSON.stringify({ label: answer.label, probability: answer.probability, used: answer.used }));

const [why, trace] = await call("explain", { text, trace: "json" });
const loudest = why.steps.reduce((a, b) => (Math.abs(b.evidence) > Math.abs(a.evidence) ? b : a));
const whole = await (await fetch(trace.url)).json(); // every gate and state of every unit at every step
console.log(JSON.stringify({ sentences: why.sentences, loudest: loudest.text, units: whole.steps[0].i.length }));
