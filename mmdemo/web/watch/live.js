/**
 * A live session on the page, at the address #live: speak, show and type, and watch one memory carry on. Sound is read
 * here and never leaves the browser; pictures, small, and words go to the server and come back as steps.
 */

import { asker } from "../core/ask.js";
import { make, put } from "../core/dom.js";
import { offerTips, term } from "../core/tooltip.js";
import { view } from "../core/view.js";
import { find, name, onLanguage, say } from "../core/words.js";
import { cellPicture, spokenCell } from "../drawing/cell.js";
import { KEPT } from "../live/session.js";
import { cards } from "./cards.js";
import { look } from "./camera.js";
import { lookBack } from "./lookback.js";
import { listen, play } from "./microphone.js";
import { Run } from "./run.js";
import { seismograph } from "./seismograph.js";
import { stay } from "./stay.js";
import { asCsv, asJson } from "./takeaway.js";
import { finished } from "./typed.js";
import { Understood } from "./understood.js";

const VIEW = "live";
const LEAKS = [1, 0.995, 0.99, 0.98, 0.96, 0.92, 0.84, 0.7, 0.4, 0]; // on every forget gate; the first is as it was taught
const STEP = 0.08; // seconds
const SIGHT = 60; // steps that are in sight on any screen
const AIR = 26; // pixels below the drawing
const LEAST = 400; // pixels that it has at least
const TROUBLES = new Set(["denied", "none", "busy", "insecure"]);

const taskInUse = () => document.querySelector("#task input:checked")?.value ?? null;
const presenting = () => document.body.classList.contains("mm-presenting");

/** The view. It starts when it is opened by a press, and stops when it is left. */
export function live({ element, tell }) {
  const root = element.querySelector(".mmw");
  const session = new Live(root, asker(tell), { ...root.dataset });
  const { open } = view(root, VIEW, () => session.made(), (on) => (on ? session.arrive() : session.leave()));
  stay(() => open() && session.steps.length > 0, () => session.lost());
  onLanguage(() => open() && session.taskChanged());
}

class Live {
  constructor(root, ask, files) {
    Object.assign(this, { root, ask, files, task: null, run: null, about: null, log: null, unit: null, marked: null, paused: false });
    this.files = Object.fromEntries(Object.entries(files).map(([key, path]) => [key, new URL(path, document.baseURI).href]));
    this.steps = [];
    this.end = 0;
    this.devices = { image: null, audio: null }; // what ends each, while it is on
    this.wishes = { image: null, audio: null }; // of each the last one, since to switch it on takes a while
    this.lines = { text: null, image: null, audio: null };
    this.plays = false;
    this.began = 0;
    this.read = 0; // characters of the words
    this.leak = 0;
    this.build();
    const resized = new ResizeObserver(() => this.resize());
    for (const above of [document.body, this.cards.element, this.row, this.headline.parentElement]) resized.observe(above);
    addEventListener("resize", () => this.resize());
    document.addEventListener("visibilitychange", () => this.hidden());
    setInterval(() => this.run && this.show(), 1000);
  }

