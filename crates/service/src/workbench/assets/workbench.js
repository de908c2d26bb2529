// Keys, menu and dialogs of every page. Everything here is a shorter way to what links and forms do without it.
"use strict";
(() => {
  const body = document.body;
  const at = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The menu of narrow screens.
  const menu = at("button.menu"), pages = at("nav.pages");
  menu?.addEventListener("click", () => {
    const open = pages.classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
    if (open) at("a", pages)?.focus();
  });

  // The sheet of the person closes with Escape and when something else is clicked.
  const person = at("details.person");
  document.addEventListener("click", (event) => {
    if (person?.open && !person.contains(event.target)) person.open = false;
  });

  // Dialogs.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const copier = event.target.closest("[data-copies]");
    if (copier) navigator.clipboard?.writeText(copier.dataset.copies).then(() => {
      const was = copier.textContent;
      copier.textContent = copier.dataset.done;
      setTimeout(() => { copier.textContent = was; }, 1500);
    });
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.method === "get" || event.defaultPrevented) return;
    if (event.submitter?.getAttribute("formmethod") === "dialog") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });

  // Rows.
  const link = (row) => at("a[href], button", row);
  const move = (by) => {
    const rows = all("[data-row]").filter((row) => row.offsetParent !== null && link(row));
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by))];
    link(next).focus();
    next.scrollIntoView({ block: "nearest" });
  };

  // Single keys, unless somebody turned them off or is writing.
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (person?.open) { person.open = false; at("summary", person).focus(); }
      if (pages?.classList.contains("open")) menu.click();
      if (event.target === at("#search")) event.target.blur();
    }
    if (body.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]") || at("dialog[open]")) return;
    const key = event.key;
    if (going && performance.now() - going < 1500) {
      going = 0;
      const to = all("a[data-go]").find((a) => a.dataset.go === key);
      if (to) { event.preventDefault(); to.click(); }
      return;
    }
    going = 0;
    if (key === "g") going = performance.now();
    else if (key === "?") at("#shortcuts")?.showModal();
    else if (key === "/") { event.preventDefault(); const search = at("#search"); search?.focus(); search?.select(); }
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "x" && event.target.closest("[data-row]")) at("[type=checkbox]", event.target.closest("[data-row]"))?.click();
    else {
      // A page names keys of its own: <button data-key="c">.
      const own = all("[data-key]").find((e) => e.dataset.key === key && e.offsetParent !== null);
      if (own) { event.preventDefault(); own.click(); if (own.matches("input, select, textarea")) own.focus(); }
    }
  });
})();
