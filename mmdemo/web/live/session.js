/** One memory that is carried on: sound as it comes, words and pictures as steps, all read by the same LSTM in order. */

import { SpeechEmbedding } from "./embedding.js";
import { letGo, RunningLedger } from "./evidence.js";
import { layerNorm, linear, LSTM, Readout } from "./lstm.js";
import { MelFrames, RunningLevel, QUIET, BANDS, STRIDE } from "./mel.js";

const LEDGER = 100; // steps with an entry of their own: 8 s of sound
export const KEPT = 750; // steps that can be looked back at: 60 s of sound
const AHEAD = 4; // steps of sound that have come before one of them is read
const SOFT = -30; // dB below what there has been of late, under which a step counts as quiet
const HOLD = 25; // steps of quiet after words or a picture, until a memory that forgets by itself does so

/** A belief's level: `clear`, `likely` or `unclear`. */
export const levelOf = (belief, { clear, likely }) => {
  const highest = Math.max(...belief);
  return highest >= clear ? "clear" : highest >= likely ? "likely" : "unclear";
};

export class Session {
  /**
   * @param {{about: object, tensors: object, shapes: object}} weights - what `unpack` returns.
   * @param {boolean} forgetful - forget whenever it is quiet, and read no quiet: for weights that were never taught
   *   streams, whose memory would hold on to the first thing for ever.
   */
  constructor({ about, tensors, shapes }, forgetful = false) {
    this.about = about;
    this.forgetful = forgetful;
    this.tensors = tensors;
    this.lstm = new LSTM(tensors);
    this.units = this.lstm.units;
    this.readout = new Readout(tensors, about.calibration.temperature);
    this.ledger = new RunningLedger(this.lstm, LEDGER);
    if (about.hears) {
      this.mel = new MelFrames(tensors);
      this.level = new RunningLevel();
      this.embedding = new SpeechEmbedding(tensors, shapes);
    }
    this.reset();
  }

  /** Forget all that was read. */
  reset() {
    this.lstm.reset();
    this.ledger.reset();
    if (this.about.hears) {
      this.mel.reset();
      this.level.reset();
      this.embedding.reset();
    }
    this.frames = [];
    this.coming = []; // frames whose step has not been read yet, and whether they are quiet
    this.count = 0;
    this.quiet = 0; // steps in a row
    this.spoke = true; // what was read last was sound
    this.before = { o: this.lstm.o, c: this.lstm.c, belief: this.readout.belief(this.lstm.h) };
    this.kept = [];
  }

  /** How long it remembers: every forget gate is multiplied by it, 0 to 1. */
  remember(leak) {
    this.lstm.leak = leak;
  }

  /**
   * More sound, 16,000 samples a second, in pieces of any length.
   *
   * @param {Float32Array} samples
   * @returns {object[]} the steps that are complete with it, each 0.34 s after its middle: see `read`.
   */
  hear(samples) {
    if (!this.about.hears) return [];
    this.frames.push(...this.mel.push(samples));
    const steps = [];
    while (this.frames.length >= STRIDE) {
      const frames = this.level.of(this.frames.splice(0, STRIDE));
      steps.push(...this.embed(frames, this.level.relative < SOFT));
    }
    return steps;
  }

  /** The step that is whole with these frames, if there is one, with its own frames, which came before. */
  embed(frames, quiet) {
    const heard = this.embedding.push(frames);
    this.coming.push({ frames, quiet });
    if (!heard) return [];
    const own = this.coming.length > AHEAD ? this.coming.shift() : this.coming[0];
    if (this.forgetful && own.quiet) return [this.rest(own.frames)];
    return [this.read(this.heard(heard), "audio", own.frames)];
  }

  /** Time goes by, without a microphone: so many steps of 80 ms in which nothing is heard. */
  wait(count) {
    const steps = [];
    if (!this.about.hears) {
      for (let k = 0; k < count; k++) steps.push(this.forgetful ? this.rest() : this.read(this.tensors["audio.quiet"], "audio"));
      return steps;
    }
    const quiet = new Float32Array(STRIDE * BANDS).fill(QUIET);
    for (let k = 0; k < count; k++) steps.push(...this.embed(quiet, true));
    return steps;
  }

  /** A step of quiet that a forgetful memory does not read: it holds what it has, and lets go of all of it in time. */
  rest(seen = null) {
    const { lstm, ledger, units } = this;
    this.quiet += 1;
    if (this.quiet > (this.spoke ? 0 : HOLD)) {
      lstm.reset();
      ledger.reset();
    } else {
      Object.assign(lstm, { i: new Float64Array(units), f: new Float64Array(units).fill(1), g: new Float64Array(units) });
    }
    ledger.pass();
    return this.noted(null, "audio", seen);
  }

  /** What the speech embedding makes of a step, (96,), as a step of the LSTM. */
  heard(embedded) {
    const { tensors } = this;
    const projected = linear(tensors["audio.projection.weight"], embedded, tensors["audio.projection.bias"]);
    return layerNorm(projected, tensors["audio.norm.weight"], tensors["audio.norm.bias"]);
  }

  /**
   * One step of the LSTM.
   *
   * @param {Float32Array} x - (S,), after the stem and its norm; in what is returned, null where nothing was read.
   * @param {string} modality - whose it is.
   * @param {*} seen - what of the input belongs to it, for the drawing.
   * @returns {object} `index`, `leak`, `modality`, `x`, `seen`; `belief` (C,) and `level`; `i`, `f`, `g`, `o`, `c` and `h`, (H,)
   *   each; `letGo`; and the `ledger` of the class that is ahead, against the mean of all.
   */
  read(x, modality, seen = null) {
    this.lstm.step(x);
    this.ledger.step();
    this.quiet = 0;
    this.spoke = modality === "audio";
    return this.noted(x, modality, seen);
  }

  /** What the LSTM holds now, as a step. */
  noted(x, modality, seen) {
    const { lstm, readout, before } = this;
    const belief = readout.belief(lstm.h);
    const best = belief.indexOf(Math.max(...belief));
    const signals = Object.fromEntries([..."ifgoch"].map((name) => [name, Float32Array.from(lstm[name])]));
    const step = {
      index: this.count++,
      leak: lstm.leak,
      modality,
      x,
      seen,
      ...signals,
      belief: Float32Array.from(belief),
      level: levelOf(belief, this.about.calibration),
      letGo: letGo(before, { f: lstm.f, belief }, readout),
      ledger: { label: best, ...this.ledger.evidence(readout.direction(best)) },
    };
    this.before = { o: lstm.o, c: lstm.c, belief };
    this.kept.push(step);
    if (this.kept.length > KEPT) this.kept.shift();
    return step;
  }

  /** Words or a picture, whose steps the server has made: (T * S,), row by row. */
  readAll(steps, modality, seen = []) {
    const size = this.about.embedding_dim;
    return Array.from({ length: steps.length / size }, (_, t) =>
      this.read(steps.slice(t * size, (t + 1) * size), modality, seen[t] ?? null),
    );
  }
}
