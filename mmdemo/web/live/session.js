/** One memory that is carried on: sound as it comes, words and pictures as steps, all read by the same LSTM in order. */

import { SpeechEmbedding } from "./embedding.js";
import { letGo, RunningLedger } from "./evidence.js";
import { layerNorm, linear, LSTM, Readout } from "./lstm.js";
import { MelFrames, RunningLevel, QUIET, BANDS, STRIDE } from "./mel.js";

const LEDGER = 100; // steps with an entry of their own: 8 s of sound
const KEPT = 750; // steps that can be looked back at: 60 s of sound

/** A belief's level: `clear`, `likely` or `unclear`. */
export const levelOf = (belief, { clear, likely }) => {
  const highest = Math.max(...belief);
  return highest >= clear ? "clear" : highest >= likely ? "likely" : "unclear";
};

export class Session {
  /** @param {{about: object, tensors: object, shapes: object}} weights - what `unpack` returns. */
  constructor({ about, tensors, shapes }) {
    this.about = about;
    this.tensors = tensors;
    this.lstm = new LSTM(tensors);
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
    this.count = 0;
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
      const heard = this.embedding.push(frames);
      if (heard) steps.push(this.read(this.heard(heard), "audio", frames));
    }
    return steps;
  }

  /** Time goes by, without a microphone: so many steps of 80 ms in which nothing is heard. */
  wait(count) {
    const steps = [];
    if (!this.about.hears) {
      for (let k = 0; k < count; k++) steps.push(this.read(this.tensors["audio.quiet"], "audio"));
      return steps;
    }
    const quiet = new Float32Array(STRIDE * BANDS).fill(QUIET);
    for (let k = 0; k < count; k++) {
      const heard = this.embedding.push(quiet);
      if (heard) steps.push(this.read(this.heard(heard), "audio", quiet));
    }
    return steps;
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
   * @param {Float32Array} x - (S,), after the stem and its norm.
   * @param {string} modality - whose it is.
   * @param {*} seen - what of the input belongs to it, for the drawing.
   * @returns {object} `index`, `modality`, `x`, `seen`; `belief` (C,) and `level`; `i`, `f`, `g`, `o`, `c` and `h`, (H,)
   *   each; `letGo`; and the `ledger` of the class that is ahead, against the mean of all.
   */
  read(x, modality, seen = null) {
    const { lstm, readout, before } = this;
    lstm.step(x);
    this.ledger.step();
    const belief = readout.belief(lstm.h);
    const best = belief.indexOf(Math.max(...belief));
    const signals = Object.fromEntries([..."ifgoch"].map((name) => [name, Float32Array.from(lstm[name])]));
    const step = {
      index: this.count++,
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
