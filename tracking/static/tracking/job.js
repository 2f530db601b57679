"use strict";

/* The bar of a running job: asked for once a second, shown anew when the job is over. */
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-job]");
  if (!panel) return;
  const part = (name) => panel.querySelector(`[data-job-${name}]`);
  const bar = panel.querySelector("progress");

  const show = (job) => {
    part("label").textContent = job.label;
    part("percent").textContent = job.percent === null ? "" : `${job.percent} %`;
    part("note").textContent = job.state === "queued" ? "Waiting for a worker." : job.note;
    if (job.percent === null) bar.removeAttribute("value");
    else bar.value = job.percent;
  };

  const ask = async () => {
    try {
      const answer = await fetch(panel.dataset.job, { headers: { Accept: "application/json" } });
      if (answer.redirected) {
        part("note").textContent = "You are logged out. Log in in another tab, and this page goes on.";
      } else if (answer.ok) {
        const job = await answer.json();
        if (!job.open) return window.location.reload();
        show(job);
      }
    } catch {
      part("note").textContent = "The server does not answer; asking again.";
    }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 500);
});
