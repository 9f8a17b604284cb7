import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const words = await load("words");

test("the browser's language is spoken, and every key has its sentence", () => {
  assert.equal(words.language(), "en");
  assert.deepEqual(Object.keys(words.languages), ["en", "zh"]);
  assert.equal(words.say("modality.text"), words.sentences()["modality.text"]);
  assert.equal(words.find("no.such"), null);
  assert.equal(words.say("no.such"), "no.such");
});

test("what somebody typed is never looked up among an object's own parts", () => {
  for (const key of ["constructor.name", "__proto__.x", "modality.constructor"]) assert.equal(words.find(key), null);
  assert.equal(words.name("constructor"), "constructor");
});

test("labels and modalities have names, anything else is what it is", () => {
  assert.equal(words.name("a stranger"), "a stranger");
  assert.equal(words.name(1234.5), "1,234.5");
  assert.equal(words.list(["a", "b", "c"]), "a, b, and c");
});

test("no probability is rounded up to certainty", () => {
  const shown = [0, 0.126, 0.99, 0.9949, 0.9991, 1].map((p) => words.percent(p).replaceAll("\u00a0", " "));
  assert.deepEqual(shown, ["0 %", "13 %", "99 %", "99.5 %", "> 99.9 %", "> 99.9 %"]);
});

test("gaps are set apart, with the per cent sign that follows", () => {
  const key = Object.entries(words.sentences()).find(([, sentence]) => /\{\w+\}/.test(sentence))[0];
  const gap = words.sentences()[key].match(/\{(\w+)\}/)[1];
  const found = words.pieces(key, { [gap]: "$&" }); // which a replacement would read as a pattern
  assert.ok(found.some((piece) => piece.gap === gap && piece.text.startsWith("$&")));
  assert.equal(words.pieces(key).map(({ text }) => text).join(""), words.sentences()[key]);
});

test("whoever listens is told of another language, until they end it", () => {
  const told = [];
  const end = words.onLanguage((code) => told.push(code));
  words.speak("zh");
  end();
  words.speak("en");
  assert.deepEqual(told, ["zh"]);
});
