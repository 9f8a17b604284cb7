/** "How good is it?": what a checkpoint's metrics.json says, as drawings. What it does not say is not shown. */

import { asker } from "../core/ask.js";
import { make, valueOf } from "../core/dom.js";
import { offerTips, term } from "../core/tooltip.js";
import { view } from "../core/view.js";
import { find, say } from "../core/words.js";
import { written } from "./card.js";
import { axis, dots, floorOf, lines, share, track } from "./charts.js";
import { confusion } from "./confusion.js";

const VIEW = "evaluate";
const MODALITIES = new Set(["text", "image", "audio"]);
const PARTS = { accuracy, levels, confusion: matrix, robustness, unknown, apart, paper, voices, strangers, card };
const MEANS = ["recall", "f1"]; // over the classes, each with its interval, where they were measured
const hueOf = (subset) => (MODALITIES.has(subset) ? `var(--mm-${subset})` : "var(--mm-ink)");

/** The view of the task that is the part's value. It is asked for when the view is first opened. */
export function evaluation({ element, props, watch, tell, choose }) {
  const put = asker(tell);
  let figures = { task: null };
  const root = make("div", { className: "mme" });
  element.replaceChildren(root);
  offerTips(root);
  const load = async (task) => {
    figures = { task };
    try {
      figures.told = await put({ ask: "figures", task });
    } catch (error) {
      figures.error = error.message;
    }
    if (figures.task === task) refill();
  };
  const content = make("div", { className: "mme-content" });
  root.prepend(content);
  const fill = () => {
    const task = valueOf(props);
    if (figures.task !== task) load(task);
    const tools = {
      ask: (question) => put({ ...question, task }),
      choose: (one) => {
        choose({ ...one, task });
        close();
        document.getElementById("answer")?.scrollIntoView({ block: "start" });
      },
    };
    return made(figures, tools);
  };
  const again = (opened) => {
    if (!opened || !figures.error) return;
    load(figures.task);
    refill();
  };
  const { refill, close } = view(content, VIEW, fill, again);
  watch("value", refill);
}

function made({ task, told, error }, tools) {
  const head = make("header", { className: "mmh-top" }, make("h2", {}, say("evaluate.title")), make("p", {}, say("evaluate.intro")));
  if (!told) return [head, make("p", { className: "mmh-note" }, error ?? say("inspect.wait"))];
  const { metrics } = told;
  const measured = Boolean(metrics.alone);
  head.append(
    measured
      ? make("p", { className: "mme-source" }, make("code", {}, metrics.command), ` · ${say("evaluate.seed", { seed: metrics.seed })} · ${say("evaluate.split", { split: metrics.split })}`)
      : make("p", { className: "mmh-text" }, say("evaluate.unmeasured", { command: `python -m mmdemo evaluate --checkpoint checkpoints/${task}` })),
  );
  const parts = Object.entries(measured ? PARTS : { card }).map(([part, draw]) => [part, draw(told, tools)]).filter(([, drawn]) => drawn);
  return [
    head,
    ...parts.map(([part, drawn], k) =>
      make("section", { id: `${VIEW}-${part}`, className: "mm-card mmh-part" }, make("h3", {}, make("i", {}, String(k + 1)), say(`evaluate.${part}`)), make("p", { className: "mmh-text" }, say(`evaluate.${part}_about`)), drawn),
    ),
  ];
}

/** What a subset of the modalities is called. */
const called = (subset) => subset.split("+").map((modality) => say(`page.${modality}`)).join(" + ");

/** Each modality alone, each kind of text, and the subsets together; a single modality counts alone. */
function subsetsOf({ alone, together = {} }) {
  const joined = Object.entries(together).filter(([subset]) => subset.includes("+") || !(subset in alone));
  return [...Object.entries(alone), ...joined].map(([subset, found]) => [subset, called(subset), found]);
}

function accuracy({ metrics }) {
  const kinds = Object.entries(metrics.kinds ?? {}).map(([kind, found]) => ["text", `${say("page.text")}: ${kindName(kind)}`, found]);
  const rows = [...subsetsOf(metrics), ...kinds];
  const means = MEANS.filter((mean) => rows.every(([, , found]) => found[mean]));
  const low = floorOf(rows.map(([, , { interval }]) => interval[0]));
  const body = rows.map(([subset, words, found]) => {
    const { n, accuracy: right, interval, ece, against_best_part: gain } = found;
    const better = gain && make("small", {}, say("evaluate.gain", { points: points(gain.gain), part: called(gain.part) }));
    return make("tr", {}, [
      make("th", { scope: "row" }, swatches(subset), words, better ?? null),
      make("td", { className: "mme-wide" }, track(right, interval, hueOf(subset), low)),
      make("td", {}, make("b", {}, share(right)), make("small", {}, say("evaluate.between", { low: share(interval[0]), high: share(interval[1]) }))),
      ...means.map((mean) => make("td", {}, share(found[mean][0]), make("small", {}, say("evaluate.between", { low: share(found[mean][1]), high: share(found[mean][2]) })))),
      make("td", {}, share(ece)),
      make("td", {}, n.toLocaleString()),
    ]);
  });
  const head = make("tr", {}, [
    make("th", { scope: "col" }, say("evaluate.given")),
    make("td", { className: "mme-wide" }, axis(low)),
    make("th", { scope: "col" }, term(say("evaluate.right"), say("evaluate.right_about"))),
    ...means.map((mean) => make("th", { scope: "col" }, term(say(`evaluate.${mean}`), say(`evaluate.${mean}_about`)))),
    make("th", { scope: "col" }, term(say("evaluate.ece"), say("evaluate.ece_about"))),
    make("th", { scope: "col" }, say("evaluate.n")),
  ]);
  return make("div", { className: "mme-scroll" }, make("table", { className: "mme-table mme-accuracy" }, make("thead", {}, head), make("tbody", {}, ...body)));
}

