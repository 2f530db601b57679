// What the form's parts ask of it.

export class Page {
  constructor(form, facts) {
    this.form = form;
    this.facts = facts;
    this.editors = {}; // field -> its editor, once there is one
    this.owner = { platform: null, ping_post: true }; // what the chosen owner allows; null: none is chosen yet
    this.dirty = false;
    const touched = (event) => {
      this.dirty ||= event.target.form === form; // the others are no part of the rule
    };
    form.addEventListener("input", touched);
    // jQuery's, as the autocompletes speak to it alone
    window.django.jQuery(form).on("change", touched);
    form.addEventListener("submit", () => {
      this.dirty = false;
    });
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  value(name) {
    return this.field(name)?.value ?? "";
  }

  // The line of the form that holds a field with its label, help and errors.
  line(name) {
    return this.form.querySelector(`.field-line.field-${name}`);
  }

  label(name) {
    return this.line(name)?.querySelector("label")?.textContent.trim() ?? name;
  }

  get trigger() {
    return this.facts.triggers[this.value("trigger")];
  }

  get level() {
    const byCampaign = this.value("owner_campaign") && !this.value("product");
    return !this.field("product") || byCampaign ? "campaign" : "product";
  }

  // Whether the chosen owner has such events.
  allows(trigger) {
    const { platform, ping_post } = this.owner;
    return (platform ?? trigger.platform) === trigger.platform && (ping_post || !trigger.ping_post_only);
  }

  changed(listener) {
    window.django.jQuery(this.form).on("change", listener);
  }

  focus(name) {
    const line = this.line(name);
    line?.scrollIntoView({ block: "center" });
    if (this.editors[name]) {
      this.editors[name].focus();
    } else {
      (line?.querySelector(".select2-selection, input:not([hidden]), select:not([hidden]), textarea") ?? line)?.focus();
    }
  }
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== false && value != null) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children);
  return made;
}
