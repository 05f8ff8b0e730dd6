// Instants in the reader's zone (UTC stays in the tooltip), and countdowns. The guard's clock is not the reader's: a sandbox has
// a clock of its own, and a reader's may be wrong, so time goes on from the `now` that the server said.
"use strict";
(() => {
  const live = document.getElementById("live");
  let offset = Date.parse(live?.dataset.now ?? "") - Date.now() || 0;
  const now = () => Date.now() + offset;
  const parts = new Intl.DateTimeFormat("en-CA", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  });
  const local = (at) => {
    const p = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
    return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute} ${p.timeZoneName}`;
  };
  // The same two units as guard.core.units.short: `3 d 19 h`, `45 min`.
  const short = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    const units = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [s % 60, "s"]];
    const first = Math.max(0, units.findIndex(([n]) => n > 0));
    return units.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ") || "0 s";
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-countdown]")) {
      const left = Date.parse(time.dateTime) - now();
      time.textContent = left > 0 ? `in ${short(left)}` : "now";
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const past = now() - Date.parse(time.dateTime);
      time.textContent = past < 60000 ? "just now" : `${short(past)} ago`;
    }
  };
  const show = (root) => {
    for (const time of root.querySelectorAll("time:not([data-countdown], [data-ago])")) {
      if (!Number.isNaN(Date.parse(time.dateTime))) time.textContent = local(new Date(time.dateTime));
    }
    tick();
  };
  document.addEventListener("told", (event) => {
    offset = Date.parse(event.detail.now) - Date.now();
    tick();
  });
  document.addEventListener("htmx:load", (event) => show(event.detail.elt));
  show(document);
  setInterval(tick, 10000);
})();
// A form that reads an instant in people's words is told the reader's zone.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  for (const field of document.querySelectorAll("input[data-zone]")) field.value = zone;
  for (const name of document.querySelectorAll("[data-zone-name]")) name.textContent = zone;
})();