const points = (gain) => `${gain < 0 ? "−" : "+"}${Math.abs(100 * gain).toFixed(1)}`;

function swatches(subset) {
  const dotted = subset.split("+").map((modality) => {
    const swatch = make("i", { className: "mme-swatch" });
    swatch.style.setProperty("--hue", hueOf(modality));
    return swatch;
  });
  return make("span", { className: "mme-swatches", ariaHidden: "true" }, ...dotted);
}

function matrix({ metrics, labels, cases }, tools) {
  const subsets = subsetsOf(metrics).filter(([, , { confusion: counts }]) => counts);
  return subsets.length ? confusion({ subsets, labels, cases, ...tools }) : null;
}

function robustness({ metrics: { robustness: found } }) {
  if (!found) return null;
  const charts = Object.entries(found.harms ?? {}).map(([harm, { modality, unit, levels, alone, all }]) => {
    const level = (value) => (value === null ? say("evaluate.clean") : unit.startsWith("share") ? share(value, 0) : value.toLocaleString());
    const drawn = [{ name: say(`page.${modality}`), hue: hueOf(modality), values: alone }];
    if (all) drawn.push({ name: say("evaluate.all"), hue: "var(--mm-ink)", values: all });
    const x = find(`evaluate.unit_${harm}`) ?? unit;
    return lines({ title: find(`evaluate.harm_${harm}`) ?? harm, x, ticks: levels.map(level), drawn, low: 0 });
  });
  const replaced = Object.entries(found.replaced ?? {}).map(([modality, { accuracy: value, interval }]) => ({ name: say(`page.${modality}`), value, interval, hue: hueOf(modality) }));
  return make("div", { className: "mme-stack" }, [
    make("div", { className: "mme-charts" }, ...charts),
    ...(replaced.length ? [make("h4", {}, say("evaluate.replaced")), dots(say("evaluate.replaced"), replaced)] : []),
  ]);
}

/** From which probability on an answer is clear, or likely, and how much that is worth. */
function levels({ metrics: { levels: found } }) {
  if (!found) return null;
  const words = ["from", "share", "level_right"];
  const heads = ["clear", "likely"].map((level) => make("th", { scope: "colgroup", colSpan: words.length }, say(`page.level_${level}`)));
  const under = heads.flatMap(() => words.map((word) => make("th", { scope: "col" }, term(say(`evaluate.${word}`), say(`evaluate.${word}_about`)))));
  const rows = Object.entries(found.given).map(([subset, of]) => {
    const cells = ["clear", "likely"].flatMap((level) => {
      const [test, own] = [of.test, of.validation].map((split) => split?.[`${level}_right`] ?? null);
      return [
        make("td", {}, of[level] > 1 ? "–" : share(of[level])),
        make("td", {}, of.test ? share(of.test[level]) : "–"),
        make("td", {}, make("b", {}, test === null ? "–" : share(test)), make("small", {}, own === null ? "" : ` ${share(own)}`)),
      ];
    });
    return make("tr", {}, make("th", { scope: "row" }, swatches(subset), called(subset)), ...cells);
  });
  const head = [make("tr", {}, make("td", {}), ...heads), make("tr", {}, make("th", { scope: "col" }, say("evaluate.given")), ...under)];
  return make("div", { className: "mme-scroll" }, make("table", { className: "mme-table" }, make("thead", {}, ...head), make("tbody", {}, ...rows)));
}

