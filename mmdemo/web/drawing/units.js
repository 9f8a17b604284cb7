/** The units: in which order they lie in the heat map, and the one that was chosen, with its mark and its own lines. */

import { decode, unpack } from "../core/packed.js";
import { axisName, axisOf, boxOf } from "./axis.js";
import { evidence } from "./ledger.js";
import { marks } from "./rows.js";

/** The units' numbers from top to bottom, in one of the ORDERS of rows.js. */
export function ordered({ payload, order, about, against }) {
  if (order === "by_action") return payload.order;
  const numbers = [...payload.order.keys()];
  if (order === "by_number") return numbers;
  const carried = evidence(unpack(payload.ledger.units), { about, against });
  return numbers.sort((a, b) => carried[b] - carried[a]);
}

/** The unit at a height of the column of time, in pixels; null beside the heat map. */
export function unitAt(drawing, y) {
  const { top, height } = boxOf(drawing, "units");
  return drawing.units[Math.floor(((y - top) / height) * drawing.units.length)] ?? null;
}

/** The unit below or above the one that is chosen, in the order in which they lie. */
export function neighbour({ units, chosen }, by) {
  const here = units.indexOf(chosen);
  if (here < 0) return units.at(by > 0 ? 0 : -1);
  return units[Math.min(units.length - 1, Math.max(0, here + by))];
}

/** Mark the row of the chosen unit. */
export function markUnit(drawing) {
  const { mark, units, chosen } = drawing;
  mark.hidden = chosen === null;
  if (mark.hidden) return;
  const { top, height } = boxOf(drawing, "units");
  mark.style.top = `${top + ((units.indexOf(chosen) + 0.5) * height) / units.length}px`;
}

/** The chosen unit's own i, f, o and c as thin lines, [] where none is chosen; the axis of c grows to hold its line. */
export function ownLines(drawing, layout, colour) {
  const { payload, chosen, scales } = drawing;
  const rows = layout.meta.rows;
  const place = rows.indexOf("state");
  let axis = axisOf(payload.figure.layout, place);
  const lines =
    chosen === null
      ? []
      : ["i", "f", "o", "c"].map((key) => {
          const map = drawing.maps().find(({ meta }) => meta.key === key);
          const row = key === "c" ? "state" : "gates";
          return {
            type: "scatter",
            y: Array.from(unpack(map.z)[chosen], (code) => decode(map, code)),
            mode: payload.steps.length > 1 ? "lines" : "markers",
            line: { width: 1.1, color: colour(key) },
            yaxis: axisName(rows.indexOf(row)).replace("axis", ""),
            hoverinfo: "skip",
            showlegend: false,
            meta: { row, key, kind: "own" },
          };
        });
  if (lines.length) {
    const c = lines.at(-1).y;
    const far = c.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    const air = 0.06 * Math.abs(far);
    const range = [Math.min(axis.range[0], far - air), Math.max(axis.range[1], far + air)];
    const outside = range[0] < axis.range[0] || range[1] > axis.range[1];
    axis = { ...axis, range, tickvals: outside ? [0, Number(far.toFixed(1))] : axis.tickvals };
  }
  scales.state.replaceChildren(...marks(axis));
  layout[axisName(place)] = { ...layout[axisName(place)], range: axis.range, tickvals: axis.tickvals };
  return lines;
}
