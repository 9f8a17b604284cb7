import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./web.mjs";

const { PowerSpectrum, MelFrames, RunningLevel, QUIET } = await load("mel");
const { LSTM, Readout, softmax } = await load("lstm");
const { RunningLedger, letGo } = await load("evidence");
const { unpack } = await load("weights");
const { answering } = await load("protocol");

let state = 1;
const random = () => {
  state = (state * 16807) % 2147483647;
  return (2 * state) / 2147483647 - 1;
};
const numbers = (count, scale = 1) => Float32Array.from({ length: count }, () => scale * random());
const [SIZE, UNITS, CLASSES] = [3, 4, 2];
const tensors = {
  "lstm.weight_ih_l0": numbers(4 * UNITS * SIZE),
  "lstm.weight_hh_l0": numbers(4 * UNITS * UNITS),
  "lstm.bias_ih_l0": numbers(4 * UNITS),
  "lstm.bias_hh_l0": numbers(4 * UNITS),
  "dense.weight": numbers(CLASSES * UNITS, 3),
  "dense.bias": numbers(CLASSES),
  "audio.quiet": numbers(SIZE),
};

/** A file of weights, as safetensors has it. */
function packed(about, contents) {
  const header = { __metadata__: { about: JSON.stringify(about) } };
  let end = 0;
  for (const [name, values] of Object.entries(contents)) {
    header[name] = { dtype: "F32", shape: [values.length], data_offsets: [end, (end += values.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const values of Object.values(contents)) {
    bytes.set(new Uint8Array(values.buffer), at);
    at += values.byteLength;
  }
  return bytes.buffer;
}
const about = { labels: ["no", "yes"], embedding_dim: SIZE, hears: false, calibration: { temperature: 1, clear: 0.9, likely: 0.6 } };

test("the power of a cosine lies in its own place", () => {
  const power = new PowerSpectrum().of(Float64Array.from({ length: 512 }, (_, k) => Math.cos((2 * Math.PI * 7 * k) / 512)));
  power.forEach((value, k) => assert.ok(Math.abs(value - (k === 7 ? 256 ** 2 : 0)) < 1e-6, `${k}: ${value}`));
});

test("frames do not depend on the pieces in which sound comes", () => {
  const weights = { "mel.window": new Float32Array(512).fill(1), "mel.filters": numbers(257 * 32).map(Math.abs) };
  const sound = numbers(3000);
  const whole = new MelFrames(weights).push(sound);
  const mel = new MelFrames(weights);
  const pieces = [0, 1, 400, 401, 1700, 3000].slice(1).flatMap((end, k, ends) => mel.push(sound.subarray(k ? ends[k - 1] : 0, end)));
  assert.equal(whole.length, Math.floor((3000 + 256 - 512) / 160) + 1);
  assert.deepEqual(pieces, whole);
});

test("silence is quiet, and a click does not set the level", () => {
  const level = new RunningLevel();
  assert.ok(level.of(Array.from({ length: 8 }, () => new Float32Array(32))).every((value) => Math.abs(value - QUIET) < 1e-5));
  const before = level.level;
  level.of(Array.from({ length: 8 }, (_, k) => new Float32Array(32).fill(k ? 0 : 1e6)));
  assert.equal(level.level, before);
});

test("the ledger's entries, and what is older, add up to the evidence", () => {
  const [lstm, readout] = [new LSTM(tensors), new Readout(tensors, 0.5)];
  const ledger = new RunningLedger(lstm, 5);
  for (let t = 0; t < 20; t++) {
    lstm.step(numbers(SIZE));
    ledger.step();
    const direction = readout.direction(1);
    const { steps, earlier } = ledger.evidence(direction);
    const evidence = direction.reduce((sum, value, k) => sum + value * lstm.h[k], 0);
    assert.equal(steps.length, Math.min(t + 1, 5));
    assert.ok(Math.abs(steps.reduce((sum, value) => sum + value, earlier) - evidence) < 1e-5);
  }
});

test("with a leak of 0 nothing is left of what came before", () => {
  const [one, other] = [new LSTM(tensors), new LSTM(tensors)];
  one.step(numbers(SIZE));
  one.leak = 0;
  one.h.fill(0);
  const x = numbers(SIZE);
  assert.deepEqual(one.step(x).c, other.step(x).c);
});

test("what is let go is told where the belief fell, and only there", () => {
  const readout = new Readout({ "dense.weight": Float32Array.of(0, 4), "dense.bias": Float32Array.of(0, 0) }, 1);
  const before = { o: Float64Array.of(1), c: Float64Array.of(2), belief: Float64Array.of(0.1, 0.9) };
  const gone = letGo(before, { f: Float64Array.of(0), belief: Float64Array.of(0.5, 0.5) }, readout);
  assert.deepEqual(gone, { share: 1, label: 1 });
  assert.equal(letGo(before, { f: Float64Array.of(0), belief: Float64Array.of(0.1, 0.9) }, readout), null);
});

test("a softmax of large numbers is no NaN", () => {
  assert.deepEqual([...softmax([1000, 0])], [1, 0]);
});

test("a file that was cut short is refused", () => {
  const file = packed(about, tensors);
  assert.deepEqual(unpack(file).tensors["dense.bias"], tensors["dense.bias"]);
  assert.throws(() => unpack(file.slice(0, 5)), /cut short/);
  assert.throws(() => unpack(file.slice(0, file.byteLength - 4)), /audio\.quiet/);
});

test("a session answers in order, remembers a minute, and forgets when it is told to", () => {
  const answers = [];
  const tell = answering((answer) => answers.push(answer));
  tell({ ask: "look" });
  tell({ ask: "open", weights: packed(about, tensors) });
  tell({ ask: "read", steps: numbers(800 * SIZE), modality: "text", seen: ["first"] });
  tell({ ask: "hear", samples: numbers(1600) }); // this task cannot hear
  tell({ ask: "wait", count: 2 });
  tell({ ask: "look" });
  tell({ ask: "reset" });
  tell({ ask: "look" });
  tell({ ask: "dance" });
  assert.deepEqual(answers.map(({ ask, error, steps }) => [ask, Boolean(error), steps?.length]), [
    ["look", true, undefined], ["open", false, 0], ["read", false, 800], ["hear", false, 0], ["wait", false, 2], ["look", false, 750],
    ["reset", false, 0], ["look", false, 0], ["dance", true, undefined],
  ]);
  assert.deepEqual(answers[1].about, about);
  const [first, second] = answers[2].steps;
  assert.deepEqual([first.seen, second.seen, first.index], ["first", null, 0]);
  assert.ok(["clear", "likely", "unclear"].includes(first.level));
});