  build() {
    this.cards = cards({
      typed: (all) => this.typed(all),
      turned: (modality) => this.turn(modality),
      went: () => (this.run ? this.stop() : this.start()),
      chose: () => this.playOrNot(),
    });
    this.graph = seismograph(() => this.showStep());
    this.back = lookBack();
    this.cell = cellPicture();
    const button = (className, act) => {
      const made = make("button", { type: "button", className: `mm-chipped ${className}` });
      made.addEventListener("click", act);
      return made;
    };
    this.pauses = button("mmw-pause", () => this.pause(!this.paused));
    this.resets = button("mmw-reset", () => this.reset());
    this.takes = ["json", "csv"].map((kind) => button(`mmw-take-${kind}`, () => this.take(kind)));
    this.slider = make("input", { type: "range", min: 0, max: LEAKS.length - 1, step: 1, value: 0 });
    this.slider.addEventListener("input", () => this.remember(Number(this.slider.value)));
    this.forgets = make("label", { className: "mmw-leak" }, make("span"), this.slider, make("output"));
    this.nothing = make("span", { className: "mmw-none" });
    this.chips = make("div", { className: "mmw-chips", role: "log" }, this.nothing);
    this.noted = []; // what was understood, and where that stands: {entry, chip}, the newest last
    this.row = make("div", { className: "mmw-row" }, make("span", { className: "mmw-title" }), this.chips, make("div", { className: "mmw-tools" }, this.pauses, this.forgets, this.resets, ...this.takes));
    this.caption = make("div", { className: "mmw-caption" });
    this.where = make("input", { type: "range", className: "mmw-where", min: 1, max: 1, value: 1, hidden: true });
    this.where.addEventListener("input", () => {
      this.end = Number(this.where.value);
      this.draw();
    });
    this.headline = make("span");
    this.leaves = make("span", { className: "mmw-leaves" });
    const said = make("section", { className: "mm-card mmw-said" }, this.caption, make("div", { className: "mm-cell mmw-cell" }, make("div", { className: "mm-cell-head" }), this.cell.picture));
    const drawn = make("section", { className: "mm-card mmw-drawn" }, make("p", { className: "mmw-headline" }, this.headline, this.leaves), this.graph.element, this.where);
    const stage = make("div", { className: "mmw-stage" }, said, drawn);
    this.body = make("div", { className: "mmw-body" }, this.cards.element, this.row, stage, this.back.element);
    this.head = said.querySelector(".mm-cell-head");
    offerTips(this.body);
    this.graph.element.addEventListener("mmdemo:point", ({ detail }) => this.open(detail));
    this.graph.element.addEventListener("mmdemo:unit", ({ detail }) => this.choose(detail));
    this.back.element.addEventListener("mmdemo:unit", ({ detail }) => this.choose(detail));
    this.back.element.addEventListener("mmdemo:shut", () => this.open(null));
    this.body.addEventListener("keydown", (event) => event.key === "Escape" && this.marked !== null && (event.stopPropagation(), this.open(null)));
  }

  /** What is in the view, in the language in use. */
  made() {
    this.retell();
    return [this.body];
  }

  /** The view was opened. */
  arrive() {
    this.retell();
    if (navigator.userActivation?.isActive) this.start();
    else if (!presenting()) this.cards.go.focus({ preventScroll: true });
    requestAnimationFrame(() => this.resize());
  }

  leave() {
    this.stop();
  }

  taskChanged() {
    if (this.task === taskInUse()) return;
    const running = Boolean(this.run);
    this.stop();
    this.forget();
    [this.about, this.log] = [null, null];
    this.retell();
    if (running) this.start();
  }

  async start() {
    this.stop();
    this.forget();
    this.task = taskInUse();
    this.began = performance.now();
    this.lines = { text: null, image: null, audio: { key: "live.opening" } };
    this.wishes = { image: null, audio: null };
    const run = new Run({ ask: this.ask, files: this.files, task: this.task, told: this.ears() });
    this.run = run;
    this.show();
    try {
      const about = await run.open();
      if (this.run !== run) return;
      this.about = about;
      this.log = new Understood(about.calibration);
    } catch {
      if (this.run !== run) return;
      this.stop();
      this.lines.audio = { key: "live.no_weights", trouble: true };
      this.show();
      return;
    }
    this.lines.audio = null;
    if (this.leak) run.remember(LEAKS[this.leak]);
    this.retell();
    this.typed(false); // what came meanwhile
    if (!this.wishes.audio) await this.turnOn("audio");
    if (this.run === run && !this.plays && !this.wishes.image) await this.turnOn("image");
  }

  /** What a run tells. */
  ears() {
    return {
      steps: (steps) => this.arrived(steps),
      level: (size) => this.cards.loud(size),
      server: (trouble) => this.say("text", trouble && { key: `live.${trouble}`, trouble: true }),
      nothing: (note) => this.saw(note),
      skipped: (seconds) => this.say("audio", { key: "live.skipped", values: { seconds: Math.ceil(seconds) }, trouble: true }),
      failed: () => {
        this.stop();
        this.say("audio", { key: "live.failed", trouble: true });
      },
    };
  }

  /** Gradio has lost the server: what needs it is over until the page is made anew. */
  lost() {
    if (this.run && !this.run.lost) document.querySelector(".toast-body.error .toast-close")?.click(); // it would lie over what stops the session
    this.run?.lose();
  }

  stop() {
    if (!this.run) return;
    this.run.close();
    this.run = null;
    for (const modality of Object.keys(this.devices)) this.ends(modality);
    this.pause(true);
  }

  /** Nothing is kept of what was read before. */
  forget() {
    this.steps = [];
    this.end = 0;
    this.log?.clear();
    [this.unit, this.chosen, this.read] = [null, null, this.cards.text.value.length];
    this.pause(false);
    this.showLog();
    this.draw();
  }

  reset() {
    this.run?.reset();
    this.forget();
    this.show();
  }

  // Devices

