// How many characters are left: media of the form, a classic script.
document.addEventListener("input", ({ target }) => {
  if (target.maxLength > 0) {
    target.title = `${target.maxLength - target.value.length} characters left`;
  }
});
