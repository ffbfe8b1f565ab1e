// The page's entry point. `entries.js` and `reader.js` import one another.
import { mark } from "./entries.js";

mark(document.querySelectorAll("[data-stars]"));

document.querySelector("form").addEventListener("focusin", () => import("./greeting.js").then(({ greet }) => greet()), {
  once: true,
});
