/**
 * The speech embedding, a step at a time: mmdemo/audio/speech_embedding.py, whose convolutions along time each keep the
 * last two frames that they have read, so that nothing is worked out twice.
 *
 * The network halves the frames three times, and its first whole window of 76 frames is no multiple of 8. With four
 * frames before it that are never heard again, it is, and every step is made of whole frames at every layer.
 */

import { BANDS, QUIET, STRIDE } from "./mel.js";

export const SIZE = 96;
const BEFORE = 5; // steps' worth of quiet frames before the first one: four frames, and half a window
const AHEAD = 4; // steps that a step looks ahead
const POOLS = [2, 1, 2, 1, 2]; // frames that each block pools over; it also halves the bands

const activation = (x) => Math.max(x < 0 ? 0.2 * x : x, -0.4);

/**
 * A convolution along one axis, with three weights, of frames (frames, bands, channels).
 *
 * Four outputs at a time, so that what is read of the input is used four times.
 */
class Convolution {
  /**
   * @param {Float32Array} weight - (out, in, 3), row by row, whichever axis the three lie along.
   * @param {Float32Array} bias - (out,).
   */
  constructor(weight, bias, channels) {
    this.bias = bias;
    this.channels = channels;
    this.out = bias.length;
    const fan = 3 * channels;
    this.weight = new Float32Array(this.out * fan); // (out, 3, in), as three neighbours lie in memory
    for (let o = 0; o < this.out; o++) {
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < 3; k++) this.weight[o * fan + k * channels + c] = weight[o * fan + c * 3 + k];
      }
    }
  }

  /** One place of the output: the sums of three pieces of the input, each `channels` long, that begin at `starts`. */
  at(input, one, two, three, output, place, curve) {
    const { weight, bias, channels, out } = this;
    const fan = 3 * channels;
    for (let o = 0; o < out; o += 4) {
      let [a, b, c, d] = [bias[o], bias[o + 1], bias[o + 2], bias[o + 3]];
      for (let k = 0; k < 3; k++) {
        const start = k === 0 ? one : k === 1 ? two : three;
        if (start < 0) continue; // beyond the lowest or the highest band
        let w = o * fan + k * channels;
        for (let i = start; i < start + channels; i++, w++) {
          const x = input[i];
          a += x * weight[w];
          b += x * weight[w + fan];
          c += x * weight[w + 2 * fan];
          d += x * weight[w + 3 * fan];
        }
      }
      output[place + o] = curve(a);
      output[place + o + 1] = curve(b);
      output[place + o + 2] = curve(c);
      output[place + o + 3] = curve(d);
    }
  }

  /** Three bands beside each other in the same frame; beyond the edges there is nothing. */
  acrossBands(input, frames, bands) {
    const { channels, out } = this;
    const output = new Float32Array(frames * bands * out);
    for (let t = 0; t < frames; t++) {
      for (let band = 0; band < bands; band++) {
        const at = (t * bands + band) * channels;
        const [below, above] = [band ? at - channels : -1, band + 1 < bands ? at + channels : -1];
        this.at(input, below, at, above, output, (t * bands + band) * out, activation);
      }
    }
    return output;
  }
}

/** A convolution over three frames that remembers the last two. */
class TimeConvolution extends Convolution {
  constructor(weight, bias, channels, bands) {
    super(weight, bias, channels);
    this.row = bands * channels;
    this.bands = bands;
    this.reset();
  }

  reset() {
    this.last = new Float32Array(2 * this.row);
  }

  along(input, frames, curve = activation) {
    const { channels, bands, row, out } = this;
    const whole = new Float32Array(2 * row + input.length);
    whole.set(this.last);
    whole.set(input, 2 * row);
    const output = new Float32Array(frames * bands * out);
    for (let t = 0; t < frames; t++) {
      for (let band = 0; band < bands; band++) {
        const at = t * row + band * channels;
        this.at(whole, at, at + row, at + 2 * row, output, (t * bands + band) * out, curve);
      }
    }
    this.last = whole.slice(whole.length - 2 * row);
    return output;
  }
}

