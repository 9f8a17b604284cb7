/** What was understood in a session: one entry each time that a belief becomes sure of something. */

import { levelOf } from "../live/session.js";

const MOST = 40; // entries that are kept

/**
 * The log. A class is noted when its belief reaches the level likely or clear, and again only after the belief in it has
 * fallen in between: an answer that stays is one answer. It is the input's that put the class ahead, although the belief may
 * become firm only in the quiet after it.
 */
export class Understood {
  /** @param {{clear: number, likely: number}} calibration - the levels' limits. */
  constructor(calibration) {
    this.calibration = calibration;
    this.fallen = Math.min(0.5, calibration.likely); // below which a belief has fallen
    this.clear();
  }

  clear() {
    this.entries = []; // {label, level, index, modality}, the newest last
    this.held = null; // the entry that still holds
    this.ahead = null; // the class that is ahead, and the step that put it there
  }

  /** Follow a step. Returns whether the log has changed. */
  follow({ index, modality, belief }) {
    const before = this.held;
    if (before && belief[before.label] < this.fallen) this.held = null;
    const label = belief.indexOf(Math.max(...belief));
    if (belief[label] < this.fallen) this.ahead = null;
    else if (this.ahead?.label !== label) this.ahead = { label, index, modality };
    const level = levelOf(belief, this.calibration);
    if (level === "unclear") return this.held !== before;
    if (this.held?.label !== label) {
      const step = this.ahead && this.ahead.modality !== modality ? this.ahead : { label, index, modality };
      this.held = { ...step, level };
      this.entries.push(this.held);
      if (this.entries.length > MOST) this.entries.shift();
    } else if (level === "clear" && this.held.level !== "clear") {
      this.held.level = level;
    } else return false;
    return true;
  }
}
