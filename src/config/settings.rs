//! The settings as the rest of the program sees them: typed, checked, with defaults in place. Where each of them came
//! from is not known here.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::collect::Walk;
use crate::error::BadInput;
use crate::event::Problem;
use crate::gc::Policy;
use crate::model::layout::{ChannelName, Layout};
use crate::prepare::references::{ImportMaps, References};
use crate::prepare::report::Missing;
use crate::prepare::rules::{Rule, RuleError, Rules, SourceMaps};
use crate::store::directory::LONGEST_SEGMENT;

/// Everything that can be set, with defaults in place.
///
/// Paths are as the working directory sees them: relative to it where they lie below it, else absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the site lies.
    pub store: StoreAddress,
    /// What private keys begin with; `None` for the default of [`crate::model::layout::Layout::new`].
    pub control: Option<String>,
    /// The URL that stands for the prefix, with a slash at its end.
    pub base_url: Option<String>,
    /// The channel.
    pub channel: ChannelName,
    /// CloudFront distributions in front of the store.
    pub cloudfront: Vec<Distribution>,
    /// URLs of caches that understand `PURGE`.
    pub purge: Vec<String>,
    /// The source folders.
    pub sources: Vec<PathBuf>,
    /// Patterns of files to leave out, in gitignore syntax.
    pub ignore: Vec<String>,
    /// Whether a later source folder's file takes the place of an earlier one's.
    pub overlay: bool,
    /// How long a collection keeps things.
    pub gc: Policy,
    /// Globs of manifests in which bundlers say what they have hashed.
    pub bundler_manifests: Vec<String>,
    /// Rules, in order.
    pub rules: Vec<Rule>,
    /// Whether source maps are published, where no rule says.
    pub source_maps: SourceMaps,
    /// Enters every address: raising it gives every asset a new URL.
    pub generation: u64,
    /// URLs under which the files refer to one another, besides the base URL.
    pub urls: Vec<String>,
    /// What is said of references that lead nowhere.
    pub missing: Missing,
    /// Whether tags that load scripts and styles get an integrity value where they have none.
    pub integrity: bool,
    /// What import maps are made.
    pub import_map: ImportMaps,
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// Whether the bucket stands in the path of requests; `None` to tell by the endpoint.
    pub path_style: Option<bool>,
}

/// Where a site lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAddress {
    /// `s3://BUCKET/PREFIX`
    S3 {
        /// The bucket.
        bucket: String,
        /// What public keys begin with, without slashes at its ends.
        prefix: String,
    },
    /// `dir:PATH`, the embedded store.
    Directory(PathBuf),
}

/// A CloudFront distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// Its origin path, where it has one: what it puts before a URL's path to get a key.
    pub origin_path: Option<String>,
    /// Whether to wait until an invalidation has been carried out everywhere.
    pub wait: bool,
}

impl Settings {
    /// Where the site lies in its store.
    pub fn layout(&self) -> Layout {
        let control = self.control.as_deref();
        match &self.store {
            StoreAddress::S3 { prefix, .. } => Layout::new(prefix, control),
            StoreAddress::Directory(_) => Layout::new("", control).with_segments_up_to(LONGEST_SEGMENT),
        }
    }

    /// Which files are to be looked at.
    pub fn walk(&self) -> Walk {
        Walk {
            folders: self.sources.clone(),
            list: None,
            ignore: self.ignore.clone(),
            overlay: self.overlay,
            left_out: Arc::default(),
        }
    }

    /// The rules, ready to be asked. What [`super::resolve()`] has let through always is.
    ///
    /// # Errors
    /// Settings that were put together by hand can hold a glob or a header that is none.
    pub fn rules(&self) -> Result<Rules, BadInput> {
        let problem = |error: RuleError| match &error {
            RuleError::BadHeader { error: header, .. } => Problem::error(error.to_string()).hint(header.hint()),
            _ => Problem::error(error.to_string()),
        };
        let bad = |problems| BadInput { what: "the rules", problems };
        let rules = Rules::new(&self.rules, self.source_maps);
        let rules = rules.map_err(|errors| bad(errors.into_iter().map(problem).collect()))?;
        let rules = rules.with_bundler_manifests(&self.bundler_manifests);
        let rules = rules.map_err(|error| bad(vec![Problem::error(error)]))?;
        Ok(if self.import_map == ImportMaps::None { rules } else { rules.with_import_map() })
    }
}

impl Settings {
    /// How references are rewritten. Where there is no base URL, the store's prefix is taken for the path of the site.
    ///
    /// # Errors
    /// Settings that were put together by hand can hold a glob that is none.
    pub fn references(&self) -> Result<Arc<References>, BadInput> {
        let own = self.base_url.clone().unwrap_or_else(|| format!("/{}", self.layout().prefix()));
        let urls: Vec<String> = std::iter::once(own).chain(self.urls.iter().cloned()).collect();
        References::with_import_maps(&urls, &self.missing, self.integrity, self.import_map)
            .map_err(|error| BadInput { what: "the settings", problems: vec![Problem::error(error)] })
    }
}

impl fmt::Display for StoreAddress {
    /// The address as the settings spell it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Directory(path) => write!(f, "dir:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Flags, resolve};
    use super::*;

    #[test]
    fn addresses_are_spelled_as_they_are_read() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for (text, prefix) in [("s3://abc", ""), ("s3://abc/a/b", "a/b/"), ("dir:out", ""), ("dir:/out", "")] {
            let flags = Flags { store: Some(text.to_owned()), ..Flags::default() };
            let resolved = resolve(&flags, &Environment::default(), folder.path()).expect("good settings");
            assert_eq!(resolved.settings.store.to_string(), text);
            assert_eq!(resolved.settings.layout().prefix(), prefix);
        }
    }

    #[test]
    fn rules_that_were_put_together_by_hand_are_checked() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let resolved = resolve(&Flags::default(), &Environment::default(), folder.path()).expect("good settings");
        let mut settings = resolved.settings;
        assert!(settings.rules().is_ok());
        let headers = vec![("server".to_owned(), None)];
        settings.rules = vec![Rule { files: vec!["a[".to_owned()], headers, ..Rule::default() }];
        let problems = settings.rules().expect_err("bad rules").problems;
        assert_eq!(problems.iter().map(|problem| problem.hint.is_some()).collect::<Vec<_>>(), [false, true]);
    }
}
