// What the chosen product or campaign allows: asked of the server, told by the event "owner".

export function owner(page) {
  let asked = "";
  async function ask() {
    const query = new URLSearchParams();
    ["product", "owner_campaign"].forEach((name) => query.set(name, page.value(name)));
    if (asked === query.toString()) {
      return;
    }
    asked = query.toString();
    const response = await fetch(`${page.facts.owner}?${query}`);
    if (response.ok && !response.redirected && asked === query.toString()) {
      page.owner = await response.json();
      page.form.dispatchEvent(new CustomEvent("owner"));
    }
  }
  page.changed(ask);
  ask();
}
