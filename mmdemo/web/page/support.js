// Whether a browser is too old. A classic script in the words of 2009, so that every browser understands it: it runs in
// the document before anything else, and where something is missing shows the sentence that stands there (.mm-too-old).
// oxlint-disable no-var
(function () {
  function knows() {
    return (
      "noModule" in document.createElement("script") &&
      window.CSS &&
      CSS.supports("selector(:has(a))") && // Firefox 121
      CSS.supports("color", "color-mix(in srgb, red, blue)") && // Chrome 111
      HTMLScriptElement.supports &&
      HTMLScriptElement.supports("importmap") && // Safari 16.4
      window.DecompressionStream &&
      window.reportError &&
      Object.hasOwn &&
      window.Intl &&
      Intl.ListFormat &&
      "ariaPressed" in Element.prototype
    );
  }
  if (!knows()) document.documentElement.className += " mm-old";
})();
