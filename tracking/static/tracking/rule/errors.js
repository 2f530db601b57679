// Errors stand at their fields; the summary above leads to each, and the first is where one begins.

export function errors(page, showStepOf) {
  const summary = document.getElementById("rule-errors");
  if (!summary) {
    return;
  }
  const lead = (name) => {
    showStepOf(name);
    page.focus(name);
  };
  for (const link of summary.querySelectorAll("a[data-field]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      lead(link.dataset.field);
    });
  }
  const first = summary.querySelector("a[data-field]");
  if (first) {
    lead(first.dataset.field);
  }
}
