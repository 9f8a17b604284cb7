/** Colours, each written as "#rrggbb". */

/** "#rrggbb" -> [r, g, b]. */
export const channels = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** A colour between two, each "#rrggbb": the first at 0, the second at 1. */
export function between(from, to, share) {
  const [start, end] = [channels(from), channels(to)];
  return `rgb(${start.map((channel, k) => Math.round(channel + (end[k] - channel) * share)).join(",")})`;
}

/** "#rrggbb" -> the same colour, see-through. */
export const fade = (hex, opacity) => `rgba(${channels(hex).join(",")},${opacity})`;
