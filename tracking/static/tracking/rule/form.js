// The rule form: one look at its page, shared by all that makes it move. The server decides all the same.

import { editors } from "./editors.js";
import { errors } from "./errors.js";
import { owner } from "./owner.js";
import { Page } from "./page.js";
import { placeholders } from "./placeholders.js";
import { preview } from "./preview.js";
import { steps } from "./steps.js";
import { visibility } from "./visibility.js";

const form = document.getElementById("rule_form");
const stated = document.getElementById("rule-form-facts");

if (form && stated && form.elements.trigger) {
  const page = new Page(form, JSON.parse(stated.textContent));
  visibility(page);
  editors(page);
  placeholders(page);
  preview(page);
  const show = steps(page);
  owner(page);
  errors(page, show);
}
