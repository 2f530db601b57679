"use strict";

/* What the theme and its libraries leave out for those who hear the page or have no mouse; on every page. */
document.addEventListener("DOMContentLoaded", () => {
  const $ = window.django?.jQuery;
  const labelOf = (select) =>
    document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.trim() || select.dataset.placeholder || select.name;

  // Autocompletes have no name of their own.
  const name = (select) => {
    for (const control of select.nextElementSibling?.querySelectorAll('[role="combobox"], [role="textbox"], [role="searchbox"], input') ?? []) {
      control.removeAttribute("aria-labelledby");
      control.setAttribute("aria-label", labelOf(select));
    }
  };
  const selects = $?.fn.select2 ? $("select.admin-autocomplete") : [];
  if (selects.length) {
    $(() => setTimeout(() => selects.each((_, select) => name(select))));
    selects.on("change.select2 select2:close", (event) => setTimeout(() => name(event.target)));
    selects.on("select2:open", (event) => {
      document
        .querySelector(".select2-container--open .select2-dropdown .select2-search__field")
        ?.setAttribute("aria-label", `Search: ${labelOf(event.target)}`);
    });
  }

  // What scrolls can be scrolled by keys.
  const reach = () => {
    for (const found of document.querySelectorAll(".tracking-scroll, .tracking-panel pre, .tracking-diff")) {
      if (found.scrollWidth > found.clientWidth || found.scrollHeight > found.clientHeight) found.tabIndex = 0;
    }
  };
  reach();
  window.addEventListener("resize", reach);

  // The theme's links that lead nowhere, as "Filters", are buttons.
  for (const found of document.querySelectorAll("a:not([href])")) {
    if (!found.hasAttribute("x-on:click")) continue;
    found.setAttribute("role", "button");
    found.tabIndex = 0;
    found.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      found.click();
    });
  }

  window.addEventListener("load", () => {
    for (const icon of document.querySelectorAll(".help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  });
});
