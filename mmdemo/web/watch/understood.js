/** What was understood in a session: one entry each time that a belief becomes sure of something. */

import { levelOf } from "../live/session.js";

const MOST = 40; // entries that are kept

/**
 * The log. A class is noted when its belief reaches the level likely or clear, and again only after the belief in it has
 * fallen in between: an answer that stays is one answer.
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
  }

  /** Follow a step. Returns whether the log has changed. */
  follow({ index, modality, belief }) {
    const before = this.held;
    if (before && belief[before.label] < this.fallen) this.held = null;
    const level = levelOf(belief, this.calibration);
    if (level === "unclear") return this.held !== before;
    const label = belief.indexOf(Math.max(...belief));
    if (this.held?.label !== label) {
      this.held = { label, level, index, modality };
      this.entries.push(this.held);
      if (this.entries.length > MOST) this.entries.shift();
    } else if (level === "clear" && this.held.level !== "clear") {
      this.held.level = level;
    } else return false;
    return true;
  }
}
