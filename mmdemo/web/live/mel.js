/**
 * Sound, as it comes, to mel frames, and those levelled: the running form of mmdemo/audio/spectrogram.py and of
 * mmdemo/audio/stream.py, which explain it.
 */

export const BANDS = 32;
export const STRIDE = 8; // frames to a step of the LSTM: 80 ms
const FFT = 512;
const HOP = 160; // samples: 10 ms
const FINDER_BANDS = 2; // the bands below do not count for the level: mains hum
const LOUD = 5; // of a step's eight frames the fifth in loudness says how loud it is
const LEVEL = 101;
const FLOOR = 50; // dB
const FADE = 0.13; // dB that the level falls in each step
const QUIETEST = -18; // dB

/** What the embedding gets of a frame in which nothing can be heard. */
export const QUIET = (LEVEL - FLOOR) / 10 + 2;

/** The power spectrum of 512 real numbers: 257 of them. A plain radix-2 transform (Cooley & Tukey 1965). */
export class PowerSpectrum {
  constructor() {
    this.cosine = Float64Array.from({ length: FFT / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / FFT));
    this.sine = Float64Array.from({ length: FFT / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / FFT));
    this.reversed = Uint16Array.from({ length: FFT }, (_, k) => {
      let other = 0;
      for (let bit = 1; bit < FFT; bit *= 2) other = other * 2 + (k & bit ? 1 : 0);
      return other;
    });
    this.real = new Float64Array(FFT);
    this.imaginary = new Float64Array(FFT);
    this.power = new Float64Array(FFT / 2 + 1);
  }

  /** @returns {Float64Array} (257,), used again by the next call. */
  of(samples) {
    const { real, imaginary, cosine, sine, reversed, power } = this;
    imaginary.fill(0);
    for (let k = 0; k < FFT; k++) real[reversed[k]] = samples[k];
    for (let half = 1; half < FFT; half *= 2) {
      const stride = FFT / 2 / half;
      for (let start = 0; start < FFT; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const [c, s] = [cosine[k * stride], sine[k * stride]];
          const re = real[b] * c + imaginary[b] * s;
          const im = imaginary[b] * c - real[b] * s;
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
    for (let k = 0; k <= FFT / 2; k++) power[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
    return power;
  }
}

/** Power in 32 mel bands, a frame every 10 ms; frame k lies around sample 160 k, so it comes 16 ms after that. */
export class MelFrames {
  /** @param {{"mel.window": Float32Array, "mel.filters": Float32Array}} tensors - (512,) and (257, 32). */
  constructor({ "mel.window": window, "mel.filters": filters }) {
    this.window = window;
    this.spectrum = new PowerSpectrum();
    this.windowed = new Float32Array(FFT);
    this.bands = Array.from({ length: BANDS }, (_, band) => {
      const column = Array.from({ length: FFT / 2 + 1 }, (_, k) => filters[k * BANDS + band]);
      const first = column.findIndex((weight) => weight !== 0);
      const last = column.findLastIndex((weight) => weight !== 0);
      return { first, weights: Float32Array.from(column.slice(first, last + 1)) };
    });
    this.reset();
  }

  /** Begin anew: before the first sample it is quiet. */
  reset() {
    this.held = new Float32Array(FFT / 2);
  }

  /**
   * More sound.
   *
   * @param {Float32Array} samples - any number of them, 16,000 a second, within -1 to 1.
   * @returns {Float32Array[]} the frames that are complete with it, (32,) each.
   */
  push(samples) {
    const sound = new Float32Array(this.held.length + samples.length);
    sound.set(this.held);
    sound.set(samples, this.held.length);
    const frames = [];
    let start = 0;
    for (; start + FFT <= sound.length; start += HOP) {
      for (let k = 0; k < FFT; k++) this.windowed[k] = sound[start + k] * this.window[k];
      const power = this.spectrum.of(this.windowed);
      frames.push(
        Float32Array.from(this.bands, ({ first, weights }) => {
          let sum = 0;
          for (let k = 0; k < weights.length; k++) sum += power[first + k] * weights[k];
          return sum;
        }),
      );
    }
    this.held = sound.slice(start);
    return frames;
  }
}

/** How loud it has been of late, and frames in relation to that: what the embedding takes. */
export class RunningLevel {
  constructor() {
    this.reset();
  }

  reset() {
    this.level = QUIETEST;
    this.relative = -Infinity;
  }

  /**
   * Level a step's frames.
   *
   * @param {Float32Array[]} frames - eight of power.
   * @returns {Float32Array} (8 * 32,), frame by frame.
   */
  of(frames) {
    const loudness = frames.map((frame) => frame.reduce((sum, power, band) => (band < FINDER_BANDS ? sum : sum + power), 0));
    const here = 10 * Math.log10(Math.max(loudness.sort((a, b) => b - a)[LOUD - 1], 1e-12));
    this.level = Math.max(this.level - FADE, here, QUIETEST);
    this.relative = here - this.level; // dB: how loud this step is beside what there has been of late
    const [scale, floor] = [10 ** (-this.level / 10), 10 ** (-FLOOR / 10)];
    const levelled = new Float32Array(frames.length * BANDS);
    frames.forEach((frame, k) => {
      for (let band = 0; band < BANDS; band++) {
        levelled[k * BANDS + band] = (10 * Math.log10(frame[band] * scale + floor) + LEVEL) / 10 + 2;
      }
    });
    return levelled;
  }
}
