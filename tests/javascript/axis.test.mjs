import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { axisName, boxOf } = await load("axis");

test("a row of the figure lies where its axis says", () => {
  assert.deepEqual([0, 1, 3].map(axisName), ["yaxis", "yaxis2", "yaxis4"]);
  const layout = { height: 220, margin: { t: 20 }, meta: { rows: ["belief", "units"] }, yaxis: { domain: [0.75, 1] }, yaxis2: { domain: [0, 0.5] } };
  const drawing = { figure: { offsetTop: 10 }, payload: { figure: { layout } } };
  assert.deepEqual(boxOf(drawing, "belief"), { top: 30, height: 50 });
  assert.deepEqual(boxOf(drawing, "units"), { top: 130, height: 100 });
});
