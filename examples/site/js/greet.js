import { short } from "./words.js";

/** Says which release the page shows. */
export function greet(element, { release, channel, sequence, published }) {
  const logo = new URL("../img/logo.svg", import.meta.url).href;
  const image = Object.assign(document.createElement("img"), { src: logo, alt: "" });
  element.replaceChildren(image, ` Release ${short(release)} of channel ${channel}, sequence ${sequence}, since ${published}.`);
}
