/** What was pressed before the page could answer it: early.js has kept it, and now it is pressed again, in its order. */

/** To be called once, when every part that answers keys and clicks is alive. */
export function replay() {
  for (const { key, target } of globalThis.mmdemoKept?.() ?? []) {
    if (key) (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    else press(target);
  }
}

/** A press, with what goes before its click. */
function press(target) {
  target.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, cancelable: true }));
  target.click?.();
}
