// What is pressed before the page can answer it. A classic script like support.js, in the document before anything else:
// it keeps the keys of the presenter's mode, and clicks on what is ours, until the page is ready and asks for them
// (replay.js). What a person types, and Gradio's own inputs, are left alone: they work as soon as they can be seen.
// oxlint-disable no-var
(function () {
  var OURS = "#title a, #switches a, #switches button, #try button, #stage button, .mm-give button, #footer a, #footer button";
  var MOST = 20;
  var kept = [];

  function presenting() {
    return (
      /[?&]present\b/.test(location.search) ||
      kept.some(function (each) {
        return each.key === "p";
      })
    );
  }

  function wanted(event) {
    var target = event.target;
    if (!event.isTrusted || kept.length === MOST || !target.closest) return false;
    if (event.type === "click") return Boolean(target.closest(OURS));
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
    if (target.closest("input, textarea, select, [contenteditable]")) return false;
    return /^[1-9ikp]$/.test(event.key) || (presenting() && /^( |l|Escape|PageUp|PageDown|ArrowLeft|ArrowRight)$/.test(event.key));
  }

  function keep(event) {
    if (!wanted(event)) return;
    kept.push({ key: event.key, target: event.target });
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  addEventListener("keydown", keep, true);
  addEventListener("click", keep, true);
  window.mmdemoKept = function () {
    removeEventListener("keydown", keep, true);
    removeEventListener("click", keep, true);
    return kept.splice(0);
  };
})();
