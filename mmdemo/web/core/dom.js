/** Elements with text in them, never markup. */

/** make("p", {className: "x", title: "y"}, "words", child, null, ...) */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** svg("path", {d: "M0 0", class: "x"}, child, ...) */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** How much larger an element is shown than its own pixels say: the presenter's mode zooms. */
export const zoomOf = (element) => element.getBoundingClientRect().width / element.offsetWidth || 1;

/** A part's value: JSON, or null before there is one. */
export const valueOf = (props) => (props.value ? JSON.parse(props.value) : null);

/** Do something soon, in a task of its own, so that the browser can paint and hear what is pressed before. */
export const later = (work) => (globalThis.scheduler?.postTask ? void scheduler.postTask(work) : void setTimeout(work));

/** Call one of many listeners: what it throws is an error like any other, and keeps no other from being called. */
export function attempt(callback, ...given) {
  try {
    callback(...given);
  } catch (error) {
    reportError(error);
  }
}

/** A sound still to come, made while somebody presses something: Safari plays nothing that was not loaded just then. */
export function soundless() {
  const audio = new Audio();
  audio.load();
  return audio;
}

/** Keep a small choice in the browser, where it allows that. */
export const store = {
  get(key) {
    try {
      return localStorage.getItem(`mmdemo.${key}`);
    } catch {
      return null; // refused: a private window, or a frame in a stranger's page
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`mmdemo.${key}`, value);
    } catch {
      // then it lasts as long as the page
    }
  },
};

/** Send `mmdemo:name` from a part's element, so that the page around it can listen. */
export function send({ element }, name, detail) {
  element.dispatchEvent(new CustomEvent(`mmdemo:${name}`, { bubbles: true, detail }));
}
