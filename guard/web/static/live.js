// Asks every few seconds whether anything changed. If so, the page's `#content` fetches itself anew; if the server or the session
// is gone, a strip says since when the page is not live any more. What the reader has opened stays open.
"use strict";
(() => {
  const EVERY = 4000;
  const strip = document.getElementById("live");
  if (!strip?.dataset.stamp) return;
  let stamp = strip.dataset.stamp;
  let since = new Date();
  let told = strip.dataset.late;

  const say = (text, link) => {
    const key = text + (link ?? "");
    if (key === told) return;
    told = key;
    strip.replaceChildren();
    if (!text) return;
    const note = document.createElement("p");
    note.className = "note bad";
    note.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = "Sign in again.";
      note.append(" ", anchor);
    }
    strip.append(note);
  };
  // A part that opens is known again by the name that its page gives it, the instant in its summary, or the summary's words
  // without their figures; several of one name by their order.
  const parts = (root) => {
    const count = new Map();
    return [...root.querySelectorAll("details")].map((one) => {
      const summary = one.querySelector("summary");
      const name = one.dataset.same ?? summary?.querySelector("time")?.dateTime ?? summary?.textContent.replace(/[\d.,]+/g, "");
      const number = (count.get(name) ?? 0) + 1;
      count.set(name, number);
      return [`${name} ${number}`, one];
    });
  };
  let opened = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    const content = document.getElementById("content");
    opened = new Map(content ? parts(content).map(([name, one]) => [name, one.open]) : []);
  });
  document.addEventListener("htmx:load", () => {
    const content = document.getElementById("content");
    for (const [name, one] of content ? parts(content) : []) one.open = opened.get(name) ?? one.open;
  });
  const clock = () => since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

  const ask = async () => {
    if (document.hidden) return;
    let answer;
    try {
      answer = await fetch("/live", { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(EVERY * 2) });
    } catch {
      say(`Not live since ${clock()}: the page's server does not answer. What you see is from then.`);
      return;
    }
    if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") {
      const back = encodeURIComponent(location.pathname + location.search);
      say(`Not live since ${clock()}: your session has ended. What you see is from then.`, `/login?next=${back}`);
      return;
    }
    if (!answer.ok) {
      say(`Not live since ${clock()}: the page's server answered ${answer.status}. What you see is from then.`);
      return;
    }
    const news = await answer.json();
    since = new Date();
    say(news.late ?? "");
    document.dispatchEvent(new CustomEvent("told", { detail: news }));
    if (news.stamp !== stamp) {
      stamp = news.stamp;
      const content = document.getElementById("content");
      if (content) window.htmx.trigger(content, "fresh");
    }
  };
  const loop = async () => {
    await ask();
    setTimeout(loop, EVERY);
  };
  setTimeout(loop, EVERY);
  document.addEventListener("visibilitychange", ask);
})();
