// Loaded when somebody begins to write.
export function greet() {
  const icon = new URL("../img/pencil.svg", import.meta.url);
  document.querySelector("textarea").style.cursor = `url("${icon}") 0 14, text`;
}
