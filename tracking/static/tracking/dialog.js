// "Add Rule" opens its page in a dialog where there is room; everywhere else, and without this, it is a page.
"use strict";

(() => {
  const ROOM = 900; // pixels

  function open(link) {
    const frame = document.createElement("iframe");
    const address = new URL(link.href);
    address.searchParams.set("_popup", "1");
    frame.src = address;
    frame.title = link.textContent.trim();
    const close = document.createElement("button");
    close.type = "button";
    close.className = "tracking-close";
    close.setAttribute("aria-label", "Close");
    close.textContent = "×";
    const dialog = document.createElement("dialog");
    dialog.className = "tracking-dialog";
    dialog.setAttribute("aria-label", frame.title);
    const title = document.createElement("h2");
    title.append(frame.title);
    dialog.append(title, close, frame);

    function leave() {
      if (!frame.contentWindow.trackingIsDirty?.() || window.confirm("Close without saving this rule?")) {
        dialog.close();
      }
    }

    function told(event) {
      if (event.origin !== window.location.origin || event.source !== frame.contentWindow) {
        return;
      }
      if (event.data.tracking === "close") {
        leave();
      } else if (event.data.tracking === "saved") {
        window.location.reload();
      }
    }

    close.addEventListener("click", leave);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      leave();
    });
    dialog.addEventListener("close", () => {
      window.removeEventListener("message", told);
      dialog.remove();
      link.focus();
    });
    window.addEventListener("message", told);
    document.body.append(dialog);
    dialog.showModal();
    frame.addEventListener("load", () => frame.focus());
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (link && plain && window.innerWidth >= ROOM) {
      event.preventDefault();
      open(link);
    }
  });
})();
