/** Says which release the page shows. */
export function greet(element, logo, { release, channel, sequence, published }) {
  const image = Object.assign(document.createElement("img"), { src: logo, alt: "" });
  element.replaceChildren(image, ` Release ${release.slice(0, 12)} of channel ${channel}, sequence ${sequence}, since ${published}.`);
}
