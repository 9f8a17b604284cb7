/** The page's words: one file per language, one language at a time, changed in place. */

import { attempt, store } from "./dom.js";

const LANGUAGES = { en: "EN", zh: "中文" };

// They come with the document: a module that waits for a file (a top-level await) never wakes all of its importers in WebKit.
const given = document.getElementById("mm-words");
const trees = JSON.parse(given.textContent);
const listeners = new Set();
let all = null; // what sentences() has put together, and of which language and task
let task = document.querySelector("#task input:checked")?.value ?? given.dataset.task ?? null; // some sentences are a task's own
let current = [store.get("language"), ...navigator.languages.map((code) => code.slice(0, 2)), "en"].find((code) => code in trees);

/** The languages that can be chosen: code -> how it calls itself. */
export const languages = LANGUAGES;

/** The code of the language in use. */
export const language = () => current;

/** The sentence behind a dotted key, its {gaps} filled; null where there is none. */
export function find(key, values = {}) {
  return sentence(key)?.replace(/\{(\w+)\}/g, (gap, at) => (Object.hasOwn(values, at) ? name(values[at]) : gap)) ?? null;
}

/** The sentence behind a dotted key, its {gaps} filled; the key itself where there is none. */
export const say = (key, values) => find(key, values) ?? key;

/** The same with what fills the gaps set apart, a following per cent sign included: [{text, gap}], gap null in between. */
export function pieces(key, values = {}) {
  const parts = (sentence(key) ?? key).split(/(\{\w+\}(?:\s?%)?)/);
  return parts.filter(Boolean).map((part) => {
    const gap = part.match(/^\{(\w+)\}/)?.[1] ?? null;
    return { gap, text: gap !== null && Object.hasOwn(values, gap) ? part.replace(`{${gap}}`, () => name(values[gap])) : part };
  });
}

/** All sentences of the language in use, by dotted key. */
export function sentences() {
  if (all?.current === current && all.task === task) return all.words;
  const words = {};
  for (const [section, tree] of Object.entries(trees[current])) {
    for (const [key, sentence] of Object.entries(tree)) words[`${section}.${key}`] = sentence;
  }
  all = { current, task, words: Object.assign(words, trees[current][`of_${task}`]) };
  return words;
}

/** Every spelling of a section's sentences, in any language -> its key. */
export function spellings(section) {
  const entries = Object.values(trees).flatMap((tree) => Object.entries(tree[section]));
  return new Map(entries.map(([entry, words]) => [words, `${section}.${entry}`]));
}

/** What we call a modality or a label; anything else, numbers included, is called what it is. */
export function name(value) {
  if (typeof value === "number") return value.toLocaleString(current);
  return find(`modality.${value}`) ?? find(`label.${value}`) ?? String(value);
}

/** Several names as a phrase: "words, picture and sound". */
export const list = (values) => new Intl.ListFormat(current).format(values.map(name));

/** A probability as a percentage, never rounded up to certainty. */
export function percent(p) {
  const [shown, sign] = p > 0.999 ? [0.999, ">\u00a0"] : [p, ""];
  const digits = shown > 0.99 ? 1 : 0;
  return `${sign}${(100 * shown).toLocaleString(current, { maximumFractionDigits: digits })}\u00a0%`;
}

/** Put words into all of root's elements that name a key: data-key (text), data-key-label (accessible name). */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-key]")) {
    const words = say(element.dataset.key);
    if (element.textContent !== words) element.textContent = words; // a press on it may have begun: see tour.js
  }
  for (const element of root.querySelectorAll("[data-key-label]")) {
    element.setAttribute("aria-label", say(element.dataset.keyLabel));
  }
}

/** Call back after every change of the language, or of the task. Returns a function that ends it. */
export function onLanguage(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

/** Change the language of everything in sight. */
export function speak(code) {
  current = code;
  store.set("language", code);
  document.documentElement.lang = code;
  tellAll();
}

/** Say everything in sight as it is said of a task: a section `of_TASK` has sentences of its own, by their whole keys. */
export function speakOf(name) {
  if (!name || name === task) return;
  task = name;
  tellAll();
}

function tellAll() {
  translate(document);
  for (const callback of listeners) attempt(callback, current);
}

/** The sentence behind a dotted key, gaps and all: the task's own, if it has one. */
const sentence = (key) => [trees[current], trees.en].map((tree) => lookUp(tree, `of_${task}`, key) ?? lookUp(tree, ...key.split(".", 2))).find((found) => found !== null) ?? null;

/** Own properties only: part of a key may be anything that a person typed. */
function lookUp(tree, section, entry) {
  const entries = Object.hasOwn(tree, section) ? tree[section] : {};
  return Object.hasOwn(entries, entry) ? entries[entry] : null;
}
