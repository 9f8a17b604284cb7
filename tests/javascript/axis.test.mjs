import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { axisName, boxOf } = await load("axis");

test("axes have Plotly's names, and a row lies where it was put", () => {
  assert.deepEqual([0, 1, 3].map(axisName), ["yaxis", "yaxis2", "yaxis4"]);
  const drawing = { places: { rows: { belief: { top: 30, height: 50 } } } };
  assert.deepEqual(boxOf(drawing, "belief"), { top: 30, height: 50 });
});
