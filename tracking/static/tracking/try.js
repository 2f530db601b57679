"use strict";

/* Buttons that try out what a form holds, unsaved: they post the form, and show below what came of it. */
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-try]");
  const form = panel && document.getElementById(panel.dataset.form);
  if (!form) return;
  const outcome = panel.querySelector("[data-outcome]");
  const buttons = [...panel.querySelectorAll("[data-do]")];
  let turn = 0; // the last button pressed; answers to earlier ones come too late

  const typed = () => {
    const values = new FormData(form);
    for (const field of panel.querySelectorAll("[name]")) values.set(field.name, field.value);
    for (const field of document.querySelectorAll("#rule-preview [data-part=event]")) values.set("preview_event", field.value);
    values.set("edited", panel.dataset.edited || "");
    return values;
  };

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const refuse = (errors) => {
    const list = element("ul", "", { class: "tracking-findings", role: "alert" });
    for (const [field, sentences] of Object.entries(errors)) {
      for (const sentence of sentences) {
        list.append(element("li", field ? `${field}: ${sentence}` : sentence, { class: "tracking-wrong" }));
      }
    }
    outcome.replaceChildren(list);
  };

  // An error is final when asking once more would not help.
  const ask = async (url, options) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, ...options });
    if (answer.redirected || answer.status === 403) {
      const words = "You are logged out, or may not do this. Keep this page, log in in another tab, then try again.";
      throw Object.assign(new Error(words), { final: true });
    }
    if (!answer.ok) throw Object.assign(new Error(`The server answered ${answer.status}.`), { final: answer.status < 500 });
    return answer;
  };

  const pause = () => new Promise((go) => setTimeout(go, 500));

  // The job goes on while the web is started anew: so does the watching of it.
  const patiently = async (url, note, mine) => {
    for (;;) {
      try {
        return await ask(url);
      } catch (error) {
        if (error.final || mine !== turn) throw error;
        note.textContent = "The server does not answer; asking again.";
      }
      await pause();
    }
  };

  const follow = async (job, mine) => {
    const bar = element("progress", "", { class: "tracking-bar", max: "100", "aria-label": "Progress" });
    const note = element("p", "Waiting for a worker.");
    outcome.replaceChildren(bar, note);
    for (;;) {
      await pause();
      if (mine !== turn) return;
      const state = await (await patiently(job.state, note, mine)).json();
      if (!state.open) break;
      if (state.percent !== null) bar.value = state.percent;
      note.textContent = state.state === "running" ? state.note || "Running." : "Waiting for a worker.";
    }
    const result = await (await patiently(job.result, note, mine)).text();
    if (mine !== turn) return;
    outcome.innerHTML = result; // a page of ours, escaped there
    const own = element("p", "");
    own.append(element("a", "Its own page", { class: "tracking-link", href: job.page, target: "_blank" }));
    outcome.append(own);
  };

  const run = async (button) => {
    const mine = ++turn;
    outcome.replaceChildren(element("p", "One moment."));
    try {
      const answer = await (await ask(button.dataset.do, { method: "POST", body: typed() })).json();
      if (mine !== turn) return;
      if (answer.errors) refuse(answer.errors);
      else if (answer.html) outcome.innerHTML = answer.html;
      else await follow(answer, mine);
    } catch (error) {
      if (mine === turn) refuse({ "": [error.message] });
    }
  };

  for (const button of buttons) button.addEventListener("click", () => run(button));
});
