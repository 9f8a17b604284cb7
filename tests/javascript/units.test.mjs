import assert from "node:assert/strict";
import test from "node:test";

import { load, packed } from "./web.mjs";

const { neighbour, ordered, unitAt } = await load("units");
const { between, busiest } = await load("span");

test("units are ordered by when they act, by their number, or by what they carried", () => {
  const payload = { order: [2, 0, 1], ledger: { units: packed([0.5, 2, -1, 0, 0, 0], "f4", [2, 3]) } };
  const contrast = { about: 0, against: 1 };
  assert.deepEqual(ordered({ payload, order: "by_action", ...contrast }), [2, 0, 1]);
  assert.deepEqual(ordered({ payload, order: "by_number", ...contrast }), [0, 1, 2]);
  assert.deepEqual(ordered({ payload, order: "by_evidence", ...contrast }), [1, 0, 2]);
  assert.deepEqual(ordered({ payload, order: "by_evidence", about: 1, against: 0 }), [2, 0, 1]);
  assert.deepEqual(payload.order, [2, 0, 1]); // which is left as it was
});

test("a height within the heat map is a unit, beside it none", () => {
  const drawing = { places: { rows: { units: { top: 50, height: 50 } } }, units: [7, 8] };
  assert.deepEqual([49, 50, 74, 75, 99, 100].map((y) => unitAt(drawing, y)), [null, 7, 7, 8, 8, null]);
});

test("beyond the last unit there is none, and without one the first comes", () => {
  const units = [5, 3, 9];
  assert.equal(neighbour({ units, chosen: 3 }, 1), 9);
  assert.equal(neighbour({ units, chosen: 9 }, 1), 9);
  assert.equal(neighbour({ units, chosen: 5 }, -1), 5);
  assert.equal(neighbour({ units, chosen: null }, 1), 5);
  assert.equal(neighbour({ units, chosen: null }, -1), 9);
});

test("a span goes from the first to after the last, whichever way it was drawn", () => {
  assert.deepEqual(between(5, 2), { start: 2, stop: 6 });
  assert.deepEqual(between(2, 5), { start: 2, stop: 6 });
  assert.deepEqual(between(3, 3), { start: 3, stop: 4 });
});

test("the busiest units are those whose memory changes most, from nothing at the first step on", () => {
  // Codes around 100 are 0, 150 is +2 and 200 is +8 (by their root): four units, three steps.
  const z = packed([100, 100, 100, 150, 150, 150, 100, 200, 100, 100, 100, 150], "u1", [4, 3]);
  const map = { zmax: 200, z, meta: { key: "c", kind: "cell", high: 8 } };
  const drawing = { maps: () => [{ meta: { key: "f" } }, map] };
  assert.deepEqual(busiest(drawing, { start: 0, stop: 1 })[0], [1, 2]);
  assert.deepEqual(busiest(drawing, { start: 1, stop: 3 }), [[2, 8], [3, 1], [0, 0]]); // prettier-ignore
  assert.equal(busiest(drawing, { start: 0, stop: 3 }).length, 3);
});
