"use strict";
// Everything on the page can be read without this: it only filters lists, and opens what is linked.
for (const box of document.querySelectorAll("input[data-filters]")) {
  const entries = [...document.querySelectorAll(box.dataset.filters)];
  const told = document.getElementById(box.getAttribute("aria-describedby"));
  box.closest("[hidden]").hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const text = entry.dataset.find;
      entry.hidden = !words.every((word) => text.includes(word));
      shown += !entry.hidden;
    }
    told.textContent = words.length ? `${shown} of ${entries.length}` : "";
  });
}
function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
    if (at.hidden) at.hidden = false;
  }
  target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();
