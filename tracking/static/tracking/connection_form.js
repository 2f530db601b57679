// Fills in what the chosen provider prescribes. The server fills in blanks all the same.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const stated = document.getElementById("connection-presets");
  if (!stated) {
    return; // a list, or another page of the same admin
  }
  const presets = JSON.parse(stated.textContent);
  const form = document.getElementById("connection_form");
  const field = (name) => form.elements.namedItem(name);

  function note() {
    let found = document.getElementById("login-hint");
    if (!found) {
      found = document.createElement("p");
      found.id = "login-hint";
      found.className = "tracking-note";
      field("login").parentElement.append(found);
    }
    return found;
  }

  function regions(preset) {
    const region = field("region");
    region.disabled = preset.regions.length === 0;
    region.value = preset.regions.includes(region.value) ? region.value : preset.regions[0] || "";
  }

  function fill() {
    const preset = presets[field("provider").value];
    regions(preset);
    field("host").value = preset.host.replace("{region}", field("region").value);
    field("port").value = preset.port;
    field("encryption").value = preset.encryption;
    field("login").value = preset.login;
    note().textContent = preset.hint;
  }

  if (form && field("provider") && field("provider").tagName === "SELECT") {
    field("provider").addEventListener("change", fill);
    field("region").addEventListener("change", fill);
    const preset = presets[field("provider").value];
    note().textContent = preset.hint;
    field("region").disabled = preset.regions.length === 0;
  }
});