/** The greatest of `pool` frames and two bands. */
function pooled(input, frames, bands, channels, pool) {
  const output = new Float32Array((frames / pool) * (bands / 2) * channels).fill(-Infinity);
  for (let t = 0; t < frames; t++) {
    for (let band = 0; band < bands; band++) {
      const from = (t * bands + band) * channels;
      const to = (Math.floor(t / pool) * (bands / 2) + (band >> 1)) * channels;
      for (let c = 0; c < channels; c++) output[to + c] = Math.max(output[to + c], input[from + c]);
    }
  }
  return output;
}

export class SpeechEmbedding {
  /** @param {Object<string, Float32Array>} tensors - the file's, by names that begin with `audio.speech.`. */
  constructor(tensors, shapes) {
    const weight = (name) => tensors[`audio.speech.${name}`];
    const outputs = (name) => shapes[`audio.speech.${name}`][0];
    const channels = outputs("first.weight");
    this.first = weight("first.weight"); // (24, 1, 3, 3)
    this.scale = weight("scale");
    this.shift = weight("shift");
    this.channels = channels;
    let width = channels;
    let bands = BANDS;
    this.blocks = POOLS.map((pool, b) => {
      const layers = [];
      for (let k = 0; tensors[`audio.speech.blocks.${b}.${2 * k}.weight`]; k++) {
        const [across, along] = [`blocks.${b}.${2 * k}`, `blocks.${b}.${2 * k + 1}`];
        const out = outputs(`${across}.weight`);
        layers.push({
          across: new Convolution(weight(`${across}.weight`), weight(`${across}.bias`), width),
          along: new TimeConvolution(weight(`${along}.weight`), weight(`${along}.bias`), out, bands),
        });
        width = out;
      }
      const block = { layers, pool, bands, width };
      bands /= 2;
      return block;
    });
    this.last = new TimeConvolution(weight("last.weight"), new Float32Array(SIZE), width, 1);
    this.reset();
  }

  /** Begin anew, after quiet. */
  reset() {
    this.frames = new Float32Array(2 * (BANDS + 2));
    for (const row of [0, BANDS + 2]) this.frames.fill(QUIET, row + 1, row + 1 + BANDS);
    for (const { layers } of this.blocks) for (const { along } of layers) along.reset();
    this.last.reset();
    const quiet = new Float32Array(STRIDE * BANDS).fill(QUIET);
    this.waiting = 0;
    for (let k = 0; k < BEFORE; k++) this.embedded(quiet);
    this.waiting = AHEAD;
  }

  /**
   * The next eight frames.
   *
   * @param {Float32Array} frames - (8 * 32,), levelled.
   * @returns {?Float32Array} (96,), the step whose window has become whole, which is four steps ago; null for the first
   *   four.
   */
  push(frames) {
    const step = this.embedded(frames);
    return this.waiting-- > 0 ? null : step;
  }

  embedded(frames) {
    let x = this.firstLayer(frames);
    let count = STRIDE;
    for (const { layers, pool, bands, width } of this.blocks) {
      for (const { across, along } of layers) x = along.along(across.acrossBands(x, count, bands), count);
      x = pooled(x, count, bands, width, pool);
      count /= pool;
    }
    return this.last.along(x, count, (value) => value);
  }

  /** Three by three frames and bands of one channel, a rectifier, and what is left of the original's first batch norm. */
  firstLayer(frames) {
    const { first, scale, shift, channels } = this;
    const row = BANDS + 2; // with nothing below the lowest and above the highest band
    const whole = new Float32Array((STRIDE + 2) * row);
    whole.set(this.frames);
    for (let t = 0; t < STRIDE; t++) whole.set(frames.subarray(t * BANDS, (t + 1) * BANDS), (t + 2) * row + 1);
    const output = new Float32Array(STRIDE * BANDS * channels);
    const around = new Float64Array(9);
    for (let t = 0, place = 0; t < STRIDE; t++) {
      for (let band = 0; band < BANDS; band++) {
        for (let k = 0; k < 9; k++) around[k] = whole[(t + ((k / 3) | 0)) * row + band + (k % 3)];
        for (let o = 0, w = 0; o < channels; o++, place++) {
          let sum = 0;
          for (let k = 0; k < 9; k++, w++) sum += first[w] * around[k];
          output[place] = activation(Math.max(sum, 0) * scale[o] + shift[o]);
        }
      }
    }
    this.frames = whole.slice(STRIDE * row);
    return output;
  }
}
