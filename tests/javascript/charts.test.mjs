import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { floorOf, share } = await load("charts");

test("only all is a hundred per cent", () => {
  const shown = [1, 0.9934, 0.9996, 0.99996, 0].map((p) => share(p).replace("\u00a0", " "));
  assert.deepEqual(shown, ["100 %", "99.3 %", "99.96 %", "99.996 %", "0.0 %"]);
});

test("an axis of accuracies begins at a round number below the lowest", () => {
  assert.deepEqual([[0.97, 0.91], [0.9], [0.72, 1], [0.5], [0.1]].map(floorOf), [0.9, 0.85, 0.7, 0.25, 0]);
});
