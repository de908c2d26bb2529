// Decisions as they come: rows from the service, newest first, the last fifty.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const ROWS_MAX = 50;
  const rows = live.querySelector("tbody"), state = live.querySelector("[role=status]");
  const pause = live.querySelector("[data-pause]"), empty = live.querySelector(".empty");
  let source = null;
  const say = (text, tone) => { state.textContent = text; state.className = `badge ${tone}`; };
  const open = () => {
    source = new EventSource(live.dataset.live);
    source.addEventListener("open", () => say(state.dataset.on, "good"));
    source.addEventListener("error", () => say(state.dataset.off, "watch"));
    source.addEventListener("decisions", (event) => {
      empty?.remove();
      const news = document.createElement("template");
      news.innerHTML = JSON.parse(event.data).rows.reverse().join("");
      // Reading must not jump: what has the focus stays where it is.
      rows.prepend(news.content);
      while (rows.rows.length > ROWS_MAX && !rows.rows[rows.rows.length - 1].contains(document.activeElement)) {
        rows.deleteRow(-1);
      }
    });
  };
  const close = () => { source?.close(); source = null; };
  pause.addEventListener("click", () => {
    if (source) { close(); pause.textContent = pause.dataset.resume; say(pause.dataset.pause, "plain"); }
    else { open(); pause.textContent = pause.dataset.pause; }
  });
  // A page that nobody sees does not listen.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close(); else if (!source && pause.textContent === pause.dataset.pause) open();
  });
  window.addEventListener("pagehide", close);
  open();
})();
