// Draws the home page's panels anew every few seconds, while somebody looks.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const board = document.querySelector("[data-board]");
  if (!board) {
    return;
  }
  const EVERY = 5000; // milliseconds
  let timer = null;

  async function refresh() {
    try {
      const answer = await fetch(board.dataset.board + window.location.search, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) {
        draw((await answer.json()).parts);
      }
    } catch {
      // The server is away for a moment: the next look may find it.
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

  function plan() {
    clearTimeout(timer);
    timer = document.hidden ? null : setTimeout(refresh, EVERY);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? plan() : refresh()));
  plan();
});
