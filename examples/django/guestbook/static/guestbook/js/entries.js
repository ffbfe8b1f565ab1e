// The entries on the page.
import { stars } from "./reader.js";

export const most = 5;

export function mark(elements) {
  for (const element of elements) {
    element.textContent = "★".repeat(stars(element));
  }
  document.documentElement.dataset.marked = elements.length;
}
