// Choosing with all explanations in sight: radio buttons in the place of a select, which stays the form's field.

import { element } from "./page.js";

export function pickers(page) {
  picker(page, "trigger", { explain: (value) => page.facts.triggers[value]?.explanation, searched: true });
  picker(page, "kind", { explain: (value) => page.facts.kinds[value] });
}

function picker(page, name, { explain, searched = false }) {
  const select = page.field(name);
  const groups = [...select.querySelectorAll("optgroup")];
  const list = element("div", { class: "tracking-picker", role: "radiogroup", "aria-label": page.label(name) });
  for (const group of groups) {
    const set = element("fieldset", {}, element("legend", {}, group.label));
    [...group.children].filter((option) => explain(option.value)).forEach((option) => set.append(choice(option)));
    list.append(set);
  }

  function choice(option) {
    const radio = element("input", { type: "radio", name: `pick-${name}`, value: option.value, form: "none" });
    radio.checked = option.selected && Boolean(option.value);
    radio.addEventListener("change", () => {
      select.value = option.value;
      window.django.jQuery(select).trigger("change");
    });
    const words = element("span", {}, element("strong", {}, option.text), element("small", {}, explain(option.value)));
    return element("label", {}, radio, words);
  }

  const words = `Search ${page.label(name).toLowerCase()}s`;
  const search = element("input", {
    type: "search",
    class: "tracking-search",
    placeholder: words,
    "aria-label": words,
    form: "none", // it is no part of the rule, as the radio buttons are none
    hidden: !searched,
    oninput: () => narrow(),
  });

  function narrow() {
    const wanted = search.value.trim().toLowerCase();
    for (const label of list.querySelectorAll("label")) {
      const option = select.querySelector(`option[value="${label.firstChild.value}"]`);
      const chosen = label.firstChild.checked;
      const found = label.textContent.toLowerCase().includes(wanted);
      label.hidden = !chosen && (option.hidden || !found);
    }
    for (const set of list.children) {
      set.hidden = !set.querySelector("label:not([hidden])");
    }
  }

  const place = page.line(name).lastElementChild;
  [...place.children].find((child) => child.contains(select)).hidden = true;
  place.prepend(search, list);
  page.changed(narrow);
  page.form.addEventListener("owner", narrow);
  narrow();
}
