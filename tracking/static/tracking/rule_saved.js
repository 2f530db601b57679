// Tells the page around the dialog that its rule is there.
"use strict";

window.parent.postMessage({ tracking: "saved" }, window.location.origin);
