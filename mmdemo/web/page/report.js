/**
 * A report: one reading in a file of its own (mmdemo/app/report.py), with no server to ask; the inspector asks what
 * answers it has kept. It has no top-level await, which WebKit gets wrong; what fails is said in the file itself.
 */

import { recaller } from "../core/ask.js";
import { make } from "../core/dom.js";
import { find, name, onLanguage, say, sentences, speak, speakOf, translate } from "../core/words.js";
import { draw } from "../drawing/drawing.js";
import { inspect } from "../inspect/inspector.js";
import { answer } from "./answer.js";
import { offerLanguages } from "./languages.js";

const { said, figure, replies, language: first } = JSON.parse(document.getElementById("mm-reading").textContent);
const system = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.body.classList.toggle("dark", system.matches);
system.addEventListener("change", dress);
dress();
speakOf(said.task);
speak(first);

const keyed = (tag, key) => {
  const element = make(tag);
  element.dataset.key = key;
  return element;
};
const task = make("p");
const segments = make("div", { className: "mm-segments", role: "group" });
segments.dataset.keyLabel = "page.language";
offerLanguages(segments);
const decided = make("section", {}, make("p", { className: "mm-spoken" }), make("div", { className: "mm-card mm-answer" }));
const frame = make("div", { className: replies.length ? "" : "mm-silent" });
const inspector = make("div");
const drawn = make("div", { id: "drawing" }, make("div", { className: "mm-card" }, frame, inspector));
const main = document.querySelector("main");
main.className = "gradio-container";
main.append(make("header", {}, make("div", {}, keyed("h1", "take.report_title"), task), segments), decided, drawn);

const show = () => {
  document.title = `${name(said.label)} · ${say("take.report_title")}`;
  task.textContent = say("take.report_task", { task: find(`task.${said.task}`) ?? said.task });
  const named = { ...figure, labels: figure.labels.map(name) };
  inspect(inspector, frame, named, { strings: sentences(), ask: replies.length ? recaller(replies) : undefined });
  draw(frame, named, { strings: sentences() });
};

answer({ element: decided, props: { value: JSON.stringify(said) }, watch() {} });
translate(document);
try {
  onLanguage(show);
  show();
} catch (error) {
  console.error("The drawing of the report failed:", error);
  const failed = keyed("p", "take.report_failed");
  Object.assign(failed, { className: "mm-failed", role: "alert" });
  frame.replaceChildren(failed);
  translate(drawn);
}
