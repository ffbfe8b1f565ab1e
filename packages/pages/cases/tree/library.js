(function () {
  var base = document.currentScript.src.replace(/[^/]*$/, "");
  window.library = function (name) {
    var image = document.createElement("img");
    image.src = base + "icons/" + name + ".svg";
    document.body.append(image);
    return import(base + "parts/" + name + ".js");
  };
})();
