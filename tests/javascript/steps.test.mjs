import assert from "node:assert/strict";
import test from "node:test";

import { load, near, packed } from "./web.mjs";

const { beliefsOf, insideAt, runs } = await load("steps");

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

test("the inside of a cell is that of a unit, or the mean, and what is kept and written adds up", () => {
  const gate = (key, codes) => ({ meta: { row: "units", key, kind: "gate" }, zmax: 255, z: packed(codes, "u1", [2, 2]) });
  const round = (key, kind, codes, high = 1) => ({ meta: { row: "units", key, kind, high }, zmax: 254, z: packed(codes, "u1", [2, 2]) });
  const data = [
    gate("i", [255, 51, 0, 255]), gate("f", [0, 51, 255, 0]), gate("o", [255, 255, 0, 0]),
    round("g", "signed", [254, 127, 127, 0]), round("h", "signed", [254, 127, 0, 127]), round("c", "cell", [254, 127, 127, 0], 4),
  ]; // prettier-ignore
  const payload = { order: [1, 0], figure: { data } };
  const first = insideAt(payload, 1, 0);
  assert.ok(near(first.before, 4) && near(first.kept, 0.8) && near(first.f, 0.2) && near(first.c, 0));
  const other = insideAt(payload, 1, 1);
  assert.ok(near(other.c, -4) && near(other.wrote, -1));
  const mean = insideAt(payload, 1);
  assert.ok(near(mean.c, -2) && near(mean.kept, 0.4) && near(mean.wrote, -0.5)); // means of products
  assert.equal(insideAt(payload, 0, 0).before, 0); // before the first step there is nothing
});
