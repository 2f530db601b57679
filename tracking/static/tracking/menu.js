// Opens the menus of rows beside their buttons; the browser does the rest: Esc, focus, a click elsewhere.
"use strict";

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (event.newState !== "open" || !menu.matches(".tracking-menu")) {
      return;
    }
    const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const below = button.bottom + menu.offsetHeight < window.innerHeight;
    menu.style.top = `${below ? button.bottom : Math.max(0, button.top - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(8, button.right - menu.offsetWidth)}px`;
    menu.querySelector("a, button").focus();
  },
  true,
);
window.addEventListener("scroll", () => document.querySelector(".tracking-menu:popover-open")?.hidePopover(), true);
