/** The last minute of a session as files: plain numbers, without any sound or picture. */

const round = (value) => Number(value.toFixed(4));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A step as plain JSON. */
function plain({ index, modality, seen, belief, level, i, f, o, letGo }, labels) {
  return {
    step: index,
    modality,
    word: modality === "text" ? seen : null,
    label: labels[belief.indexOf(Math.max(...belief))],
    level,
    belief: Array.from(belief, round),
    gates: { i: round(mean(i)), f: round(mean(f)), o: round(mean(o)) },
    let_go: letGo && { share: round(letGo.share), label: labels[letGo.label] },
  };
}

/** As JSON: what was understood, and every step that is still kept. */
export function asJson({ task, labels }, steps, entries) {
  const understood = entries.map(({ label, level, index, modality }) => ({ label: labels[label], level, step: index, modality }));
  return JSON.stringify({ task, labels, understood, steps: steps.map((step) => plain(step, labels)) }, null, 1);
}

/** A cell of CSV; what a spreadsheet would take for a formula is kept as words. */
function cell(value) {
  const words = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** As CSV: a row for each step. */
export function asCsv({ labels }, steps) {
  const head = ["step", "modality", "word", "label", "level", "i", "f", "o", "let_go", ...labels];
  const rows = steps.map((step) => {
    const { step: index, modality, word, label, level, belief, gates, let_go: gone } = plain(step, labels);
    return [index, modality, word, label, level, gates.i, gates.f, gates.o, gone?.share, ...belief];
  });
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}
