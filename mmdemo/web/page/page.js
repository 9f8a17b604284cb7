/** The parts of the page, by the name under which mmdemo/app/parts.py asks for them: each brings a template to life. */

export { replies } from "../core/ask.js";
export { evaluation } from "../evaluate/evaluation.js";
export { how } from "../how/how.js";
export { live } from "../watch/live.js";
export { answer } from "./answer.js";
export { compare } from "./compare.js";
export { help } from "./devices.js";
export { examples } from "./examples.js";
export { footer } from "./footer.js";
export { give, harder } from "./give.js";
export { switches, title } from "./header.js";
export { drawing } from "./reading.js";
export { take } from "./take.js";
export { tour } from "./tour.js";