  turn(modality) {
    if (this.devices[modality]) {
      this.ends(modality);
      this.settleClock();
      this.say(modality, { key: `live.off_${modality}` });
    } else if (modality !== "audio" || this.about) this.turnOn(modality); // without its weights nothing can listen, and start() will
  }

  async turnOn(modality) {
    const outrun = this.wish(modality);
    const { run } = this;
    if (modality === "audio" && !this.about.hears) {
      this.lines.audio = { key: "live.deaf" };
      return this.settleClock();
    }
    let gone = false; // it may be taken away while it is still being switched on
    const told = {
      ended: () => {
        gone = true;
        if (outrun()) return;
        this.ends(modality);
        this.settleClock();
        this.say(modality, { key: `live.ended_${modality}`, trouble: true });
      },
      heard: (samples) => run.hear(samples),
      seen: (picture) => run.show(picture),
    };
    try {
      const end = modality === "audio" ? await listen(this.files.listener, told) : await look(this.cards.video, told);
      if (gone || outrun()) return end();
      this.ends(modality);
      this.devices[modality] = end;
      this.say(modality, null);
    } catch (error) {
      if (outrun()) return null;
      const reason = TROUBLES.has(error.message) ? error.message : "busy";
      this.say(modality, { key: `live.${modality}_${reason}`, trouble: true });
      if (modality === "audio" && presenting()) await this.playOrNot();
    }
    return this.settleClock();
  }

  /** A device is to be switched on: whether, by the time it is, that is not what was wished for last. */
  wish(modality) {
    const { run } = this;
    const wish = {};
    this.wishes[modality] = wish;
    return () => this.run !== run || this.wishes[modality] !== wish;
  }

  /** What a picture's answer says of it: that nothing was found. What else is said of the camera it leaves alone. */
  saw(note) {
    const line = this.lines.image;
    if (this.devices.image && (note || line?.about)) this.say("image", note && { key: "page.nothing_in_image", about: note });
  }

  ends(modality) {
    this.devices[modality]?.();
    this.devices[modality] = null;
    if (modality === "audio") this.plays = false;
  }

  /** A recording of our own, in place of the microphone; or no longer. */
  async playOrNot() {
    const { run, plays } = this;
    if (!run) return;
    const outrun = this.wish("audio");
    this.ends("audio");
    if (plays) {
      this.say("audio", { key: "live.off_audio" });
      this.settleClock();
      return;
    }
    try {
      const end = await play(this.files.listener, this.files.recording, { heard: (samples) => run.hear(samples) });
      if (outrun()) return void end();
      this.devices.audio = end;
      this.plays = true;
      this.say("audio", { key: "live.playing" });
    } catch {
      if (outrun()) return;
      this.say("audio", { key: "live.no_recording", trouble: true });
    }
    this.settleClock();
  }

  /** Where no sound comes, time goes by all the same. */
  settleClock() {
    this.run?.tick(!this.devices.audio);
    this.show();
  }

  hidden() {
    if (!this.run) return;
    if (document.hidden) this.away = performance.now();
    else if (this.away && this.devices.image) {
      this.say("image", { key: "live.was_hidden" });
      setTimeout(() => this.lines.image?.key === "live.was_hidden" && this.say("image", null), 6000);
    }
    this.draw();
  }

  typed(all) {
    if (this.run && !this.run.thread) return; // it is read as soon as the memory is there
    const { value } = this.cards.text;
    const { words, read } = finished(value, this.read, all);
    this.read = read;
    if (!words) return;
    if (this.run && !this.paused) this.run.type(words);
    if (all && /\n|.{160,}/s.test(value)) {
      this.cards.text.value = "";
      this.read = 0;
    }
  }

  // What is read

  arrived(steps) {
    const atEnd = !this.paused && this.end >= this.steps.length; // some may still be on their way when it is paused
    this.steps.push(...steps);
    const gone = this.steps.length - KEPT;
    if (gone > 0) this.steps.splice(0, gone);
    this.end = atEnd ? this.steps.length : Math.max(1, this.end - Math.max(0, gone));
    const before = this.log.held;
    let changed = false;
    for (const step of steps) changed = this.log.follow(step) || changed;
    if (this.log.held && this.log.held !== before) this.unit = this.chosen ?? this.unitFor(this.log.held);
    if (changed || this.ages(gone)) this.showLog();
    this.draw();
  }

  /** Whether one that was understood has just lost its steps. */
  ages(gone) {
    const { index } = this.steps[0];
    return gone > 0 && this.noted.some(({ entry }) => entry.index < index && entry.index >= index - gone);
  }

