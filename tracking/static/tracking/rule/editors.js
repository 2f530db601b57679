// Puts editors over the subject and the body. Without them, the textareas do.

export function editors(page) {
  if (!window.trackingEditor || !page.field("body")) {
    return;
  }
  const placeholders = () => page.trigger?.placeholders ?? [];
  const isHtml = () => page.value("content_type") !== "text";
  for (const [name, single] of [["subject", true], ["body", false]]) {
    page.editors[name] = window.trackingEditor(page.field(name), {
      label: page.label(name),
      single,
      html: !single && isHtml(),
      placeholders,
    });
    page.line(name).querySelector(".cm-content").tabIndex = 0; // said outright, so that what scrolls is known to be reached
    page.line(name).querySelector("label").addEventListener("click", () => page.editors[name].focus());
  }
  page.changed((event) => event.target.name === "content_type" && page.editors.body.setHtml(isHtml()));
}
