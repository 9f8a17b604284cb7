import assert from "node:assert/strict";
import test from "node:test";

import { load, packed } from "./web.mjs";

const kit = await load("kit");

test("runs are stretches of steps of one modality", () => {
  const steps = ["text", "text", "image", "text"].map((modality) => ({ modality }));
  assert.deepEqual(kit.runs(steps), [
    { modality: "text", start: 0, length: 2 },
    { modality: "image", start: 2, length: 1 },
    { modality: "text", start: 3, length: 1 },
  ]);
  assert.deepEqual(kit.runs([]), []);
});

test("a packed array becomes its rows", () => {
  const rows = kit.unpack(packed([0.5, -1, 2, 3, 4, 5], "f4", [2, 3]));
  assert.deepEqual(rows.map((row) => Array.from(row)), [[0.5, -1, 2], [3, 4, 5]]); // prettier-ignore
  assert.deepEqual(kit.unpack(packed([0, 127, 254, 255], "u1", [4, 1])).map(([code]) => code), [0, 127, 254, 255]);
  assert.deepEqual(kit.unpack(packed([1, 2])).map((row) => Array.from(row)), [[1, 2]]); // without a shape it is one row
});

test("an array is unpacked once", () => {
  const array = packed([1, 2]);
  assert.equal(kit.unpack(array), kit.unpack(array));
});

test("codes of the heat maps become values", () => {
  const gate = { zmax: 254, meta: { kind: "gate" } };
  assert.deepEqual([0, 127, 254].map((code) => kit.decode(gate, code)), [0, 0.5, 1]);
  const signed = { zmax: 254, meta: { kind: "signed" } };
  assert.deepEqual([0, 127, 254].map((code) => kit.decode(signed, code)), [-1, 0, 1]);
  const cell = { zmax: 200, meta: { kind: "cell", high: 8 } }; // by its root, so that it is finest near zero
  assert.deepEqual([0, 50, 100, 150, 200].map((code) => kit.decode(cell, code)), [-8, -2, 0, 2, 8]);
});

test("colours lie between two, and can be seen through", () => {
  assert.deepEqual(kit.channels("#ff8000"), [255, 128, 0]);
  assert.equal(kit.between("#000000", "#ff8000", 0.5), "rgb(128,64,0)");
  assert.equal(kit.between("#102030", "#ffffff", 0), "rgb(16,32,48)");
  assert.equal(kit.fade("#102030", 0.25), "rgba(16,32,48,0.25)");
});

test("a row of the figure lies where its axis says", () => {
  assert.deepEqual([0, 1, 3].map(kit.axisName), ["yaxis", "yaxis2", "yaxis4"]);
  const layout = { height: 220, margin: { t: 20 }, meta: { rows: ["belief", "units"] }, yaxis: { domain: [0.75, 1] }, yaxis2: { domain: [0, 0.5] } };
  const drawing = { figure: { offsetTop: 10 }, payload: { figure: { layout } } };
  assert.deepEqual(kit.boxOf(drawing, "belief"), { top: 30, height: 50 });
  assert.deepEqual(kit.boxOf(drawing, "units"), { top: 130, height: 100 });
});

test("the answer's beliefs stand among the others in its place", () => {
  const data = [
    { meta: { row: "belief" }, z: packed([0.1, 0.2, 0, 0, 0.3, 0.4], "f4", [3, 2]) },
    { meta: { row: "belief" }, z: packed([0.6, 0.4], "f4", [1, 2]) },
    { meta: { row: "units" }, z: packed([1], "u1", [1, 1]) },
  ];
  const rows = kit.beliefsOf({ figure: { data }, answer: 1 });
  assert.deepEqual(rows.map(([first]) => first.toFixed(1)), ["0.1", "0.6", "0.3"]);
});

test("the best of equals is the first", () => {
  assert.equal(kit.best([1, 3, 2, 3]), 1);
  assert.equal(kit.best([-2, -1]), 1);
});

test("numbers have a true minus, and a sign only where they are something", () => {
  assert.equal(kit.number(-1.005, 1), "−1.0");
  assert.deepEqual([0.126, -0.126, 0.001, -0.001].map((value) => kit.signed(value)), ["+0.13", "−0.13", "+0.00", "+0.00"]);
  assert.equal(kit.signed(-3.6, 0), "−4");
});
