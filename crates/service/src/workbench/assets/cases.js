// Files of a case: each is sent as it is, one after the other; then the page comes anew with them.
"use strict";
(() => {
  for (const form of document.querySelectorAll("form.upload")) {
    const field = form.querySelector("[type=file]"), told = form.querySelector(".told");
    const say = (text, wrong) => { told.textContent = text; told.classList.toggle("wrong", Boolean(wrong)); };
    const send = async (file) => {
      const answer = await fetch(`${form.dataset.to}?name=${encodeURIComponent(file.name)}`, {
        method: "POST", credentials: "same-origin", body: file,
        headers: { "content-type": file.type || "text/plain", "x-csrf-token": form.elements.csrf.value, accept: "application/json" },
      });
      if (answer.ok) return;
      const problem = await answer.json().catch(() => ({}));
      throw new Error(`${file.name}: ${problem.detail || problem.title || answer.status}`);
    };
    field.addEventListener("change", async () => {
      try {
        for (const file of field.files) {
          say(form.dataset.sending.replace("{name}", file.name));
          await send(file);
        }
        location.reload();
      } catch (error) {
        say(error.message, true);
      }
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }
})();
