import assert from "node:assert/strict";
import test from "node:test";

import { load, near } from "./web.mjs";

const { changedMost, ofAll, ofUnit, story, written } = await load("equations");

const ROWS = ["zi", "zf", "zg", "zo", "i", "f", "g", "o", "before", "c", "h"];

/** What the server tells of a step, from the gates of each unit: [[i, f, g, o, before], ...]. */
function inside(units) {
  const all = units.map(([i, f, g, o, before]) => {
    const c = f * before + i * g;
    return { zi: 0, zf: 0, zg: 0, zo: 0, i, f, g, o, before, c, h: o * Math.tanh(c) };
  });
  return ROWS.map((name) => all.map((values) => values[name]));
}

const head = (unit, first = false) => story(inside([unit]), 0, first).map(([key]) => key);

test("a unit has its numbers by name", () => {
  const { i, f, before, c, h } = ofUnit(inside([[0, 0, 0, 0, 0], [0.5, 0.25, 1, 0.5, 2]]), 1);
  assert.deepEqual({ i, f, before, c }, { i: 0.5, f: 0.25, before: 2, c: 1 });
  assert.ok(near(h, 0.5 * Math.tanh(1)));
});

test("the unit that changed most did so in either direction", () => {
  assert.equal(changedMost(inside([[0, 1, 0, 0, 5], [0.5, 1, 0.5, 0, 0], [1, 1, -0.9, 0, 3]])), 2);
});

test("means of products are not products of means", () => {
  const means = ofAll(inside([[1, 1, 1, 1, 2], [0, 0, 1, 1, 4]]));
  assert.deepEqual([means.i, means.f, means.before, means.kept, means.wrote], [0.5, 0.5, 3, 1, 0.5]);
  assert.ok(near(means.kept + means.wrote, means.c));
});

test("a number is written as finely as it needs, or in full", () => {
  assert.deepEqual([0, 0.5, -0.126, 0.05, 0.0126, 0.00012].map((value) => written(value)), ["0.00", "0.50", "−0.13", "0.050", "0.013", "0.0001"]);
  assert.equal(written(-1 / 3, true), "−0.33333333");
});

test("what happened has a name, on either side of every cut", () => {
  const open = 1;
  assert.equal(head([0, 0.49, 0, open, 1])[0], "forgot");
  assert.equal(head([0, 0.51, 0, open, 1])[0], "faded");
  assert.equal(head([0, 0.89, 0, open, 1])[0], "faded");
  assert.equal(head([0, 0.91, 0, open, 1])[0], "kept");
  assert.equal(head([1, 0.2, 0.5, open, 1])[0], "replaced");
  assert.equal(head([1, 0.95, 0.5, open, 1])[0], "added");
  assert.equal(head([1, 0.95, -0.5, open, 1])[0], "opposed");
  assert.equal(head([1, 0.2, -0.5, open, 1])[0], "replaced");
  assert.equal(head([1, 0.5, 0.11, open, 0.05])[0], "wrote");
  assert.equal(head([1, 0.5, 0.09, open, 0.05])[0], "quiet");
  assert.equal(head([1, 0.95, 0.09, open, 0.11])[0], "kept");
});

test("memory, news and what is shown are said apart", () => {
  assert.deepEqual(head([0.05, 0.5, 0.9, 0.05, 0], true).slice(1), ["held_nothing", "news_shut", "shows_shut"]);
  assert.deepEqual(head([0.5, 0.5, 0.05, 0.5, 0.01]).slice(1), ["held_little", "news_none", "shows"]);
  assert.deepEqual(head([0.2, 0.3, 0.3, 0.5, 1]).slice(1), ["held_closed", "news_little", "shows"]);
});

test("of all units it is counted what they did", () => {
  const [[, values]] = story(inside([[1, 0.4, 0.5, 0.6, 1], [0, 0.6, 1, 0.4, 1], [1, 0.49, -0.2, 0.5, 1]]), null, false);
  assert.deepEqual(values, { units: 3, forgot: 2, wrote: 2, shown: 2, little: 0.1 });
});
