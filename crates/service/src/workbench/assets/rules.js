// What makes writing rules quicker? Line numbers, a check while one writes, and progress that comes by itself.
"use strict";
(() => {
  const fill = (text, places) => text.replace(/\{(\w+)\}/g, (all, name) => (name in places ? places[name] : all));

  for (const form of document.querySelectorAll("[data-editor]")) {
    const area = form.querySelector("textarea");
    const lines = form.querySelector(".lines");
    const told = form.querySelector(".checked");
    const words = JSON.parse(form.dataset.words);
    let count = 0;
    const number = () => {
      const now = area.value.split("\n").length;
      if (now !== count) {
        count = now;
        lines.textContent = Array.from({ length: now }, (_, n) => n + 1).join("\n");
      }
      lines.scrollTop = area.scrollTop;
    };
    const goTo = (line, column) => {
      const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(before + column - 1, before + column - 1);
      area.scrollTop = Math.max(0, (line - 6) * (area.scrollHeight / Math.max(count, 1)));
    };
    const paragraph = (text, name) => {
      const p = document.createElement("p");
      p.textContent = text;
      if (name) p.className = name;
      return p;
    };
    const say = (found) => {
      told.replaceChildren();
      if (found.fault) {
        const { line, column, message, help } = found.fault;
        const go = document.createElement("button");
        go.type = "button";
        go.className = "quiet";
        go.textContent = fill(words.go, { line });
        go.addEventListener("click", () => goTo(line, column));
        const what = paragraph(fill(words.fault, { line, column, message }), "alert bad");
        what.lang = "en";
        told.append(what);
        if (help) told.append(paragraph(fill(words.help, { help })));
        told.append(go);
      } else if (found.unfit) told.append(paragraph(fill(words.unfit, { what: found.unfit }), "alert watch"));
      else if (found.live) told.append(paragraph(words.live, "quiet"));
      else told.append(paragraph(fill(words.good, { version: found.version.slice(0, 12) }), "done"));
    };
    let waiting = 0;
    let asked = 0;
    const check = async () => {
      const mine = ++asked;
      try {
        const answer = await fetch(`/v1/check/${form.dataset.editor}`, {
          method: "POST", credentials: "same-origin", body: area.value,
          headers: { "content-type": "application/toml", "x-csrf-token": form.elements.csrf.value },
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const found = await answer.json();
        if (mine === asked) say(found);
      } catch {
        if (mine === asked) told.replaceChildren(paragraph(words.failed, "alert bad"));
      }
    };
    area.addEventListener("input", () => {
      number();
      clearTimeout(waiting);
      waiting = setTimeout(check, 350);
    });
    area.addEventListener("scroll", () => { lines.scrollTop = area.scrollTop; });
    number();
  }

  // What is under way is asked for again; when it has ended the page comes anew with what came out.
  for (const box of document.querySelectorAll("[data-waits]")) {
    const ask = async () => {
      const answer = await fetch(box.dataset.waits, { credentials: "same-origin", headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const found = await answer.json();
      if (found.stage !== box.dataset.while) {
        location.reload();
        return;
      }
      const bar = box.querySelector("progress");
      if (bar) [bar.max, bar.value] = [Math.max(found.until, 1), found.position];
      setTimeout(ask, 700);
    };
    setTimeout(ask, 500);
  }
})();