  /** The unit that says most for what was understood. */
  unitFor({ label }) {
    const { h } = this.steps.at(-1);
    const direction = this.run.readout.direction(label);
    return direction.reduce((best, value, k) => (value * h[k] > direction[best] * h[best] ? k : best), 0);
  }

  choose(unit) {
    this.chosen = unit;
    this.unit = unit;
    this.draw();
  }

  remember(place) {
    this.leak = place;
    this.run?.remember(LEAKS[place]);
    this.tellLeak();
  }

  pause(on) {
    this.paused = on;
    if (this.run) this.run.paused = on;
    this.devices.audio?.hold(on);
    if (!on) {
      this.end = this.steps.length;
      this.marked = null;
      this.back.open(null);
    }
    this.show();
    this.draw();
  }

  /** Look at a step, by its index; null goes back. A session that runs is paused for it. */
  open(index) {
    const place = this.steps.findIndex((step) => step.index === index);
    if (place < 0) {
      this.marked = null;
      this.back.open(null);
      return this.draw();
    }
    if (!this.paused) this.pause(true);
    this.marked = index;
    if (place >= this.end || place < this.end - SIGHT) this.end = Math.min(this.steps.length, place + SIGHT / 2);
    const step = this.steps[place];
    const before = this.steps[place - 1] ?? null;
    if (step.index && !before) return this.open(this.steps[1]?.index ?? null); // what the oldest began with is gone
    this.back.open({ step, before, lstm: this.lstm, labels: this.about.labels, unit: this.unit });
    this.draw();
    if (!presenting()) this.back.element.scrollIntoView({ block: "nearest", behavior: "instant" });
    return null;
  }

  get lstm() {
    return (this.last ?? this.run).lstm;
  }

