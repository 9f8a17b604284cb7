import assert from "node:assert/strict";
import test from "node:test";

import { load, near } from "./web.mjs";

const { ledger } = await load("worked");

test("the ledger that is worked by hand adds up to the cell and to the score", () => {
  const steps = [
    { word: "three", i: 0.5, f: 0.5, g: 1 },
    { word: "no", i: 1, f: 0.5, g: -0.5 },
    { word: "five", i: 1, f: 0.25, g: 0.75 },
  ];
  const { rows, cell, score } = ledger(steps, 0.5, 4);
  assert.deepEqual(rows.map(({ written, kept, left }) => [written, kept, left]), [[0.5, 0.125, 0.0625], [-0.5, 0.25, -0.125], [0.75, 1, 0.75]]); // prettier-ignore
  assert.equal(cell, 0.6875);
  assert.ok(near(score, 2 * Math.tanh(0.6875)));
  assert.ok(near(rows.reduce((sum, { evidence }) => sum + evidence, 0), score));
  assert.equal(ledger([{ word: "", i: 0, f: 1, g: 1 }]).score, 0); // an empty cell divides by nothing
});
