// Shows the fields that the chosen trigger, level, kind and switches have.

const BOUNDED = ["greater", "at_least", "lower", "at_most"];
const MANUAL = ["host", "login", "password", "port", "encryption"];
const PRICES = ["price_restriction_value", "min_price", "max_price"];
const NOTIFICATIONS = [
  "timeframe", "warnings_percent", "warnings_number", "minimum_events", "notify_users", "notify_emails",
  "notification_frequency", "notify_recovery",
];

export function visibility(page) {
  const { facts } = page;
  const filters = new Set(Object.values(facts.triggers).flatMap((row) => Object.values(row.filters).flat()));

  const hasError = (name) => Boolean(page.line(name)?.querySelector(".errorlist"));

  function isSet(name) {
    const control = page.field(name);
    return control.multiple ? control.selectedOptions.length > 0 : control.value !== "";
  }

  function show(name, shown) {
    const line = page.line(name);
    if (line) {
      line.hidden = !shown;
    }
  }

  // What another choice makes meaningless is neither shown nor sent; it comes back with the choice.
  function need(name, needed) {
    const shown = needed || hasError(name);
    show(name, shown);
    if (page.field(name)) {
      page.field(name).disabled = !shown;
    }
  }

  function mark(name, marked) {
    const line = page.line(name);
    let note = line.querySelector(".tracking-withheld");
    if (marked && !note) {
      note = document.createElement("div");
      note.className = "tracking-withheld";
      note.textContent = "Not available for this trigger and level: leave it empty.";
      line.lastElementChild.append(note);
    } else if (!marked && note) {
      note.remove();
    }
  }

  function offer(trigger, level) {
    const offered = trigger ? (trigger.filters[level] ?? []) : [...filters];
    for (const name of filters) {
      if (!PRICES.includes(name) && page.field(name)) {
        const withheld = !offered.includes(name);
        const kept = withheld && isSet(name);
        show(name, !withheld || kept || hasError(name));
        mark(name, kept);
      }
    }
  }

  function prices(trigger) {
    const kind = page.value("price_restriction");
    const range = page.field("price_restriction").querySelector('option[value="range"]');
    range.hidden = Boolean(trigger) && !trigger.price_range && kind !== "range";
    need("price_restriction_value", BOUNDED.includes(kind));
    need("min_price", kind === "range");
    need("max_price", kind === "range");
  }

  function connection(kind) {
    const custom = kind === "smtp_custom";
    if (page.field("smtp_connection")) {
      page.field("smtp_connection").value = custom ? "manual" : "esp";
    }
    need("connection", !custom);
    MANUAL.forEach((name) => need(name, custom));
  }

  function triggers(level) {
    for (const option of page.field("trigger").options) {
      const row = facts.triggers[option.value];
      option.hidden = Boolean(row) && (!row.filters[level] || !page.allows(row)) && !option.selected;
    }
  }

  function explain(trigger) {
    let note = document.getElementById("trigger-explanation");
    if (!note) {
      note = document.createElement("p");
      note.id = "trigger-explanation";
      note.className = "tracking-note";
      page.line("trigger").lastElementChild.append(note);
    }
    const foreign = trigger && !page.allows(trigger) ? " The chosen owner has no such events: select another trigger." : "";
    note.textContent = (trigger?.explanation ?? "") + foreign;
  }

  function update() {
    const { trigger, level } = page;
    triggers(level);
    explain(trigger);
    offer(trigger, level);
    prices(trigger);
    connection(page.value("kind"));
    NOTIFICATIONS.forEach((name) => show(name, page.value("enable_notifications") === "yes" || hasError(name)));
  }

  page.changed(update);
  page.form.addEventListener("owner", update);
  update();
}
