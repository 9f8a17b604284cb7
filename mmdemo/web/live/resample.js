/** Sound from whatever rate a device has to the 16,000 samples a second that are heard, as it comes. */

const REACH = 12; // zero crossings of the filter on either side
const PASSED = 0.92; // of the lower rate's band; what lies above is let fall, so that nothing folds back

/** A windowed-sinc interpolator (Smith 1984, "Digital audio resampling"), in pieces of any length. */
export class Resampler {
  /** @param {number} rate - samples a second that come. @param {number} wanted - that are wanted. */
  constructor(rate, wanted) {
    this.step = rate / wanted;
    this.cut = Math.min(1, wanted / rate) * PASSED;
    this.half = Math.ceil(REACH / this.cut);
    this.held = new Float32Array(this.half); // before the first sample it is quiet
    this.at = this.half; // where in `held`, and what follows it, the next sample lies
  }

  /** @returns {Float32Array} the samples that are whole with these. */
  push(samples) {
    const { step, half, cut } = this;
    const sound = new Float32Array(this.held.length + samples.length);
    sound.set(this.held);
    sound.set(samples, this.held.length);
    const out = [];
    for (; this.at + half < sound.length; this.at += step) {
      const middle = Math.floor(this.at);
      let sum = 0;
      for (let k = middle - half + 1; k <= middle + half; k++) sum += sound[k] * weight(this.at - k, cut, half);
      out.push(sum);
    }
    const done = Math.min(Math.max(0, Math.floor(this.at) - half), sound.length);
    this.held = sound.slice(done);
    this.at -= done;
    return Float32Array.from(out);
  }
}

/** A sinc under a Hann window. */
function weight(distance, cut, half) {
  const x = Math.PI * cut * distance;
  const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
  return Math.abs(distance) > half ? 0 : cut * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / half));
}
