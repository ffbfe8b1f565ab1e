//! What the parsers find.

use std::ops::Range;

use super::excerpt::Excerpt;

/// A name of another file, as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The URL or module specifier, without quotes and surrounding white space. Never empty.
    pub value: Excerpt<'static>,
    /// What it is for.
    pub kind: Kind,
}

/// What a reference is for, which decides what it is resolved against and how much it weighs if it leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A style sheet: `@import`, `<link rel=stylesheet>`.
    Style,
    /// A script that a page loads: `<script src>`.
    Script,
    /// A module specifier: `import`, `export … from`, `import()`, `import.meta.resolve()`. A bare one names a package.
    Module,
    /// A value of an import map: the module that a specifier stands for.
    Mapped,
    /// A key of an import map: the URL of a module, as specifiers lead to it.
    Asked,
    /// Anything else that a file loads: an image, a font, a worker by `new URL(…, import.meta.url)`.
    Resource,
    /// `sourceMappingURL`.
    SourceMap,
    /// A hyperlink: to a page or to something to download.
    Link,
    /// Named relative to whichever page runs the script: `new Worker("x")`, `fetch("x")`. It cannot be rewritten.
    Document,
    /// Said for information only: the `file` of a source map.
    Mention,
}

/// Everything that was found in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of their places; they do not overlap.
    pub references: Vec<Reference>,
    /// The `href` of a page's `<base>`, against which all of its references are resolved.
    pub base: Option<String>,
    /// Tags that take an `integrity` attribute.
    pub checkable: Vec<Checkable>,
    /// Where a page's import map stands, or would have to.
    pub map: MapPlace,
    /// What could not be followed.
    pub remarks: Vec<Remark>,
}

/// Where a page has an import map, or could have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapPlace {
    /// Before the first script that the browser runs, and before the first module that it loads ahead.
    pub before: Option<usize>,
    /// The first one that there is.
    pub there: Option<MapThere>,
}

/// Where entries can be added to an import map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapThere {
    /// Where its text begins.
    pub place: usize,
    /// For modules; `None` where nothing shows the place.
    pub imports: Option<Slot>,
    /// For hashes, likewise.
    pub integrity: Option<Slot>,
}

/// A place in a JSON object at which members can be added, with a comma behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// In the object that is meant.
    Inside(usize),
    /// In the one around it, which has no such member yet.
    Around(usize),
}

/// A tag of a page whose file a browser can check: a script, a style sheet, a preload of one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkable {
    /// Where the value of its reference begins in the page.
    pub reference: usize,
    /// Where attributes can be added: right behind the last one, or behind the tag's name.
    pub end: usize,
    /// The value of its `integrity` attribute, without quotes.
    pub integrity: Option<Range<usize>>,
    /// Whether it has a `crossorigin` attribute.
    pub has_crossorigin: bool,
}

/// Something in a file that could not be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where in the file.
    pub place: usize,
    /// What it is.
    pub what: Obstacle,
}

/// Why something could not be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The file, or a script in it, cannot be parsed; no reference was taken from it. Holds the parser's message.
    Unparsable(String),
    /// A module specifier or worker URL that is computed at run time.
    Computed,
}
