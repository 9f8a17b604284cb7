/**
 * A session that runs: its Worker, and what comes into it. Sound goes straight there; words and pictures go by way of the
 * server, which answers with their steps. It knows nothing of the page but what it tells.
 */

import { unpack as rows } from "../core/packed.js";
import { connect } from "../live/connect.js";
import { LSTM, Readout } from "../live/lstm.js";
import { unpack } from "../live/weights.js";

const STEP = 80; // milliseconds
const BEHIND = 40; // pieces of sound or of quiet that wait to be read: then some are left out; of sound it is said
const AWAY = 25; // steps of quiet that are made up for at once, after the page has slept
const SLOW = 4000; // milliseconds, after which it is said that the server lets one wait
const RETRY = 5000; // milliseconds until a server that did not answer is asked again
const MOST_WORDS = 200; // characters that are sent at once: mmdemo/app/live.py

export class Run {
  /**
   * @param {{ask: function(object): Promise<object>, files: {worker: string}, task: string, told: object}} settings -
   *   `told` has functions: `steps(steps)`, `level(loudness)`, `server(trouble)`,
   *   "slow", "away" or "lost", or null if it answers again; `nothing(note)` or null, `skipped(seconds)` and
   *   `failed(error)`.
   */
  constructor({ ask, files, task, told }) {
    Object.assign(this, { ask, files, task, told, pending: 0, skipped: 0, heard: [], stale: 0, resets: 0, paused: false, closed: false, clock: null, away: 0, words: "", sends: false, lost: false });
  }

  /** Fetch the weights, and begin. */
  async open() {
    const { url } = await this.ask({ ask: "weights", task: this.task });
    const answer = await fetch(new URL(url, document.baseURI));
    if (!answer.ok) throw new Error(`${answer.status}`);
    const weights = await answer.arrayBuffer();
    const { about, tensors } = unpack(weights);
    this.about = about;
    this.lstm = new LSTM(tensors); // for what is asked about a step afterwards
    this.readout = new Readout(tensors, about.calibration.temperature);
    if (this.closed) return about;
    this.thread = connect(new URL(this.files.worker, document.baseURI).href, (told) => this.answered(told));
    this.thread.tell({ ask: "open", weights, forgetful: !about.taught });
    return about;
  }

  answered({ ask, steps, error, milliseconds }) {
    if (this.closed) return;
    if (ask === "reset") this.stale -= 1;
    if (ask === "hear" || ask === "wait") this.pending -= 1;
    if (ask === "hear") {
      const heard = this.heard.shift();
      if (steps?.length) Object.assign(steps.at(-1), { heard, milliseconds }); // for who measures: tools/measure_live.py
    }
    if (error) this.told.failed(error);
    else if (steps.length && !this.stale) this.told.steps(steps);
  }

  /** A piece of sound. */
  hear(samples) {
    this.told.level(Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
    if (this.paused || !this.thread) return;
    if (this.pending >= BEHIND) {
      this.skipped += STEP / 1000;
      this.told.skipped(this.skipped);
      return;
    }
    this.pending += 1;
    this.heard.push(performance.now());
    this.thread.tell({ ask: "hear", samples });
  }

  /** Time goes by on its own, where no sound comes; or no longer. */
  tick(on) {
    clearInterval(this.clock);
    this.clock = null;
    if (!on) return;
    let before = performance.now();
    this.clock = setInterval(() => {
      const count = Math.floor((performance.now() - before) / STEP);
      before += count * STEP;
      if (!count || this.paused || !this.thread || this.pending >= BEHIND) return; // a slow device lets some go by
      this.pending += 1;
      this.thread.tell({ ask: "wait", count: Math.min(count, AWAY) });
    }, STEP);
  }

  /** Words that were typed. Those that come while the server is being asked go together; while it is away, none wait. */
  async type(text) {
    this.words = `${this.words} ${text}`.trim().slice(-MOST_WORDS);
    if (this.sends) return;
    this.sends = true;
    await this.send();
    this.sends = false;
  }

  /** Send the words that wait, and those that come meanwhile. */
  async send() {
    if (!this.words || this.closed) return null;
    const { resets, words } = this;
    this.words = "";
    const answer = await this.asks({ ask: "words", text: words }, true);
    if (!answer) this.words = "";
    else if (answer.steps && resets === this.resets) this.read(answer, "text", answer.seen);
    return this.send();
  }

  /** What the camera has seen. */
  async show({ jpeg }) {
    if (this.paused || performance.now() < this.away) return;
    const { resets } = this;
    const answer = await this.asks({ ask: "picture", jpeg });
    if (!answer || this.closed) return;
    this.told.nothing(answer.nothing ?? null);
    if (!answer.steps || resets !== this.resets) return;
    const square = rows(answer.square);
    const count = rows(answer.steps).length;
    this.read(answer, "image", Array.from({ length: count }, (_, slice) => ({ square: slice ? null : square, slice, slices: count })));
  }

  read({ steps }, modality, seen) {
    if (this.closed || this.paused) return;
    const all = rows(steps);
    const flat = new Float32Array(all.length * all[0].length);
    for (const [t, row] of all.entries()) flat.set(row, t * row.length);
    this.thread?.tell({ ask: "read", steps: flat, modality, seen });
  }

  /** The server can be asked nothing any more. */
  lose() {
    if (!this.lost && !this.closed) this.told.server("lost");
    this.lost = true;
  }

  /** Ask the server; null if it does not answer. */
  async asks(question, insists = false) {
    if (this.lost) return null;
    const slow = setTimeout(() => this.closed || this.lost || this.told.server("slow"), SLOW);
    try {
      const answer = await this.ask({ ...question, task: this.task });
      this.away = 0;
      if (!this.closed) this.told.server(null);
      return answer;
    } catch {
      if (!insists) this.away = performance.now() + RETRY;
      if (!this.closed && !this.lost) this.told.server("away");
      return null;
    } finally {
      clearTimeout(slow);
    }
  }

  /** How long it remembers: every forget gate times `leak`. */
  remember(leak) {
    this.thread?.tell({ ask: "remember", leak });
  }

  /** Forget all; what was given before that, and is still on its way, is not read or told any more. */
  reset() {
    if (!this.thread) return;
    this.stale += 1;
    this.resets += 1;
    this.words = "";
    this.thread.tell({ ask: "reset" });
  }

  close() {
    this.closed = true;
    this.tick(false);
    this.thread?.close();
  }
}
