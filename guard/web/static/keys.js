// Keyboard: `/` to the search field, `g` and a letter to a page, `?` to the line that tells the keys.
"use strict";
(() => {
  let going = false;
  const writing = (element) => element.closest("input, select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (going) {
      going = false;
      document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    if (event.key === "g") going = true;
    else if (event.key === "/") {
      const search = document.querySelector('input[type="search"]');
      if (!search) return;
      event.preventDefault();
      search.focus();
    } else if (event.key === "?") document.querySelector("footer")?.scrollIntoView();
  });
})();
