// The mail as it would leave, beside the editor: asked for a moment after the last key, never in the way of the next.

import { element } from "./page.js";

const PAUSE = 500; // milliseconds
const POLICY =
  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">";

export function preview(page) {
  const pane = document.getElementById("rule-preview");
  if (!pane || !page.editors.body) {
    return;
  }
  beside(page.line("body"), page.editors.body.element, pane);
  const part = (name) => pane.querySelector(`[data-part="${name}"]`);
  const views = tabs(pane);
  let asked = null;
  let timer = 0;

  function soon(delay = PAUSE) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, delay);
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const typed = new FormData(page.form);
    typed.delete("password");
    typed.set("preview_event", part("event").value);
    try {
      const response = await fetch(page.facts.preview, { method: "POST", body: typed, signal: asked.signal });
      if (response.redirected || response.status === 403) {
        part("state").textContent = "You are logged out, or may not write rules any more. Keep this page, log in in another tab, then type on.";
      } else if (response.ok) {
        const answered = await response.json();
        if (answered.paused) {
          part("state").textContent = answered.paused;
          soon(answered.seconds * 1000);
        } else {
          show(answered);
        }
      } else {
        part("state").textContent = "The preview is not available now. What you typed can be saved all the same.";
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        part("state").textContent = "The server does not answer; the preview goes on when it does.";
      }
    }
  }

  function show({ problems, mail, failed }) {
    for (const [name, editor] of Object.entries(page.editors)) {
      editor.mark(problems.filter((problem) => problem.field === name));
    }
    const remarks = [
      ...problems.map((problem) => [problem.field, `${page.label(problem.field)}: ${problem.sentence}`]),
      ...(failed ? [[null, `It would not be sent: ${failed}`]] : []),
      ...(mail?.remark ? [[null, mail.remark]] : []),
    ];
    part("remarks").replaceChildren(...remarks.map(([name, sentence]) => remark(page, name, sentence)));
    part("state").textContent = mail ? "" : "The last mail that could be shown:";
    pane.classList.toggle("tracking-stale", !mail);
    if (mail) {
      part("from").textContent = mail.sender;
      part("to").textContent = mail.recipients.map(addressed).join(", ");
      part("subject").textContent = mail.subject;
      part("html").srcdoc = mail.html === null ? "" : POLICY + mail.html;
      part("text").textContent = mail.text ?? "";
      part("source").textContent = mail.source;
      views.offer({ html: mail.html !== null, text: mail.text !== null, source: true });
    }
  }

  let offeredFor = "";
  async function events() {
    const query = new URLSearchParams();
    ["trigger", "product", "owner_campaign"].forEach((name) => query.set(name, page.value(name)));
    if (!page.value("trigger") || offeredFor === query.toString()) {
      return;
    }
    offeredFor = query.toString();
    const response = await fetch(`${page.facts.events}?${query}`);
    if (response.ok) {
      const found = (await response.json()).events;
      const options = found.map((event) => element("option", { value: event.id }, event.text));
      part("event").replaceChildren(part("event").options[0], ...options);
      part("event").parentElement.hidden = found.length === 0;
    }
  }

  page.form.addEventListener("input", () => soon());
  page.changed(() => {
    soon();
    events();
  });
  pane.hidden = false;
  events();
  soon(0);
}

function addressed({ role, address }) {
  return role === "To" ? address : `${role}: ${address}`;
}

// The editor on the left, the mail on the right, under the field's label.
function beside(line, editor, pane) {
  const pair = element("div", { class: "tracking-pair" });
  editor.before(pair);
  pair.append(editor, pane);
  line.classList.add("tracking-whole");
}

function remark(page, name, sentence) {
  const leads = name && page.line(name);
  return element(
    "li",
    {},
    leads ? element("button", { type: "button", onclick: () => page.focus(name) }, sentence) : sentence,
  );
}

// Tabs as people know them: arrows move, the shown one is in the order of Tab.
function tabs(pane) {
  const found = [...pane.querySelectorAll("[role=tab]")];
  let chosen = "html";

  function choose(name, focused) {
    chosen = name;
    for (const tab of found) {
      const selected = tab.dataset.view === name;
      tab.setAttribute("aria-selected", selected);
      tab.tabIndex = selected ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
      if (selected && focused) {
        tab.focus();
      }
    }
  }

  for (const tab of found) {
    tab.addEventListener("click", () => choose(tab.dataset.view, false));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        const there = found.filter((one) => !one.hidden);
        choose(there[(there.indexOf(tab) + step + there.length) % there.length].dataset.view, true);
      }
    });
  }
  return {
    offer(views) {
      found.forEach((tab) => (tab.hidden = !views[tab.dataset.view]));
      choose(views[chosen] ? chosen : found.find((tab) => !tab.hidden).dataset.view, false);
    },
  };
}
