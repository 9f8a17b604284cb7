import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { best, number, signed } = await load("numbers");

test("the best of equals is the first", () => {
  assert.equal(best([1, 3, 2, 3]), 1);
  assert.equal(best([-2, -1]), 1);
});

test("numbers have a true minus, and a sign only where they are something", () => {
  assert.equal(number(-1.005, 1), "−1.0");
  assert.deepEqual([0.126, -0.126, 0.001, -0.001].map((value) => signed(value)), ["+0.13", "−0.13", "+0.00", "+0.00"]);
  assert.equal(signed(-3.6, 0), "−4");
});
