import assert from "node:assert/strict";
import { test } from "node:test";

import { load, packed } from "./web.mjs";

const { Run } = await load("run");
const { ask } = await load("microphone");

const SOUND = new Float32Array(1280);
const turn = () => new Promise((done) => setTimeout(done));

/** A session that runs without its Worker: what that was told, and what the page is told. */
function running(server = () => new Promise(() => {})) {
  const [told, given, asked] = [[], [], []];
  const tell = (name) => (value) => told.push([name, value]);
  const run = new Run({
    ask: (question) => (asked.push(question), server(question)),
    files: {},
    task: "digits",
    told: Object.fromEntries(["steps", "level", "server", "nothing", "skipped", "failed"].map((name) => [name, tell(name)])),
  });
  run.thread = { tell: (message) => given.push(message), close: () => given.push("closed") };
  return { run, asked, given, told: (name) => told.filter(([each]) => each === name).map(([, value]) => value) };
}
const words = (count = 1) => ({ steps: packed(Array(count * 3).fill(0), "f4", [count, 3]), seen: Array(count).fill("three") });

test("on a slow device a few seconds of sound wait, then some are left out and that is said, until it is in time again", () => {
  const { run, given, told } = running();
  for (let k = 0; k < 42; k++) run.hear(SOUND);
  assert.equal(given.length, 40);
  assert.deepEqual(told("skipped").map((seconds) => seconds.toFixed(2)), ["0.08", "0.16"]);
  run.answered({ ask: "hear", steps: [] });
  run.hear(SOUND);
  assert.equal(given.length, 41);
  assert.equal(told("skipped").length, 2);
});

test("while the server is away sound is read, words do not pile up, and pictures are held back", async () => {
  let answers = false;
  const { run, asked, given, told } = running(() => (answers ? Promise.resolve(words()) : Promise.reject(new Error("gone"))));
  run.type("three");
  run.type("five");
  await turn();
  run.hear(SOUND);
  assert.deepEqual(asked.map(({ text }) => text), ["three"]); // "five" would come too late
  assert.deepEqual(told("server"), ["away"]);
  await run.show({ jpeg: "a" });
  await run.show({ jpeg: "b" });
  assert.deepEqual(asked.slice(1).map(({ jpeg }) => jpeg), ["a"]);
  assert.deepEqual(given.map(({ ask: name }) => name), ["hear"]);
  answers = true;
  await run.type("six");
  assert.equal(told("server").at(-1), null);
  assert.deepEqual(given.at(-1).seen, ["three"]);
  run.lose();
  await run.type("seven");
  await run.show({ jpeg: "c" });
  assert.equal(told("server").at(-1), "lost");
  assert.deepEqual(asked.at(-1).text, "six");
});

test("words that come while the server is busy go to it together, as many as it takes", async () => {
  const waiting = [];
  const { run, asked } = running(() => new Promise((answer) => waiting.push(answer)));
  run.type("three");
  run.type("no");
  run.type("x".repeat(300));
  waiting.shift()(words());
  await turn();
  assert.deepEqual(asked.map(({ text }) => text), ["three", "x".repeat(200)]);
});

test("what was given before a reset is neither read nor told after it", async () => {
  const waiting = [];
  const { run, given, told } = running(() => new Promise((answer) => waiting.push(answer)));
  run.type("three");
  run.show({ jpeg: "a" });
  run.hear(SOUND);
  run.reset();
  waiting.shift()(words());
  waiting.shift()({ ...words(), square: packed([0], "u1", [1, 1]) });
  await turn();
  run.answered({ ask: "hear", steps: [{}] });
  run.answered({ ask: "reset", steps: [] });
  assert.deepEqual(given.map(({ ask: name }) => name), ["hear", "reset"]);
  assert.deepEqual(told("steps"), []);
  run.answered({ ask: "wait", steps: [{}] });
  assert.equal(told("steps").length, 1);
});

test("a pause reads nothing, and a session that has ended tells nothing", () => {
  const { run, given, told } = running();
  run.paused = true;
  run.hear(SOUND);
  assert.deepEqual(given, []);
  assert.equal(told("level").length, 1); // the microphone can be tried all the same
  run.close();
  run.answered({ ask: "hear", error: "broken" });
  assert.deepEqual(told("failed"), []);
  assert.deepEqual(given, ["closed"]);
});

test("where no sound comes time goes by, and a page that slept makes up for two seconds at most", (context) => {
  let [now, beat] = [0, null];
  context.mock.method(performance, "now", () => now);
  context.mock.method(globalThis, "setInterval", (act) => (beat = act));
  const { run, given } = running();
  run.tick(true);
  for (now of [70, 100, 260, 60_000]) beat();
  assert.deepEqual(given.map(({ count }) => count), [1, 2, 25]);
});

test("a device too slow for quiet lets some of it go by, and does not fall behind without end", (context) => {
  let [now, beat] = [0, null];
  context.mock.method(performance, "now", () => now);
  context.mock.method(globalThis, "setInterval", (act) => (beat = act));
  const { run, given, told } = running();
  run.tick(true);
  for (let k = 1; k <= 50; k++) {
    now = 80 * k;
    beat();
  }
  assert.equal(given.length, 40);
  run.answered({ ask: "wait", steps: [] });
  now += 80;
  beat();
  assert.deepEqual(given.at(-1), { ask: "wait", count: 1 });
  assert.equal(given.length, 41);
  assert.deepEqual(told("skipped"), []);
});

test("the answer to a picture that comes after the end tells nothing", async () => {
  let answer = null;
  const { run, told } = running(() => new Promise((resolve) => (answer = resolve)));
  const shown = run.show({ jpeg: "a" });
  run.close();
  answer({ nothing: { key: "image.no_digit" } });
  await shown;
  assert.deepEqual(told("nothing"), []);
});

for (const [error, reason] of [["NotAllowedError", "denied"], ["NotFoundError", "none"], ["NotReadableError", "busy"], ["Whatever", "denied"]]) {
  test(`a device that is refused as ${error} is told as ${reason}`, async () => {
    navigator.mediaDevices = { getUserMedia: () => Promise.reject(new DOMException("no", error)) };
    await assert.rejects(ask({ audio: true }), { message: reason });
  });
}

test("where a browser has no devices to ask for, the page is not secure", async () => {
  navigator.mediaDevices = undefined;
  await assert.rejects(ask({ audio: true }), { message: "insecure" });
});
