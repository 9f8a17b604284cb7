/**
 * The file of a live session's AudioWorklet: hands over what it hears in pieces of 80 ms at 16,000 samples a second.
 * It runs in the thread of an AudioContext, whose `sampleRate` is that of what comes.
 */

import { Resampler } from "./resample.js";

const RATE = 16_000;
const PIECE = 1280; // samples: 80 ms

class Listener extends globalThis.AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = globalThis.sampleRate === RATE ? null : new Resampler(globalThis.sampleRate, RATE);
    this.piece = new Float32Array(PIECE);
    this.filled = 0;
  }

  /** 128 samples of each channel; without a source there are none. */
  process([channels]) {
    if (channels.length) this.add(this.resampler ? this.resampler.push(channels[0]) : channels[0]);
    return true;
  }

  add(samples) {
    for (const sample of samples) {
      this.piece[this.filled++] = sample;
      if (this.filled < PIECE) continue;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no such argument
      this.port.postMessage(this.piece);
      this.filled = 0;
    }
  }
}

globalThis.registerProcessor("mm-listener", Listener);
