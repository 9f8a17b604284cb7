import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./web.mjs";

const { arrange, domains, FIGURE } = await load("arrange");
const labels = (count) => Array.from({ length: count }, (_, k) => String(k));
const words = { labels: labels(10), steps: Array.from({ length: 6 }, () => ({ modality: "text" })), ledger: { let_go: [null, [0.4, 3]] } };
const mixed = { labels: labels(7), steps: [{ modality: "text" }, { modality: "image" }, { modality: "audio" }], ledger: { let_go: [null] } };

test("down to the ledger, all rows lie in the room that there is", () => {
  for (const payload of [words, mixed]) {
    for (const room of [450, 480, 700, 1200]) {
      const { rows } = arrange(payload, room);
      assert.ok(rows.ledger.top + rows.ledger.height <= room + 6, `${room}: ${rows.ledger.top + rows.ledger.height}`);
    }
  }
});

test("they use the room, up to three times their smallest height", () => {
  const [small, large, huge] = [450, 900, 5000].map((room) => arrange(words, room).rows.ledger.height);
  assert.ok(large > 1.5 * small);
  assert.equal(huge, arrange(words, 9000).rows.ledger.height);
});

test("no row lies over another, and what was not let go has no row", () => {
  for (const payload of [words, mixed]) {
    const { rows, height } = arrange(payload, 600);
    let reached = 0;
    for (const { top, height: tall } of Object.values(rows)) {
      assert.ok(top >= reached);
      reached = top + tall;
    }
    assert.equal(reached, height);
  }
  assert.ok("let_go" in arrange(words).rows);
  assert.ok(!("let_go" in arrange(mixed).rows));
});

test("Plotly draws its rows exactly there", () => {
  const places = arrange(words, 640);
  const inner = places.figure.height - places.figure.above;
  for (const [row, [low, high]] of Object.entries(domains(places))) {
    const top = places.figure.top + places.figure.above + (1 - high) * inner;
    assert.ok(Math.abs(top - places.rows[row].top) < 1e-6);
    assert.ok(Math.abs((high - low) * inner - places.rows[row].height) < 1e-6);
  }
  assert.deepEqual(Object.keys(domains(places)), FIGURE);
});
