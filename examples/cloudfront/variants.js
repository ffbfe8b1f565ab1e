// A CloudFront function (runtime cloudfront-js-2.0, event viewer-request): gives every visitor the variant of a file
// that they like best, where `lastly` has published variants (`[compression] form = "variants"`).
//
// The name of a file says which variants lie beside it: `app.<address>-bg.css` has one in Brotli (`.br`) and one in
// gzip (`.gz`). Whatever has another name is left alone.

var variants = [
  { letter: 'b', coding: 'br', ending: '.br' },
  { letter: 'g', coding: 'gzip', ending: '.gz' },
];

function handler(event) {
  var request = event.request;
  var letters = lettersIn(request.uri);
  if (letters !== '') {
    request.uri += preferred(weights(request.headers['accept-encoding']), letters);
  }
  return request;
}

// What stands behind the address in the name of a file: 'b', 'g', 'bg', or nothing.
function lettersIn(uri) {
  var found = /[^/]\.[0-9a-f]{32}-(bg|b|g)(\.[^./]*)?$/.exec(uri);
  return found === null ? '' : found[1];
}

// How much each coding is liked, by its name. A weight that is none counts as a refusal: everybody can read the file
// as it is.
function weights(header) {
  var liked = {};
  if (header === undefined) {
    return liked;
  }
  var text = header.multiValue ? header.multiValue.map(function (one) { return one.value; }).join(',') : header.value;
  text.toLowerCase().split(',').forEach(function (wish) {
    var parts = wish.split(';').map(function (part) { return part.trim(); });
    var coding = parts[0] === 'x-gzip' ? 'gzip' : parts[0];
    var given = parts.slice(1).filter(function (part) { return part.indexOf('q=') === 0; });
    var weight = given.length === 0 ? 1 : /^[0-9.]{1,5}$/.test(given[0].slice(2)) ? Number(given[0].slice(2)) : 0;
    if (!Object.prototype.hasOwnProperty.call(liked, coding)) {
      liked[coding] = weight <= 1 ? weight : 0;
    }
  });
  return liked;
}

// The ending of the variant that is liked best, or nothing. Of two that are liked alike, the smaller one.
function preferred(liked, letters) {
  var best = { weight: liked.identity || 0, ending: '' };
  variants.forEach(function (variant) {
    var weight = liked[variant.coding] !== undefined ? liked[variant.coding] : liked['*'] || 0;
    var isBetter = weight > best.weight || (weight > 0 && weight === best.weight && best.ending === '');
    if (letters.indexOf(variant.letter) >= 0 && isBetter) {
      best = { weight: weight, ending: variant.ending };
    }
  });
  return best.ending;
}
