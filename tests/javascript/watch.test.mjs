import assert from "node:assert/strict";
import { test } from "node:test";

import { load, near } from "./web.mjs";

const { Understood } = await load("understood");
const { finished } = await load("typed");
const { asCsv, asJson } = await load("takeaway");
const { insideOf } = await load("lookback");
const { Resampler } = await load("resample");
const { Session } = await load("session");
const { LSTM } = await load("lstm");

const calibration = { temperature: 1, clear: 0.9, likely: 0.7 };

/** The labels that are noted while beliefs in class 0 of two go by. */
function noted(beliefs) {
  const log = new Understood(calibration);
  beliefs.forEach((p, index) => log.follow({ index, modality: "audio", belief: [p, 1 - p] }));
  return log.entries.map(({ label, level, index }) => [label, level, index]);
}

test("what was understood is noted once, and again only after its belief fell", () => {
  assert.deepEqual(noted([0.5, 0.75, 0.95, 0.95]), [[0, "clear", 1]]);
  assert.deepEqual(noted([0.75, 0.6, 0.75]), [[0, "likely", 0]]);
  assert.deepEqual(noted([0.75, 0.45, 0.75]), [[0, "likely", 0], [0, "likely", 2]]); // prettier-ignore
  assert.deepEqual(noted([0.95, 0.05, 0.95]), [[0, "clear", 0], [1, "clear", 1], [0, "clear", 2]]); // prettier-ignore
  assert.deepEqual(noted([0.5, 0.6, 0.5]), []);
});

test("what no longer holds is known, and old entries go", () => {
  const log = new Understood(calibration);
  log.follow({ index: 0, modality: "text", belief: [0.9, 0.1] });
  assert.equal(log.held.modality, "text");
  assert.equal(log.follow({ index: 1, modality: "audio", belief: [0.4, 0.6] }), true);
  assert.equal(log.held, null);
  for (let k = 0; k < 200; k++) log.follow({ index: k, modality: "text", belief: k % 2 ? [1, 0] : [0, 1] });
  assert.ok(log.entries.length <= 40);
});

test("what becomes firm in the quiet after an input is that input's", () => {
  const log = new Understood(calibration);
  log.follow({ index: 0, modality: "audio", belief: [0.3, 0.2] });
  log.follow({ index: 1, modality: "text", belief: [0.6, 0.2] });
  log.follow({ index: 2, modality: "audio", belief: [0.95, 0.05] });
  assert.deepEqual(log.entries, [{ label: 0, level: "clear", index: 1, modality: "text" }]);
});

test("a word is read once, when it is finished", () => {
  assert.deepEqual(finished("thr", 0), { words: "", read: 0 });
  assert.deepEqual(finished("three ", 0), { words: "three", read: 6 });
  assert.deepEqual(finished("three fi", 6), { words: "", read: 6 });
  assert.deepEqual(finished("three five, no w", 6), { words: "five, no", read: 15 });
  assert.deepEqual(finished("three five", 6, true), { words: "five", read: 10 });
  assert.deepEqual(finished("th", 6, true), { words: "", read: 2 }); // it was taken away again
  assert.deepEqual(finished("七", 0), { words: "七", read: 1 });
  assert.deepEqual(finished("  ... ", 0), { words: "", read: 6 });
});

const step = { index: 4, modality: "text", seen: '=1,"2"', belief: [0.25, 0.75], level: "likely", i: [0, 1], f: [1, 1], o: [0.5, 0], letGo: { share: 0.5, label: 0 } };
const about = { task: "t", labels: ["no", "yes"] };