  take(kind) {
    const text = kind === "json" ? asJson(this.about, this.steps, this.log.entries) : asCsv(this.about, this.steps);
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: kind === "json" ? "application/json" : "text/csv" })), download: `mmdemo-live-${this.task}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // What is shown

  say(modality, line) {
    this.lines[modality] = line;
    this.show();
  }

  /** Everything that has words, anew. */
  retell() {
    this.cards.retell();
    this.row.firstChild.replaceChildren(term(say("live.understood"), say("live.understood_about")));
    this.chips.ariaLabel = say("live.understood");
    put(this.nothing, say("live.nothing_yet"));
    for (const { chip } of this.noted.splice(0)) chip.remove(); // they are said anew
    this.forgets.firstChild.replaceChildren(term(say("live.leak"), say("live.leak_about")));
    this.slider.ariaLabel = say("live.leak");
    this.resets.textContent = say("live.reset");
    this.takes.forEach((button, k) => (button.textContent = say(`live.${["json", "csv"][k]}`)));
    this.where.ariaLabel = say("live.where");
    put(this.leaves, say("live.leaves"));
    this.head.replaceChildren(term(say("cell.title"), say("cell.about"), "mm-cell-title"), make("span"));
    this.labels = (this.about?.labels ?? []).map(name);
    this.graph.fill(this.labels, this.room());
    this.tellLeak();
    this.showLog();
    this.back.retell();
    this.show();
    this.draw();
  }

  tellLeak() {
    const leak = LEAKS[this.leak];
    const seconds = leak > 0 && leak < 1 ? (STEP * Math.log(0.5)) / Math.log(leak) : 0;
    const words = leak === 1 ? say("live.leak_none") : leak === 0 ? say("live.leak_all") : say("live.leak_half", { seconds: Number(seconds.toFixed(1)) });
    put(this.forgets.lastChild, words);
    this.slider.setAttribute("aria-valuetext", words);
  }

  show() {
    const running = Boolean(this.run);
    this.last = this.run ?? this.last;
    this.cards.show({
      running,
      seconds: (performance.now() - this.began) / 1000,
      devices: { text: true, image: Boolean(this.devices.image), audio: Boolean(this.devices.audio) },
      lines: this.lines,
      hears: this.about?.hears ?? true,
      plays: this.plays,
    });
    put(this.pauses, say(this.paused && running ? "live.go_on" : "live.pause"));
    this.pauses.hidden = !running;
    this.pauses.ariaPressed = String(this.paused);
    for (const button of [this.resets, ...this.takes]) button.disabled = !this.steps.length;
    put(this.headline, say(!running ? (this.steps.length ? "live.stopped" : "live.before") : this.paused ? "live.paused" : "live.running"));
    this.where.hidden = !this.paused || this.steps.length < 2;
    this.showCaption();
  }

  /** What was understood. What is there stays there: somebody may have walked to it, and nothing is announced twice. */
  showLog() {
    const entries = this.log?.entries ?? [];
    const last = this.noted.at(-1)?.entry;
    this.noted = this.noted.filter(({ entry, chip }) => entries.includes(entry) || void chip.remove());
    for (const entry of entries.slice(this.noted.length)) this.note(entry);
    for (const { entry, chip } of this.noted) this.tellEntry(entry, chip);
    this.nothing.hidden = entries.length > 0;
    if (this.noted.at(-1)?.entry !== last) this.chips.scrollLeft = this.chips.scrollWidth;
    this.showCaption();
  }

  note(entry) {
    const chip = make("button", { type: "button" });
    chip.addEventListener("click", () => this.open(entry.index));
    this.noted.push({ entry, chip });
    this.chips.append(chip);
  }

  /** An entry as it stands now. It outlives its steps, of which only a minute is kept: then it can be read, but not opened. */
  tellEntry(entry, chip) {
    const label = this.labels[entry.label];
    const [kept, held] = [entry.index >= (this.steps[0]?.index ?? 0), entry === this.log.held];
    const state = [entry.level, kept, held, label].join();
    if (chip.dataset.state === state) return;
    put(chip, label);
    chip.dataset.state = state;
    chip.className = `mmw-chip mm-of-${entry.modality} mmw-${entry.level}${held ? " mmw-held" : ""}`;
    chip.disabled = !kept;
    chip.ariaLabel = say(kept ? "live.chip" : "live.chip_gone", { label, level: say(`page.level_${entry.level}`) });
  }

  showCaption() {
    const looked = this.steps.find(({ index }) => index === this.marked);
    const held = looked ? (looked.level === "unclear" ? null : { ...looked, label: looked.ledger.label }) : (this.log?.held ?? null);
    const hears = this.about?.hears ?? true;
    const kind = (looked ?? held)?.modality ?? (hears ? "audio" : "image");
    const key = JSON.stringify([held && [held.index, held.level], kind, document.documentElement.lang, this.about?.task]);
    if (this.captioned === key) return;
    this.captioned = key; // not a data-key, whose sentence would be put here
    const notes = [
      make("p", { className: "mmw-why" }, say(this.about && !this.about.taught ? "live.untaught" : "live.carried")),
      ...(hears ? [make("p", { className: "mmw-late" }, term(say("live.late"), say("live.late_about")))] : []),
    ];
    const caution = find("task.caution");
    if (caution && this.about) notes.push(make("p", { className: "mmw-late" }, caution));
    const level = held ? make("small", { className: `mmw-level mmw-${held.level}` }, term(say(`page.level_${held.level}`), say("live.level_about"))) : null;
    const label = held ? this.labels[held.label] : "…";
    this.caption.replaceChildren(
      make("p", { className: `mmw-kind mm-of-${kind}` }, say(`live.kind_${kind}`)),
      make("strong", { className: `mm-label${held ? (label.length > 3 ? " mm-long" : "") : " mmw-idle"}` }, label),
      ...(level ? [level] : []),
      ...notes,
    );
  }

  draw() {
    const { steps, end, marked } = this;
    this.graph.show({ steps, end, marked });
  }

  /** What moves with the drawing: on a slow device less often than steps come. */
  showStep() {
    const { steps, end, marked } = this;
    this.showCaption();
    Object.assign(this.where, { max: Math.max(1, steps.length), value: end });
    const place = marked === null ? end - 1 : steps.findIndex(({ index }) => index === marked);
    const step = steps[place];
    if (!step) return;
    const unit = this.unit ?? 0;
    const before = steps[place - 1]?.c[unit] ?? 0;
    const [i, f, o, g, c, h] = [..."ifogch"].map((signal) => step[signal][unit]);
    const values = { i, f, o, g, before, c, h, kept: f * before, wrote: i * g };
    this.cell.show(values, this.paused ? spokenCell(values) : say("cell.title"));
    put(this.head.lastChild, say("cell.unit", { unit: unit + 1 }));
  }

  /** How much height the drawing has in the first screen. */
  room() {
    const canvas = this.graph.element;
    if (!canvas.isConnected) return LEAST;
    const top = canvas.getBoundingClientRect().top + scrollY;
    const zoom = canvas.getBoundingClientRect().width / canvas.offsetWidth || 1;
    return Math.max(LEAST, Math.floor((innerHeight - top) / zoom) - AIR);
  }

  resize() {
    const room = this.room();
    if (room === this.before) return;
    this.before = room;
    this.graph.resize(room);
  }
}
