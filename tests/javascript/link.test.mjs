import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

globalThis.location ??= { hash: "", search: "" };
globalThis.addEventListener ??= () => {};
globalThis.matchMedia ??= () => ({ matches: false, addEventListener() {} });
document.addEventListener = () => {};
const { changeOf, choiceOf, wordsOf } = await load("link");

test("a what-if in an address", () => {
  assert.deepEqual(changeOf("4_6_f_1", 6), { start: 3, stop: 6, gate: "f", value: 1 });
  assert.deepEqual(changeOf("6_6_out_", 6), { start: 5, stop: 6, gate: null, value: null });
  assert.deepEqual(changeOf("1_2_g_-0.5", 6), { start: 0, stop: 2, gate: "g", value: -0.5 });
});

test("what is none is left alone: an address may be anybody's", () => {
  for (const words of [null, "", "x", "0_1_out_", "3_2_out_", "1_7_out_", "1_2_f_2", "1_2_f_", "1_2_f_-1", "1_2_z_1", "1.5_2_out_"]) {
    assert.equal(changeOf(words, 6), null, words);
  }
});

const LABELS = ["two", "three", "five"];
const FIRST = { about: 2, against: null, map: null, order: "by_action", band: "f", unit: null };
const FIGURE = { order: [2, 0, 1], figure: { data: [{ meta: { row: "units", key: "f" } }, { meta: { row: "units", key: "c" } }, { meta: { row: "gates", key: "o" } }] } };

test("what is chosen in the drawing goes into an address, and comes back", () => {
  assert.deepEqual(wordsOf(FIRST, FIRST, LABELS), []);
  const chosen = { about: 1, against: 0, map: "c", order: "by_number", band: "o", unit: 2 };
  const parts = new URLSearchParams(wordsOf(chosen, FIRST, LABELS));
  assert.equal(parts.toString(), "map=c&units=by_number&band=o&for=three&against=two&unit=3");
  assert.deepEqual(choiceOf(parts, FIGURE, LABELS), chosen);
  const mean = wordsOf({ ...FIRST, against: null }, { ...FIRST, against: 1 }, LABELS);
  assert.deepEqual(mean, [["against", ""]]);
  assert.equal(choiceOf(new URLSearchParams(mean), FIGURE, LABELS).against, null);
});

test("what is not there to be chosen is left out", () => {
  const none = { map: undefined, order: undefined, band: undefined, about: undefined, against: undefined, unit: undefined };
  for (const words of ["", "map=o&units=x&band=g&for=nine&against=nine&unit=4", "map=&units=&band=&for=&unit=0", "unit=1.5&map=constructor"]) {
    assert.deepEqual(choiceOf(new URLSearchParams(words), FIGURE, LABELS), none, words);
  }
});