function unknown({ metrics: { unknown: found } }) {
  if (!found) return null;
  const drawn = Object.entries(found.coverage ?? {}).map(([modality, shares]) => ({ name: say(`page.${modality}`), hue: hueOf(modality), shares }));
  const ticks = [...new Set(drawn.flatMap(({ shares }) => Object.keys(shares)))].sort((a, b) => b - a);
  for (const line of drawn) line.values = ticks.map((tick) => line.shares[tick] ?? null);
  const rows = Object.entries(found.told_apart ?? {}).flatMap(([modality, kinds]) =>
    Object.entries(kinds).map(([kind, { n, nothing_found: nothing, auroc, called_clear: clear }]) =>
      make("tr", {}, [
        make("th", { scope: "row" }, swatches(modality), kindName(kind)),
        make("td", { className: "mme-wide" }, track(auroc, null, hueOf(modality), 0.5)),
        make("td", {}, make("b", {}, auroc.toFixed(3))),
        make("td", {}, share(clear)),
        make("td", {}, share(nothing / n, 0)),
        make("td", {}, n.toLocaleString()),
      ]),
    ),
  );
  const columns = [["auroc", true], ["called_clear", true], ["nothing_found", true]].map(([key]) => make("th", { scope: "col" }, term(say(`evaluate.${key}`), say(`evaluate.${key}_about`)))); // prettier-ignore
  const head = make("tr", {}, make("th", { scope: "col" }, say("evaluate.given")), make("td", { className: "mme-wide" }, make("p", { className: "mme-axis", ariaHidden: "true" }, make("span", {}, "0.5"), make("span", {}, "1"))), ...columns, make("th", { scope: "col" }, say("evaluate.n")));
  return make("div", { className: "mme-beside" }, [
    ...(drawn.length ? [lines({ title: say("evaluate.coverage"), x: say("evaluate.coverage_x"), ticks: ticks.map((tick) => share(Number(tick), 0)), drawn })] : []),
    ...(rows.length ? [make("div", { className: "mme-scroll" }, make("table", { className: "mme-table" }, make("thead", {}, head), make("tbody", {}, ...rows)))] : []),
  ]);
}

/** "sentences", "fashion": what a manifest calls them, where we have no better name. */
const kindName = (kind) => (kind ? (find(`evaluate.kind_${kind}`) ?? kind.replaceAll("_", " ")) : say("evaluate.kind_none"));

function paper({ metrics: { paper: found } }) {
  if (!found) return null;
  const rows = [{ name: say("evaluate.paper_all"), value: found.accuracy, interval: found.interval, hue: hueOf("image"), more: String(found.n) }];
  for (const [kind, { n, accuracy: value }] of Object.entries(found.by_kind ?? {})) rows.push({ name: kindName(kind), value, hue: hueOf("image"), more: String(n) });
  if (found.turned) rows.push({ name: say("evaluate.turned"), value: found.turned.accuracy, hue: hueOf("image"), more: String(found.turned.n) });
  for (const [margin, { accuracy: value }] of Object.entries(found.cropped ?? {})) rows.push({ name: say("evaluate.cropped", { margin }), value, hue: hueOf("image"), more: String(found.n) });
  return make("div", { className: "mme-stack" }, dots(say("evaluate.paper"), rows), make("p", { className: "mmh-note" }, say("evaluate.found", { percent: share(found.found) })));
}

/** Inputs of other kinds than the published test sets: other people's hands, pens, screens. */
function apart({ metrics: { apart: found } }) {
  const rows = Object.entries(found ?? {}).flatMap(([modality, kinds]) =>
    Object.entries(kinds).map(([kind, { n, accuracy: value, interval }]) => ({ name: find(`evaluate.apart_${kind}`) ?? kindName(kind), value, interval, hue: hueOf(modality), more: n.toLocaleString() })),
  );
  return rows.length ? dots(say("evaluate.apart"), rows) : null;
}

/** Made voices that nobody learnt from, by accent and by what becomes of them on their way. */
function voices({ metrics: { voices: found } }) {
  if (!found) return null;
  const rows = Object.entries(found.voices).map(([kind, { n, accuracy: value, interval }]) => ({ name: say(`evaluate.voice_${kind}`), value, interval, hue: hueOf("audio"), more: n.toLocaleString() }));
  const { several, no_digit: others } = found;
  const note = say("evaluate.voices_several", { n: several.n, told: share(several.told), clear: share(several.called_clear), numbers: others.n, numbers_clear: share(others.called_clear) });
  return make("div", { className: "mme-stack" }, dots(say("evaluate.voices"), rows), make("p", { className: "mmh-note" }, note));
}

function strangers({ metrics: { strangers: found } }) {
  if (!found?.left_out && !found?.official) return null;
  const { left_out: out, official } = found;
  const rows = Object.entries(out?.by_speaker ?? {}).map(([who, value]) => ({ name: say("evaluate.without", { who }), value, hue: hueOf("audio") }));
  if (out) rows.push({ name: say("evaluate.mean"), value: out.mean });
  if (official) rows.push({ name: say("evaluate.official"), value: official.mean });
  const source = found.command && make("p", { className: "mme-source" }, make("code", {}, found.command));
  return make("div", { className: "mme-stack" }, dots(say("evaluate.strangers"), rows), source ?? null);
}

/** The checkpoint's model card. */
function card({ card: text }) {
  return text ? written(text) : null;
}
