/**
 * The ledger in its running form: what of the memory each of the last steps wrote.
 *
 * mmdemo/lstm/ledger.py goes back from the answer to the steps. Its rules are linear in what is credited, so the same
 * numbers come out if every step's part of the cell is carried forward. With sec(z) = tanh(z) / z, and U what makes the
 * candidate of h:
 *
 *     a new step's part   i * (g - sec(z) * U h_before)
 *     an older one's      f * part + i * sec(z) * U (o_before * sec(c_before) * part)
 *
 * All parts add up to c, and a part's evidence is d . (o * sec(c) * part), with d the weight that a contrast of classes
 * gives to each unit. What is older than the rows that are kept is carried on together, as one part.
 */

const sec = (z) => (Math.abs(z) < 1e-3 ? 1 - (z * z) / 3 : Math.tanh(z) / z);
const LEAST = 1; // logits of evidence, below which no share of it is reported
const FELL = 0.01; // of probability: a belief that falls by less has not fallen

export class RunningLedger {
  /**
   * @param {LSTM} lstm - the one whose steps are followed.
   * @param {number} kept - how many steps have a part of their own.
   */
  constructor(lstm, kept) {
    this.lstm = lstm;
    this.kept = kept;
    const { units } = lstm;
    this.u = Float64Array.from(lstm.recurrent.subarray(2 * units * units, 3 * units * units)); // (H, H)
    this.outputs = Array.from({ length: 4 }, () => new Float64Array(units));
    this.sums = new Float64Array(4);
    this.reset();
  }

  reset() {
    this.parts = []; // the newest last
    this.earlier = new Float64Array(this.lstm.units);
    this.shown = new Float64Array(this.lstm.units); // o * sec(c) of the last step: how much of a part h shows
  }

  /** Follow the step that the LSTM has just read. */
  step() {
    const { i, f, g, z, u, o, c, units } = this.lstm;
    const slope = z.map((value, k) => i[k] * sec(value));
    const all = [this.earlier, ...this.parts];
    for (let k = 0; k < all.length; k += 4) this.carry(all.slice(k, k + 4), slope, f);
    this.parts.push(g.map((value, k) => i[k] * value - slope[k] * u[k]));
    if (this.parts.length > this.kept) {
      const oldest = this.parts.shift();
      for (let k = 0; k < units; k++) this.earlier[k] += oldest[k];
    }
    this.shown = o.map((value, k) => value * sec(c[k]));
  }

  /** A step in which nothing was read, and nothing let go: it has no part. */
  pass() {
    this.parts.push(new Float64Array(this.lstm.units));
    if (this.parts.length > this.kept) {
      const oldest = this.parts.shift();
      for (let k = 0; k < oldest.length; k++) this.earlier[k] += oldest[k];
    }
  }

  /** Up to four parts of the cell, a step later: together, so that what is read of U is used four times. */
  carry(parts, slope, f) {
    const { u, shown } = this;
    const size = shown.length;
    const [h0, h1, h2, h3] = this.outputs;
    parts.forEach((part, n) => {
      for (let k = 0; k < size; k++) this.outputs[n][k] = shown[k] * part[k];
    });
    for (let r = 0, w = 0; r < size; r++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < size; k++, w++) {
        const weight = u[w];
        a += weight * h0[k];
        b += weight * h1[k];
        c += weight * h2[k];
        d += weight * h3[k];
      }
      const sums = this.sums;
      sums[0] = a;
      sums[1] = b;
      sums[2] = c;
      sums[3] = d;
      for (let n = 0; n < parts.length; n++) parts[n][r] = f[r] * parts[n][r] + slope[r] * sums[n];
    }
  }

  /**
   * What each step that is kept, the oldest first, and all before them say for a contrast of classes, in logits.
   *
   * @param {Float64Array} direction - (H,), as `Readout.direction` gives it.
   */
  evidence(direction) {
    const weight = direction.map((value, k) => value * this.shown[k]);
    const of = (part) => part.reduce((sum, value, k) => sum + value * weight[k], 0);
    return { steps: Float32Array.from(this.parts, of), earlier: of(this.earlier) };
  }
}

/**
 * The share that the forget gates of a step erased of the evidence for the class that was ahead, where the belief in it
 * fell: mmdemo/lstm/trajectory.py, `let_go`.
 *
 * @param {{o: Float64Array, c: Float64Array, belief: Float64Array}} before - the step before.
 * @param {{f: Float64Array, belief: Float64Array}} after - the step itself.
 * @param {Readout} readout
 * @returns {?{share: number, label: number}} null where nothing was let go.
 */
export function letGo(before, after, readout) {
  const label = before.belief.indexOf(Math.max(...before.belief));
  if (before.belief[label] - after.belief[label] < FELL) return null;
  const direction = readout.direction(label);
  let [held, left] = [0, 0];
  for (let k = 0; k < direction.length; k++) {
    held += direction[k] * before.o[k] * Math.tanh(before.c[k]);
    left += direction[k] * before.o[k] * Math.tanh(after.f[k] * before.c[k]);
  }
  const share = 1 - left / held;
  return held >= LEAST && share > 0 ? { share, label } : null;
}
