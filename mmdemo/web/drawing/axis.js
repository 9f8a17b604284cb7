/** Places in the drawing: along the axis of steps, and in the rows of the figure. */

/** Place a node over some of the steps, in per cent, so that it needs no care when the axis grows. */
export function across(node, start, length, count) {
  node.style.left = `${(100 * start) / count}%`;
  node.style.width = `${(100 * length) / count}%`;
  return node;
}

/** The same for what moves from step to step: moved like this, nothing has to be laid out again, and nothing jumps. */
export function glide(node, start, length, count) {
  node.style.width = `${(100 * length) / count}%`;
  node.style.transform = `translateX(${(100 * start) / length}%)`;
}

/** The k-th y axis of a Plotly layout: its name, and the axis itself. */
export const axisName = (k) => (k === 0 ? "yaxis" : `yaxis${k + 1}`);
export const axisOf = (layout, k) => layout[axisName(k)];

/** Where a row lies within the column of time, in pixels: {top, height}. */
export const boxOf = ({ places }, row) => places.rows[row];
