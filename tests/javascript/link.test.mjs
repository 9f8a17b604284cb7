import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

globalThis.location ??= { hash: "", search: "" };
globalThis.addEventListener ??= () => {};
globalThis.matchMedia ??= () => ({ matches: false, addEventListener() {} });
document.addEventListener = () => {};
const { changeOf } = await load("link");

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
