import assert from "node:assert/strict";
import test from "node:test";

import { load, near } from "./web.mjs";

const { number } = await load("teach");
const { ledger } = await load("worked");
const { floorOf, share } = await load("curves");

test("two decimals, a true minus, and none before nothing", () => {
  assert.deepEqual([1, -0.5, -0.004, -0.006].map((value) => number(value)), ["1.00", "−0.50", "0.00", "−0.01"]);
  assert.equal(number(-0.0004, 3), "0.000");
});

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

test("only all is a hundred per cent", () => {
  const shown = [1, 0.9934, 0.9996, 0.99996, 0].map((p) => share(p).replace("\u00a0", " "));
  assert.deepEqual(shown, ["100 %", "99.3 %", "99.96 %", "99.996 %", "0.0 %"]);
});

test("an axis of accuracies begins at a round number below the lowest", () => {
  assert.deepEqual([[0.97, 0.91], [0.9], [0.72, 1], [0.5], [0.1]].map(floorOf), [0.9, 0.85, 0.7, 0.25, 0]);
});
