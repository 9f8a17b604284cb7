import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { verdict } = await load("proof");

const say = (key, { percent } = {}) => (percent === undefined ? key : `${key} ${percent}`);
const told = (area, beaten, theirs) => ({ curves: { ledger: { area, beaten }, gradients: { area: theirs } } });
const reading = (steps) => ({ payload: { steps: Array.from({ length: steps }, () => ({})), labels: ["zero"] }, say, about: 0 });

test("the ledger stands against chance and against integrated gradients", () => {
  assert.equal(verdict(reading(6), told(0.1, 0.95, 0.3)), "explain.faithful 95 explain.sooner");
  assert.equal(verdict(reading(6), told(0.1, 0.8, 0.11)), "explain.faithful 80 explain.as_gradients");
  assert.equal(verdict(reading(6), told(0.4, 0.5, 0.3)), "explain.unfaithful 50 explain.later");
});

test("of a few steps, or of an answer that cannot fall, nothing is claimed", () => {
  assert.equal(verdict(reading(5), told(0.1, 1, 0.3)), "explain.short");
  assert.equal(verdict(reading(6), told(null, 0, null)), "explain.untested 0");
});
