/** Numbers as the drawing writes them, in every language alike (for the page's own sentences see words.js). */

/** The place of the greatest of some numbers. */
export const best = (values) => values.reduce((top, value, k) => (value > values[top] ? k : top), 0);

/** A number with a true minus sign. */
export const number = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

/** The same with its sign, plus included; never a sign before a rounded 0 but "+". */
export function signed(value, digits = 2) {
  const rounded = Number(value.toFixed(digits)) || 0; // no "−0.00"
  return (rounded < 0 ? "" : "+") + number(rounded, digits);
}

/** A probability as a percentage, never rounded up to certainty. */
export const percent = (p) => `${p > 0.995 && p < 1 ? "> 99" : Math.round(100 * p)}\u202f%`;
