// Draws the home page's panels anew every few seconds, while somebody looks.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const board = document.querySelector("[data-board]");
  if (!board) {
    return;
  }
  const EVERY = 5000; // milliseconds
  const note = board.querySelector("[data-board-note]");
  let timer = null;

  async function refresh() {
    try {
      const answer = await fetch(board.dataset.board + window.location.search, { headers: { Accept: "application/json" } });
      if (answer.redirected) {
        tell("You are logged out: these numbers are not of now. Log in in another tab, and this page goes on.");
      } else if (answer.ok) {
        draw((await answer.json()).parts);
        tell("");
      } else {
        tell(`The server answered ${answer.status}: these numbers are not of now. Asking again.`);
      }
    } catch {
      tell("The server does not answer: these numbers are not of now. Asking again.");
    }
    plan();
  }

  function draw(parts) {
    for (const [name, html] of Object.entries(parts)) {
      const panel = board.querySelector(`[data-part="${name}"]`);
      if (panel && panel.dataset.drawn !== html && !panel.contains(document.activeElement)) {
        panel.innerHTML = html;
        panel.dataset.drawn = html;
      }
    }
    board.dataset.refreshed = Number(board.dataset.refreshed || 0) + 1;
  }

  function tell(words) {
    note.hidden = !words;
    if (note.textContent !== words) {
      note.textContent = words;
    }
  }

  function plan() {
    clearTimeout(timer);
    timer = document.hidden ? null : setTimeout(refresh, EVERY);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? plan() : refresh()));
  plan();
});
