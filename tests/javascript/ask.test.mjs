import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./web.mjs";

const { recaller } = await load("ask");

const REPLIES = [
  { ask: "step", step: 0, inside: {} },
  { ask: "step", step: 1, inside: {} },
  { ask: "what_if", start: 1, stop: 2, gate: null, value: null },
  { ask: "what_if", start: 1, stop: 2, gate: "f", value: 1 },
];

test("what was kept is answered", async () => {
  const ask = recaller(REPLIES);
  assert.equal(await ask({ ask: "step", step: 1 }), REPLIES[1]);
  assert.equal(await ask({ ask: "what_if", start: 1, stop: 2, gate: null }), REPLIES[2]);
  assert.equal(await ask({ ask: "what_if", start: 1, stop: 2, gate: "f", value: 1 }), REPLIES[3]);
});

test("it says what it knows, and refuses the rest with words", async () => {
  const ask = recaller(REPLIES);
  assert.ok(ask.knows({ ask: "step", step: 0 }));
  const others = [
    { ask: "step", step: 2 },
    { ask: "triangle" },
    { ask: "what_if", start: 1, stop: 3, gate: null },
    { ask: "what_if", start: 1, stop: 2, gate: "f", value: 0.5 },
  ];
  assert.deepEqual(others.map(ask.knows), [false, false, false, false]);
  await Promise.all(others.map((question) => assert.rejects(ask(question), /did not arrive|没有/)));
});
