import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { between, channels, fade } = await load("colour");

test("colours lie between two, and can be seen through", () => {
  assert.deepEqual(channels("#ff8000"), [255, 128, 0]);
  assert.equal(between("#000000", "#ff8000", 0.5), "rgb(128,64,0)");
  assert.equal(between("#102030", "#ffffff", 0), "rgb(16,32,48)");
  assert.equal(fade("#102030", 0.25), "rgba(16,32,48,0.25)");
});
