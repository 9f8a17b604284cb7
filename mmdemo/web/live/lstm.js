/** The LSTM, a step at a time, and what reads it: torch.nn.LSTM, torch.nn.Linear and a softmax with its temperature. */

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** W x + b, or W x alone: W (rows, x.length), row by row. */
export function linear(weight, x, bias = null) {
  const rows = weight.length / x.length;
  const out = new Float64Array(rows);
  for (let r = 0, w = 0; r < rows; r++) {
    let sum = bias ? bias[r] : 0;
    for (let k = 0; k < x.length; k++) sum += weight[w++] * x[k];
    out[r] = sum;
  }
  return out;
}

/** Mean 0 and variance 1, then each number's own scale and shift (Ba et al. 2016). */
export function layerNorm(x, weight, bias) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const scale = 1 / Math.sqrt(variance + 1e-5);
  return Float32Array.from(x, (value, k) => (value - mean) * scale * weight[k] + bias[k]);
}

/** Probabilities (C,) of logits that are divided by a temperature. */
export function softmax(logits, temperature = 1) {
  const highest = Math.max(...logits);
  const raised = Float64Array.from(logits, (value) => Math.exp((value - highest) / temperature));
  const sum = raised.reduce((total, value) => total + value, 0);
  return raised.map((value) => value / sum);
}

/**
 * One layer that reads forward, with its state. After a step it holds that step's signals, each (H,): the gates `i`,
 * `f` and `o`, the candidate `g`, its argument `z`, the part `u` of that argument that came from `h` of the step before,
 * the cell `c` and the output `h`.
 */
export class LSTM {
  constructor(tensors) {
    const weight = (name) => tensors[`lstm.${name}_l0`];
    this.input = weight("weight_ih"); // (4 H, I), the gates in the order i, f, g, o
    this.recurrent = weight("weight_hh"); // (4 H, H)
    this.bias = weight("bias_ih").map((value, k) => value + weight("bias_hh")[k]);
    this.units = this.bias.length / 4;
    this.leak = 1;
    this.reset();
  }

  /** Forget all. */
  reset() {
    for (const signal of "ifogzuch") this[signal] = new Float64Array(this.units);
  }

  /** The arguments (z) of i, f, g and o, (H,) each, that an input and the state before it lead to; nothing is read. */
  preActivations(x, h) {
    const own = linear(this.input, x, this.bias);
    const heard = linear(this.recurrent, h);
    return [0, 1, 2, 3].map((gate) => Float64Array.from({ length: this.units }, (_, k) => own[gate * this.units + k] + heard[gate * this.units + k]));
  }

  /**
   * Read one step.
   *
   * @param {Float32Array} x - (I,).
   * @returns {LSTM} itself.
   */
  step(x) {
    const { units, leak } = this;
    const own = linear(this.input, x, this.bias);
    const heard = linear(this.recurrent, this.h);
    const [i, f, g, o, z, u, c, h] = Array.from({ length: 8 }, () => new Float64Array(units));
    for (let k = 0; k < units; k++) {
      const [kf, kg, ko] = [units + k, 2 * units + k, 3 * units + k];
      i[k] = sigmoid(own[k] + heard[k]);
      f[k] = sigmoid(own[kf] + heard[kf]) * leak;
      u[k] = heard[kg];
      z[k] = own[kg] + heard[kg];
      g[k] = Math.tanh(z[k]);
      o[k] = sigmoid(own[ko] + heard[ko]);
      c[k] = f[k] * this.c[k] + i[k] * g[k];
      h[k] = o[k] * Math.tanh(c[k]);
    }
    return Object.assign(this, { i, f, g, o, z, u, c, h });
  }
}

/** The dense layer and its softmax. */
export class Readout {
  constructor(tensors, temperature) {
    this.weight = tensors["dense.weight"]; // (C, H)
    this.bias = tensors["dense.bias"]; // (C,)
    this.temperature = temperature;
    this.classes = this.bias.length;
    this.units = this.weight.length / this.classes;
    this.mean = new Float64Array(this.units);
    for (let k = 0; k < this.weight.length; k++) this.mean[k % this.units] += this.weight[k] / this.classes;
  }

  /** The belief, (C,), that a state leads to. */
  belief(h) {
    return softmax(linear(this.weight, h, this.bias), this.temperature);
  }

  /** What one unit of output adds to class k against the mean of all: (H,). */
  direction(k) {
    return this.mean.map((mean, unit) => (this.weight[k * this.units + unit] - mean) / this.temperature);
  }
}
