import assert from "node:assert/strict";
import test from "node:test";

import { load, near, packed } from "./web.mjs";

const { evidence, firstContrast, letsGo, opponent, sums, weigh } = await load("ledger");

/** Three classes, two steps: beliefs after each, evidence of each, and logits that are its sum and the bias. */
function payload(beliefs = [[0.5, 0.1], [0.25, 0.7], [0.25, 0.2]]) {
  const answer = 1;
  const data = [beliefs, [beliefs[answer]]].map((rows) => ({ meta: { row: "belief" }, z: packed(rows.flat(), "f4", [rows.length, 2]) }));
  const ledger = { against: null, let_go: [null, null], evidence: packed([1, -2, 0.5, 3, 0, 0.25], "f4", [3, 2]), bias: [0.1, 0.2, 0.3], logits: [-0.9, 3.7, 0.55] };
  return { figure: { data }, answer, ledger, labels: ["zero", "one", "two"] };
}

test("a class is weighed against another, or against the mean of all", () => {
  assert.equal(weigh([1, 5, 3], { about: 1, against: 0 }), 4);
  assert.equal(weigh([1, 5, 3], { about: 1, against: null }), 2);
  assert.equal(weigh([1, 5, 3], { about: 0, against: 0 }), 0);
});

test("rows of evidence are weighed column by column", () => {
  assert.deepEqual(evidence([[1, 2], [4, 0], [1, 1]], { about: 1, against: null }), [2, -1]);
  assert.deepEqual(evidence([[1, 2], [4, 0], [1, 1]], { about: 0, against: 1 }), [-3, 2]);
});

test("to begin with, the answer stands against whatever else was once believed", () => {
  assert.deepEqual(firstContrast(payload()), { about: 1, against: 0 });
  const nobody = payload([[0.25, 0.1], [0.5, 0.7], [0.25, 0.2]]);
  assert.deepEqual(firstContrast(nobody), { about: 1, against: null });
  const barely = payload([[0.3125, 0.1], [0.5, 0.7], [0.1875, 0.2]]);
  assert.deepEqual(firstContrast(barely), { about: 1, against: 0 });
});

test("where another input says something else, the answer stands against that", () => {
  const disagreeing = payload();
  disagreeing.ledger.against = 2;
  assert.deepEqual(firstContrast(disagreeing), { about: 1, against: 2 });
});

test("a row for what was let go is there only where something was", () => {
  const one = payload();
  assert.equal(letsGo(one), false);
  one.ledger.let_go[1] = [0.4, 0];
  assert.equal(letsGo(one), true);
});

test("both sides of the ledger are the same, each from its own numbers", () => {
  for (const against of [0, 2, null]) {
    const sides = sums(payload(), { about: 1, against });
    assert.ok(near(sides.evidence, sides.logits - sides.bias), JSON.stringify(sides));
  }
  const wrong = payload();
  wrong.ledger.logits[1] += 0.01;
  const sides = sums(wrong, { about: 1, against: 0 });
  assert.ok(!near(sides.evidence, sides.logits - sides.bias));
});

test("seen from an earlier step, the logits are those of the beliefs there", () => {
  const seen = { step: 0, evidence: packed([0.5, 0, -0.25, 0, 0, 0], "f4", [3, 2]) };
  const sides = sums(payload(), { about: 0, against: 1 }, seen);
  assert.ok(near(sides.evidence, 0.75));
  assert.ok(near(sides.logits, Math.log(0.5 / 0.25)));
  assert.ok(near(sides.bias, -0.1));
});

test("who a class stands against has a name", () => {
  const drawing = { payload: payload(), say: (key) => `<${key}>` };
  assert.equal(opponent({ ...drawing, against: 2 }), "two");
  assert.equal(opponent({ ...drawing, against: null }), "<mean_of_all>");
});
