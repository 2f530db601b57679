// The lists of placeholders: those that the trigger has, searched, put in at the cursor by a click.

export function placeholders(page) {
  for (const list of page.form.querySelectorAll(".tracking-placeholders")) {
    const search = list.querySelector(".tracking-search");
    const name = list.closest(".field-line").querySelector("[name]").name;

    function narrow() {
      const offered = page.trigger && new Set(page.trigger.placeholders.map((row) => row.name));
      const wanted = search.value.trim().toLowerCase();
      for (const row of list.querySelectorAll("[data-placeholder]")) {
        const fits = row.textContent.toLowerCase().includes(wanted);
        row.hidden = !fits || Boolean(offered && !offered.has(row.dataset.placeholder));
      }
    }

    search.hidden = false;
    search.addEventListener("input", (event) => {
      event.stopPropagation(); // it is no part of the rule
      narrow();
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault(); // it would save the rule
      }
    });
    list.addEventListener("click", (event) => {
      if (event.target.matches(".tracking-insert")) {
        insert(page, name, event.target.textContent);
      }
    });
    page.changed(narrow);
    narrow();
  }
}

function insert(page, name, text) {
  if (page.editors[name]) {
    page.editors[name].insert(text);
    return;
  }
  const field = page.field(name);
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}
