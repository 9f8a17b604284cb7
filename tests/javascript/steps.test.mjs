import assert from "node:assert/strict";
import test from "node:test";

import { load, packed } from "./web.mjs";

const { beliefsOf, runs } = await load("steps");

test("runs are stretches of steps of one modality", () => {
  const steps = ["text", "text", "image", "text"].map((modality) => ({ modality }));
  assert.deepEqual(runs(steps), [
    { modality: "text", start: 0, length: 2 },
    { modality: "image", start: 2, length: 1 },
    { modality: "text", start: 3, length: 1 },
  ]);
  assert.deepEqual(runs([]), []);
});

test("the answer's beliefs stand among the others in its place", () => {
  const data = [
    { meta: { row: "belief" }, z: packed([0.1, 0.2, 0, 0, 0.3, 0.4], "f4", [3, 2]) },
    { meta: { row: "belief" }, z: packed([0.6, 0.4], "f4", [1, 2]) },
    { meta: { row: "units" }, z: packed([1], "u1", [1, 1]) },
  ];
  const rows = beliefsOf({ figure: { data }, answer: 1 });
  assert.deepEqual(rows.map(([first]) => first.toFixed(1)), ["0.1", "0.6", "0.3"]);
});
