// What the files of a site name, found by parsers that lastly has no part in: V8, acorn and es-module-lexer for
// JavaScript, css-tree's tokens for CSS, parse5 for pages, sax for SVG, JSON.parse for JSON.
//
// `find(path, bytes)` gives { references, base, parses }. References come in an order that depends on the structure
// of the file only, so those of an original and of its published form can be compared one by one. Each has a `text`,
// which is the URL or specifier as the parser reads it, and a `kind`:
//   load      what a page or file loads; it is missing if it is not there
//   module    the same, by the rules of module specifiers
//   map       a source map
//   link      where a page leads to
//   mention   said for information only

import vm from "node:vm";
import * as acorn from "acorn";
import * as walk from "acorn-walk";
import * as csstree from "css-tree";
import * as lexer from "es-module-lexer";
import * as parse5 from "parse5";
import sax from "sax";

await lexer.init;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a file; one that is not UTF-8 is read byte by byte, so that what is ASCII in it can be seen. */
export function textOf(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

export function find(path, bytes) {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const extension = name.includes(".", 1) ? name.slice(name.lastIndexOf(".") + 1) : "";
  const finder = name === "browserconfig.xml" ? browserConfig : finders[extension];
  if (!finder) return null;
  const references = [];
  const found = finder(textOf(bytes), references) ?? {};
  return { references, base: found.base, parses: found.parses ?? true };
}

const finders = {
  js: (text, into) => ({ parses: script(text, into) }),
  mjs: (text, into) => ({ parses: script(text, into) }),
  css: styleSheet,
  html: page,
  htm: page,
  svg: drawing,
  map: sourceMap,
  webmanifest: webManifest,
  importmap: importMap,
};

// JavaScript

/** Has V8 parse a text as a module or a script; gives the module's specifiers, or null if it is neither. */
function compile(text) {
  try {
    return new vm.SourceTextModule(text).dependencySpecifiers;
  } catch {
    try {
      vm.compileFunction(text.replace(/^#!.*/, ""));
      return [];
    } catch {
      return null;
    }
  }
}

/** Takes the references of a script or module; says whether V8 can parse it. */
function script(text, into) {
  const mayImport = /import|export/.test(text);
  if (!mayImport && !text.includes("sourceMappingURL")) return true;
  const specifiers = compile(text);
  const own = mayImport ? (simple(text) ?? full(text)) : [];
  if (own === null) {
    if (specifiers === null) return false;
    throw new Error("V8 can parse this, acorn and es-module-lexer cannot");
  }
  if (specifiers !== null) {
    const of = (list) => JSON.stringify([...new Set(list)].sort());
    const written = own.filter((reference) => reference.isStatic).map((reference) => reference.text);
    if (of(written) !== of(specifiers)) throw new Error(`V8 finds ${of(specifiers)}, we find ${of(written)}`);
  }
  for (const { text, kind } of own) push(into, kind, text);
  if (specifiers !== null) scriptMap(text, into);
  return specifiers !== null;
}

/** The references of a module that has only static imports; null if it may have more, or is none. */
function simple(text) {
  if (/\bimport\s*(?:\/[/*]|[(.])|importScripts/.test(text)) return null;
  try {
    const [imports] = lexer.parse(text);
    if (imports.some((one) => one.d !== -1)) return null;
    return imports.map((one) => ({ text: one.n, kind: "module", isStatic: true }));
  } catch {
    return null;
  }
}

const ACORN = {
  ecmaVersion: "latest",
  allowReturnOutsideFunction: true,
  allowHashBang: true,
  allowAwaitOutsideFunction: undefined,
};

function tree(text) {
  for (const sourceType of ["module", "script"]) {
    try {
      return acorn.parse(text, { ...ACORN, sourceType });
    } catch {
      // Then it may be the other.
    }
  }
  return null;
}

/** The references of any script or module; null if it cannot be parsed. */
function full(text) {
  const program = tree(text);
  if (!program) return null;
  const references = [];
  const add = (node, kind, isStatic = false) => {
    const value = literal(node);
    if (value !== null) references.push({ at: node.start, text: value, kind, isStatic });
  };
  walk.full(program, (node) => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ExportNamedDeclaration":
        if (node.source) add(node.source, "module", true);
        break;
      case "ImportExpression":
        add(node.source, "module");
        break;
      case "NewExpression":
        if (isGlobal(node.callee, "URL") && isMeta(node.arguments[1], "url")) add(node.arguments[0], "load");
        break;
      case "CallExpression":
        if (isMeta(node.callee, "resolve")) add(node.arguments[0], "module");
        if (isGlobal(node.callee, "importScripts")) node.arguments.forEach((argument) => add(argument, "load"));
        break;
    }
  });
  return references.sort((one, other) => one.at - other.at);
}

function literal(node) {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.quasis.length === 1) return node.quasis[0].value.cooked;
  return null;
}

function isGlobal(node, name) {
  if (node.type === "Identifier") return node.name === name;
  const isProperty = node.type === "MemberExpression" && !node.computed && node.property.name === name;
  return isProperty && ["self", "window", "globalThis"].includes(node.object.name);
}

function isMeta(node, name) {
  return node?.type === "MemberExpression" && node.object.type === "MetaProperty" && node.property.name === name;
}

const MAP_IN_COMMENT = /^[#@]\s+sourceMappingURL=\s*([^\s'"`]+)/;

function scriptMap(text, into) {
  if (!text.includes("sourceMappingURL")) return;
  // A comment near the end is found without parsing everything: nothing but comments and space follows it.
  const last = /(?:\/\/([#@][ \t]+sourceMappingURL=[^\n\r]*)|\/\*([#@]\s+sourceMappingURL=\S*)\s*\*\/)\s*(?:\/\/[^\n\r]*\s*)*$/;
  const tail = last.exec(text.slice(-100000));
  let url = null;
  if (tail && !/[`"';]\s*$/.test(tail[1] ?? "")) {
    url = MAP_IN_COMMENT.exec(tail[1] ?? tail[2])?.[1] ?? null;
  } else {
    for (const sourceType of ["module", "script"]) {
      const comments = [];
      try {
        acorn.parse(text, { ...ACORN, sourceType, onComment: comments });
      } catch {
        continue;
      }
      for (const comment of comments) url = MAP_IN_COMMENT.exec(comment.value)?.[1] ?? url;
      break;
    }
  }
  if (url !== null) push(into, "map", url);
}

// CSS

const { AtKeyword, Comment, Function: FunctionToken, String: StringToken, Url, WhiteSpace } = csstree.tokenTypes;
const { LeftCurlyBracket, RightCurlyBracket, LeftParenthesis, RightParenthesis, Semicolon, CDO, CDC } =
  csstree.tokenTypes;

function styleSheet(text, into) {
  css(text, into, true);
}

/** Takes the references of a style sheet, or of declarations. */
function css(text, into, isSheet) {
  const tokens = [];
  csstree.tokenize(text, (type, start, end) => tokens.push([type, text.slice(start, end)]));
  let map = null;
  let depth = 0;
  let statement = isSheet ? null : "declaration"; // null: at its beginning
  let next = null; // what the next token names
  const functions = [];
  for (const [type, raw] of tokens) {
    if (type === WhiteSpace) continue;
    if (type === Comment) {
      map = MAP_IN_COMMENT.exec(raw.slice(2, -2))?.[1] ?? map;
      continue;
    }
    const expected = next;
    next = null;
    if (statement === null) {
      if (type === CDO || type === CDC) continue;
      if (type === AtKeyword) {
        statement = "at-rule";
        if (depth === 0 && isSheet && raw.toLowerCase() === "@import") next = "load";
        continue;
      }
      statement = depth === 0 ? "selector" : "declaration";
    }
    const inValue = statement === "declaration";
    if (type === FunctionToken) {
      const name = csstree.ident.decode(raw.slice(0, -1)).toLowerCase();
      if (name === "url" || name === "src") next = expected ?? (inValue ? "load" : null);
      functions.push(name);
    } else if (type === LeftParenthesis) {
      functions.push("");
    } else if (type === RightParenthesis) {
      functions.pop();
    } else if (type === Url) {
      if (expected || inValue) push(into, "load", csstree.url.decode(raw));
    } else if (type === StringToken) {
      const inSet = inValue && ["image-set", "-webkit-image-set"].includes(functions.at(-1));
      if (expected || inSet) push(into, "load", csstree.string.decode(raw));
    } else if (functions.length === 0) {
      if (type === LeftCurlyBracket) {
        depth += 1;
        statement = null;
      } else if (type === RightCurlyBracket) {
        depth = Math.max(0, depth - 1);
        statement = isSheet || depth > 0 ? null : "declaration";
      } else if (type === Semicolon && statement !== "selector") {
        statement = isSheet || depth > 0 ? null : "declaration";
      }
    }
  }
  if (map !== null && isSheet) push(into, "map", map);
}

// Pages and drawings

const ATTRIBUTES = {
  a: { href: "link" },
  area: { href: "link" },
  img: { src: "load", srcset: "set" },
  source: { src: "load", srcset: "set" },
  video: { src: "load", poster: "load" },
  audio: { src: "load" },
  track: { src: "load" },
  embed: { src: "load" },
  bgsound: { src: "load" },
  iframe: { src: "link" },
  frame: { src: "link" },
  object: { data: "load" },
  script: { src: "load" },
  body: { background: "load" },
  table: { background: "load" },
  tr: { background: "load" },
  td: { background: "load" },
  th: { background: "load" },
};

const LOADED_BY_LINK =
  /\b(?:stylesheet(?:\/less)?|icon|apple-touch-icon(?:-precomposed)?|apple-touch-startup-image|fluid-icon|mask-icon|image_src|manifest|modulepreload|preload|prefetch)(?![-\w])/;
const NO_FILE_BY_LINK = /^(?:preconnect|dns-prefetch|pingback|profile|edituri)$/;
const META_FILES =
  /^(?:og:(?:image|video|audio)(?::url|:secure_url)?|twitter:image(?::src)?|twitter:player:stream|msapplication-(?:config|tileimage|(?:square|wide)\d+x\d+logo)|thumbnail)$/;
const JAVASCRIPT = /^(?:|(?:text|application)\/(?:x-)?(?:java|ecma)script|text\/(?:jscript|livescript|javascript1\.[0-5]))$/;
const PRESENTATION = /^(?:style|fill|stroke|filter|mask|clip-path|cursor|marker(?:-start|-mid|-end)?|mask-image)$/;

function page(text, into) {
  const state = { base: undefined, based: false };
  element(parse5.parse(text), into, state, 0);
  return { base: state.base };
}

function element(node, into, state, depth) {
  if (node.tagName) {
    const attributes = new Map(node.attrs.map((one) => [(one.prefix ? `${one.prefix}:` : "") + one.name, one.value]));
    const get = (name) => attributes.get(name)?.trim().toLowerCase() ?? "";
    const inHtml = node.namespaceURI === "http://www.w3.org/1999/xhtml";
    const content = () => (node.childNodes ?? []).map((child) => child.value ?? "").join("");
    for (const [name, value] of attributes) {
      if (PRESENTATION.test(name) && (name === "style" || !inHtml)) css(value, into, false);
    }
    if (!inHtml) {
      for (const name of ["href", "xlink:href"]) {
        if (attributes.has(name)) push(into, node.tagName === "a" ? "link" : "load", attributes.get(name));
      }
    } else if (node.tagName === "link") {
      if (attributes.has("imagesrcset")) set(attributes.get("imagesrcset"), into);
      const kind = LOADED_BY_LINK.test(get("rel")) || get("itemprop") === "image" ? "load" : "link";
      const counts = get("rel") !== "" ? !NO_FILE_BY_LINK.test(get("rel")) : attributes.has("itemprop");
      const names = get("rel") === "preload" && get("as") === "document" ? "link" : kind;
      if (attributes.has("href") && counts) push(into, names, attributes.get("href"));
    } else if (node.tagName === "meta") {
      meta(get, attributes.get("content"), into);
    } else if (node.tagName === "input") {
      if (get("type") === "image" && attributes.has("src")) push(into, "load", attributes.get("src"));
    } else if (node.tagName === "base" && !state.based) {
      state.based = attributes.has("href");
      if (state.based) state.base = attributes.get("href");
    } else {
      for (const [name, kind] of Object.entries(ATTRIBUTES[node.tagName] ?? {})) {
        if (!attributes.has(name)) continue;
        if (kind === "set") set(attributes.get(name), into);
        else push(into, kind, attributes.get(name));
      }
    }
    if (node.tagName === "iframe" && attributes.has("srcdoc") && depth < 2) {
      element(parse5.parse(attributes.get("srcdoc")), into, { based: true }, depth + 1);
    }
    if (node.tagName === "style" && ["", "text/css"].includes(get("type"))) css(content(), into, true);
    if (node.tagName === "script" && !attributes.has("src") && !attributes.has("href")) {
      if (get("type") === "importmap") importMap(content(), into);
      else if (get("type") === "module" || JAVASCRIPT.test(get("type"))) script(content(), into);
    }
    if (node.tagName === "noscript" && depth < 2) {
      element(parse5.parseFragment(content()), into, { based: true }, depth + 1);
    }
  }
  for (const child of node.childNodes ?? []) element(child, into, state, depth);
  if (node.content) element(node.content, into, state, depth);
}

function meta(get, content, into) {
  if (content === undefined) return;
  if (get("http-equiv") === "refresh") {
    const target = /^\s*[\d.]+\s*[;,\s]\s*(?:url\s*=\s*)?(?:"([^"]*)"?|'([^']*)'?|(.*))$/is.exec(content);
    const url = target && (target[1] ?? target[2] ?? target[3]);
    if (url) push(into, "link", url);
    return;
  }
  const names = `${get("property")} ${get("name")}`.split(/\s+/);
  if (names.some((name) => META_FILES.test(name)) || get("itemprop") === "image") {
    if (content.trim().toLowerCase() !== "none") push(into, "load", content);
  }
}

function set(text, into) {
  for (const [, url] of text.matchAll(/[\s,]*([^\s,]\S*[^\s,]|[^\s,])(?:\s+[^,(]*(?:\([^)]*\)[^,(]*)*|\s*)(?:,|$)/g)) {
    push(into, "load", url);
  }
}

function drawing(text, into) {
  const parser = sax.parser(true, { xmlns: false });
  let style = null;
  let code = null;
  let broken = false;
  parser.onerror = () => {
    broken = true;
    parser.error = null;
  };
  parser.onprocessinginstruction = ({ name, body }) => {
    const href = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(body);
    if (name === "xml-stylesheet" && href) push(into, "load", href[1] ?? href[2]);
  };
  parser.onopentag = ({ name, attributes }) => {
    const local = name.slice(name.indexOf(":") + 1);
    for (const [key, value] of Object.entries(attributes)) {
      if (PRESENTATION.test(key)) css(value, into, false);
      if (key === "href" || key === "xlink:href") push(into, local === "a" ? "link" : "load", value);
    }
    if (local === "style") style = "";
    if (local === "script" && !("href" in attributes) && !("xlink:href" in attributes)) code = "";
  };
  const gather = (piece) => {
    if (style !== null) style += piece;
    if (code !== null) code += piece;
  };
  parser.ontext = gather;
  parser.oncdata = gather;
  parser.onclosetag = () => {
    if (style !== null) css(style, into, true);
    if (code !== null) script(code, into);
    style = code = null;
  };
  parser.write(text).close();
  return { parses: !broken };
}

// JSON and the rest

function json(text, read) {
  try {
    read(JSON.parse(text.replace(/^\)\]\}'[^\n]*/, "")));
    return { parses: true };
  } catch (error) {
    if (error instanceof SyntaxError) return { parses: false };
    throw error;
  }
}

function sourceMap(text, into) {
  return json(text, (map) => {
    if (typeof map?.file === "string") push(into, "mention", map.file);
    for (const section of Array.isArray(map?.sections) ? map.sections : []) {
      if (typeof section.url === "string") push(into, "map", section.url);
      if (typeof section.map?.file === "string") push(into, "mention", section.map.file);
    }
  });
}

function webManifest(text, into) {
  return json(text, (app) => {
    const images = (list) => (list ?? []).forEach((image) => image.src && push(into, "load", image.src));
    if (app.start_url) push(into, "link", app.start_url);
    images(app.icons);
    images(app.screenshots);
    for (const shortcut of app.shortcuts ?? []) {
      if (shortcut.url) push(into, "link", shortcut.url);
      images(shortcut.icons);
    }
    for (const handler of app.file_handlers ?? []) images(handler.icons);
  });
}

function importMap(text, into) {
  return json(text, (map) => {
    const specifier = (kind, text) => {
      const isUrl = typeof text === "string" && /^(?:\.{0,2}\/|https?:)/i.test(text);
      // A prefix, with a slash at its end, names a folder.
      if (isUrl) push(into, text.endsWith("/") ? "mention" : kind, text);
    };
    const all = (table) => {
      for (const [key, value] of Object.entries(table ?? {})) {
        specifier("mention", key);
        specifier("module", value);
      }
    };
    all(map.imports);
    for (const [scope, table] of Object.entries(map.scopes ?? {})) {
      specifier("mention", scope);
      all(table);
    }
    for (const key of Object.keys(map.integrity ?? {})) specifier("mention", key);
  });
}

function browserConfig(text, into) {
  for (const [, , url] of text.matchAll(/<(?:square\d+x\d+logo|wide\d+x\d+logo|TileImage|badge|image)\b[^>]*?\bsrc=(["'])(.*?)\1/gi)) {
    push(into, "load", url);
  }
}

function push(into, kind, text) {
  into.push({ kind, text });
}
