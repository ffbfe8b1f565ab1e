// What an element says of its entry.
import { most } from "./entries.js";

export function stars(element) {
  return Math.min(Number(element.dataset.stars), most);
}
