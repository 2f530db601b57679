// A new rule is added in two steps, as in the platform: what happens and what to do; then how.

import { element } from "./page.js";
import { pickers } from "./pickers.js";

const SECOND = 1;

export function steps(page) {
  const { form } = page;
  const sections = [...form.querySelectorAll("fieldset.module")];
  const save = document.querySelector('[name="_save"]');
  if (!page.facts.steps || !save || sections.length < 2) {
    dialog(page);
    return () => {};
  }
  pickers(page);
  const [first, ...others] = sections;
  const next = button("Next", () => complete(page) && show(SECOND, true), "tracking-button tracking-wide");
  const back = button("Back", () => show(0, true), "tracking-button tracking-plain tracking-wide");
  const later = [...save.parentElement.querySelectorAll('button[name^="_"]'), ...form.querySelectorAll("[data-try]")];
  save.before(next);
  save.after(back);
  const start = document.querySelector("[data-start]");
  const marks = indicator();
  form.prepend(marks);

  function show(step, moved) {
    first.hidden = step !== 0;
    if (start) {
      start.hidden = step !== 0;
    }
    others.forEach((section) => (section.hidden = step !== SECOND));
    form.classList.toggle("tracking-second", step === SECOND);
    next.hidden = step !== 0;
    back.hidden = step !== SECOND;
    later.forEach((found) => (found.hidden = step !== SECOND));
    [...marks.children].forEach((mark, number) => mark.toggleAttribute("aria-current", number === step));
    marks.children[step].setAttribute("aria-current", "step");
    if (moved) {
      window.scrollTo(0, 0);
      marks.focus();
    }
  }

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !next.hidden && event.target.matches("input:not([type=search])")) {
      event.preventDefault(); // the form is not complete yet
      next.click();
    }
  });
  dialog(page);
  const showStepOf = (name) => show(first.contains(page.line(name)) ? 0 : SECOND, false);
  show(0, false);
  return showStepOf;
}

function button(text, onclick, className) {
  return element("button", { type: "button", class: className, onclick }, text);
}

function indicator() {
  return element(
    "ol",
    { class: "tracking-steps", tabindex: "-1", "aria-label": "Steps" },
    element("li", {}, "Trigger and Action"),
    element("li", {}, "Settings"),
  );
}

// What the second step depends on must be chosen in the first.
function complete(page) {
  const owner = page.field("product") ? ["product", "Choose a product or a campaign."] : ["owner_campaign", "Choose a campaign."];
  const wanted = [
    [!page.value("trigger"), "trigger", "Select the trigger."],
    [!page.value("product") && !page.value("owner_campaign"), ...owner],
    [page.value("product") && page.value("owner_campaign"), "owner_campaign", "Choose a product or a campaign, not both."],
    [
      page.trigger && !page.trigger.filters[page.level],
      "trigger",
      "This trigger is not available at the campaign level.",
    ],
  ];
  page.form.querySelectorAll(".tracking-missing").forEach((note) => note.remove());
  const missing = wanted.filter(([isMissing]) => isMissing);
  for (const [, name, sentence] of missing) {
    page.line(name).lastElementChild.append(element("p", { class: "tracking-missing", role: "alert" }, sentence));
  }
  if (missing.length) {
    page.focus(missing[0][1]);
  }
  return missing.length === 0;
}

// --- inside of a dialog ---------------------------------------------------------------------------------------------

// Esc closes the dialog that the page stands in, unless it closed something smaller.
function dialog(page) {
  if (window.parent === window) {
    return;
  }
  window.trackingIsDirty = () => page.dirty;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector(".select2-container--open")) {
      window.parent.postMessage({ tracking: "close" }, window.location.origin);
    }
  });
}
