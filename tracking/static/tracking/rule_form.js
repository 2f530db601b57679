// Shows the fields that the chosen trigger, level, kind and switches have. The server decides all the same.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const stated = document.getElementById("rule-form-facts");
  if (!stated) {
    return; // a list, or another page of the same admin
  }
  const facts = JSON.parse(stated.textContent);
  const form = document.getElementById("rule_form");
  const $ = window.django.jQuery;

  const BOUNDED = ["greater", "at_least", "lower", "at_most"];
  const MANUAL = ["host", "login", "password", "port", "encryption"];
  const PRICES = ["price_restriction_value", "min_price", "max_price"];
  const NOTIFICATIONS = [
    "timeframe", "warnings_percent", "warnings_number", "notify_users", "notify_emails", "notification_frequency",
  ];
  const ALL_FILTERS = Object.values(facts.triggers).flatMap((row) => Object.values(row.filters).flat());

  const field = (name) => form.elements.namedItem(name);
  const value = (name) => (field(name) ? field(name).value : "");

  // A field's row: the outermost element around the field that holds no other field.
  function row(name) {
    let found = field(name);
    while (found && found.parentElement !== form && controls(found.parentElement) === 1) {
      found = found.parentElement;
    }
    return found;
  }

  function controls(element) {
    return element.querySelectorAll("input[name], select[name], textarea[name]").length;
  }

  function hasError(name) {
    const found = row(name);
    return Boolean(found && found.querySelector(".errorlist, .errors"));
  }

  function isSet(name) {
    const control = field(name);
    return control.multiple ? control.selectedOptions.length > 0 : control.value !== "";
  }

  function show(name, shown) {
    const found = row(name);
    if (found) {
      found.hidden = !shown;
    }
  }

  // What another choice makes meaningless is neither shown nor sent; it comes back with the choice.
  function need(name, needed) {
    const shown = needed || hasError(name);
    show(name, shown);
    field(name).disabled = !shown;
  }

  function mark(name, marked) {
    let note = row(name).querySelector(".tracking-withheld");
    if (marked && !note) {
      note = document.createElement("div");
      note.className = "tracking-withheld";
      note.textContent = "Not available for this trigger and level: leave it empty.";
      row(name).append(note);
    } else if (!marked && note) {
      note.remove();
    }
  }

  function filters(trigger, level) {
    const offered = trigger ? trigger.filters[level] || [] : ALL_FILTERS;
    for (const name of new Set(ALL_FILTERS)) {
      if (!PRICES.includes(name) && field(name)) {
        const withheld = !offered.includes(name);
        const kept = withheld && isSet(name);
        show(name, !withheld || kept || hasError(name));
        mark(name, kept);
      }
    }
  }

  function prices(trigger) {
    const kind = value("price_restriction");
    const range = field("price_restriction").querySelector('option[value="range"]');
    range.hidden = Boolean(trigger) && !trigger.price_range && kind !== "range";
    need("price_restriction_value", BOUNDED.includes(kind));
    need("min_price", kind === "range");
    need("max_price", kind === "range");
  }

  function connection(kind) {
    const custom = kind === "smtp_custom";
    field("smtp_connection").value = custom ? "manual" : "esp";
    need("connection", !custom);
    MANUAL.forEach((name) => need(name, custom));
  }

  function triggers(level) {
    for (const option of field("trigger").options) {
      const row = facts.triggers[option.value];
      option.hidden = Boolean(row) && !row.filters[level] && !option.selected;
    }
  }

  function explain(trigger) {
    let note = document.getElementById("trigger-explanation");
    if (!note) {
      note = document.createElement("p");
      note.id = "trigger-explanation";
      note.className = "tracking-note";
      field("trigger").parentElement.after(note);
    }
    note.textContent = trigger ? trigger.explanation : "";
  }

  function placeholders(trigger) {
    for (const line of form.querySelectorAll("[data-placeholder]")) {
      line.hidden = Boolean(trigger) && !trigger.placeholders.includes(line.dataset.placeholder);
    }
  }

  function update() {
    const trigger = facts.triggers[value("trigger")];
    const level = value("owner_campaign") && !value("product") ? "campaign" : "product";
    triggers(level);
    explain(trigger);
    filters(trigger, level);
    prices(trigger);
    connection(value("kind"));
    NOTIFICATIONS.forEach((name) => show(name, value("enable_notifications") === "yes" || hasError(name)));
    placeholders(trigger);
  }

  if (form && field("trigger")) {
    $(form).on("change", update); // jQuery's, as the autocompletes speak to it alone
    update();
  }
});