test("what is taken away has each step, and no formula", () => {
  const told = JSON.parse(asJson(about, [step], [{ label: 1, level: "likely", index: 4, modality: "text" }]));
  assert.deepEqual(told.understood, [{ label: "yes", level: "likely", step: 4, modality: "text" }]);
  assert.deepEqual(told.steps[0].gates, { i: 0.5, f: 1, o: 0.25 });
  assert.deepEqual(told.steps[0].let_go, { share: 0.5, label: "no" });
  assert.deepEqual(asCsv(about, [step]).split("\r\n"), [
    "step,modality,word,label,level,i,f,o,let_go,no,yes",
    `4,text,"'=1,""2""",yes,likely,0.5,1,0.25,0.5,0.25,0.75`,
  ]);
});

let state = 5;
const random = () => {
  state = (state * 16807) % 2147483647;
  return (2 * state) / 2147483647 - 1;
};
const numbers = (count) => Float32Array.from({ length: count }, random);
const [SIZE, UNITS] = [3, 4];
const tensors = {
  "lstm.weight_ih_l0": numbers(4 * UNITS * SIZE),
  "lstm.weight_hh_l0": numbers(4 * UNITS * UNITS),
  "lstm.bias_ih_l0": numbers(4 * UNITS),
  "lstm.bias_hh_l0": numbers(4 * UNITS),
  "dense.weight": numbers(2 * UNITS),
  "dense.bias": numbers(2),
  "audio.quiet": numbers(SIZE),
};
const weights = { about: { ...about, embedding_dim: SIZE, hears: false, calibration }, tensors, shapes: {} };
const squashed = (z) => 1 / (1 + Math.exp(-z));

test("the equations of a step hold, as it was read", () => {
  const session = new Session(weights);
  session.remember(0.8);
  const steps = session.readAll(numbers(5 * SIZE), "text");
  const [zi, zf, zg, zo, i, f, g, o, before, c, h] = insideOf(new LSTM(tensors), steps[3], steps[2]);
  for (let k = 0; k < UNITS; k++) {
    assert.ok(near(i[k], squashed(zi[k])) && near(o[k], squashed(zo[k])) && near(g[k], Math.tanh(zg[k])));
    assert.ok(near(f[k], 0.8 * squashed(zf[k])) && steps[3].leak === 0.8);
    assert.ok(near(c[k], f[k] * before[k] + i[k] * g[k]) && near(h[k], o[k] * Math.tanh(c[k])));
  }
  const first = insideOf(new LSTM(tensors), steps[0], null);
  assert.deepEqual([...first[8]], [0, 0, 0, 0]);
});

test("a forgetful memory holds on for a moment of quiet, and then lets go of all", () => {
  const session = new Session(weights, true);
  const [read] = session.readAll(numbers(SIZE), "text");
  const quiet = session.wait(26);
  assert.deepEqual(quiet[24].c, read.c);
  assert.deepEqual([...quiet[24].f], [1, 1, 1, 1]);
  assert.deepEqual([...quiet[25].c], [0, 0, 0, 0]);
  assert.ok(quiet.every(({ x }) => x === null));
  const [again] = session.readAll(read.x, "text");
  assert.deepEqual(again.c, read.c); // as if nothing had been before
  assert.equal(again.ledger.steps.length, 2);
});

test("sound at another rate is the same sound, in pieces of any length", () => {
  for (const rate of [48_000, 44_100, 8000]) {
    const resampler = new Resampler(rate, 16_000);
    const sine = (count, per, start = 0) => Float32Array.from({ length: count }, (_, k) => Math.sin((2 * Math.PI * 440 * (start + k)) / per));
    const out = [];
    for (let at = 0, k = 0; at < rate; at += [128, 1, 777][k++ % 3]) out.push(...resampler.push(sine([128, 1, 777][k % 3], rate, at)));
    const wanted = sine(out.length, 16_000);
    assert.ok(Math.abs(out.length - 16_000) < 300, `${rate}: ${out.length}`);
    for (let k = 100; k < 15_000; k++) assert.ok(Math.abs(out[k] - wanted[k]) < 2e-3, `${rate}, ${k}: ${out[k]} ${wanted[k]}`);
  }
});
