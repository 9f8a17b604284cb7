import assert from "node:assert/strict";
import test from "node:test";

import { load, packed } from "./web.mjs";

const { decode, unpack } = await load("packed");

test("a packed array becomes its rows", () => {
  const rows = unpack(packed([0.5, -1, 2, 3, 4, 5], "f4", [2, 3]));
  assert.deepEqual(rows.map((row) => Array.from(row)), [[0.5, -1, 2], [3, 4, 5]]); // prettier-ignore
  assert.deepEqual(unpack(packed([0, 127, 254, 255], "u1", [4, 1])).map(([code]) => code), [0, 127, 254, 255]);
  assert.deepEqual(unpack(packed([1, 2])).map((row) => Array.from(row)), [[1, 2]]); // without a shape it is one row
});

test("an array is unpacked once", () => {
  const array = packed([1, 2]);
  assert.equal(unpack(array), unpack(array));
});

test("codes of the heat maps become values", () => {
  const gate = { zmax: 254, meta: { kind: "gate" } };
  assert.deepEqual([0, 127, 254].map((code) => decode(gate, code)), [0, 0.5, 1]);
  const signed = { zmax: 254, meta: { kind: "signed" } };
  assert.deepEqual([0, 127, 254].map((code) => decode(signed, code)), [-1, 0, 1]);
  const cell = { zmax: 200, meta: { kind: "cell", high: 8 } }; // by its root, so that it is finest near zero
  assert.deepEqual([0, 50, 100, 150, 200].map((code) => decode(cell, code)), [-8, -2, 0, 2, 8]);
});
