import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { number } = await load("widgets");

test("two decimals, a true minus, and none before nothing", () => {
  assert.deepEqual([1, -0.5, -0.004, -0.006].map((value) => number(value)), ["1.00", "−0.50", "0.00", "−0.01"]);
  assert.equal(number(-0.0004, 3), "0.000");
});
