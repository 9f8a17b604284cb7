import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { ask, heldWords, resetWords, sentencesOf } = await load("findings");

const unit = { unit: 9, gate: "i", n: 40, there: [0.73, 0.7, 0.76], elsewhere: [0.016, 0.01, 0.02], auroc: [0.988, 0.97, 0.99] };
const found = {
  detectors: [unit],
  reset: { ...unit, unit: 76, gate: "f" },
  gates: { named: { n: 40, i: [0.61, 0.6, 0.62], f: [0.66, 0.6, 0.7], o: [0.5, 0.4, 0.6] } },
  held: { n: 49, kept: 49, share: [1, 0.93, 1] },
};

test("what was found is said, with units counted from 1", () => {
  const words = sentencesOf(found);
  assert.equal(words.length, 4);
  assert.match(words[0], /10.*0\.73.*0\.02.*0\.99/);
  assert.match(words[1], /77/);
  assert.match(words[2], /40.*0\.66.*0\.61/);
  assert.match(words[3], /49.*49.*100/);
  assert.ok(words.every((sentence) => !/[{}]/.test(sentence)));
});

test("what was not found is not said", () => {
  assert.deepEqual(sentencesOf({ sentences: 0 }), []);
  assert.equal(heldWords({}), "");
  assert.equal(resetWords({}), "");
});

test("nobody who answers means no findings", async () => {
  assert.deepEqual(await ask({ ask: null }), {});
  assert.deepEqual(await ask({ ask: async () => Promise.reject(new Error("lost")) }), {});
  assert.deepEqual(await ask({ ask: async () => ({ findings: found }) }), found);
});
