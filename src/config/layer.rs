//! What one place says: the file, the environment or the flags. Three of these, laid over each other, make the
//! settings.

use std::path::PathBuf;
use std::time::Duration;

use super::given::{Given, Origin};
use super::settings::{Distribution, StoreAddress};
use crate::model::layout::ChannelName;
use crate::prepare::references::ImportMaps;
use crate::prepare::report::Missing;
use crate::prepare::rules::{Rule, SourceMaps};

/// Settings of one place, each with where in it it was given. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) store: Option<Given<StoreAddress>>,
    pub(super) control: Option<Given<String>>,
    pub(super) base_url: Option<Given<String>>,
    pub(super) channel: Option<Given<ChannelName>>,
    pub(super) cloudfront: Option<Given<Vec<Distribution>>>,
    pub(super) purge: Option<Given<Vec<String>>>,
    pub(super) sources: Option<Given<Vec<PathBuf>>>,
    pub(super) ignore: Option<Given<Vec<String>>>,
    pub(super) overlay: Option<Given<bool>>,
    pub(super) bundler_manifests: Option<Given<Vec<String>>>,
    pub(super) gc: Retention,
    pub(super) rules: Option<Given<Vec<Given<Rule>>>>,
    pub(super) source_maps: Option<Given<SourceMaps>>,
    pub(super) generation: Option<Given<u64>>,
    pub(super) urls: Option<Given<Vec<String>>>,
    pub(super) strict: Option<Given<bool>>,
    pub(super) missing: Option<Given<Missing>>,
    pub(super) integrity: Option<Given<bool>>,
    pub(super) import_map: Option<Given<ImportMaps>>,
    pub(super) concurrency: Option<Given<usize>>,
    pub(super) path_style: Option<Given<bool>>,
}

/// The table `gc` of one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Retention {
    pub(super) keep_for: Option<Given<Duration>>,
    pub(super) keep_last: Option<Given<usize>>,
    pub(super) keep_unreleased: Option<Given<Duration>>,
    pub(super) intent_ttl: Option<Given<Duration>>,
    pub(super) min_object_age: Option<Given<Duration>>,
    pub(super) max_delete: Option<Given<u8>>,
    pub(super) html_ttl: Option<Given<Duration>>,
    pub(super) session: Option<Given<Duration>>,
}

impl Retention {
    fn over(self, lower: Self) -> Self {
        Self {
            keep_for: self.keep_for.or(lower.keep_for),
            keep_last: self.keep_last.or(lower.keep_last),
            keep_unreleased: self.keep_unreleased.or(lower.keep_unreleased),
            intent_ttl: self.intent_ttl.or(lower.intent_ttl),
            min_object_age: self.min_object_age.or(lower.min_object_age),
            max_delete: self.max_delete.or(lower.max_delete),
            html_ttl: self.html_ttl.or(lower.html_ttl),
            session: self.session.or(lower.session),
        }
    }

    /// Where the first of them comes from that someone has set.
    pub(super) fn origin(&self) -> Origin {
        let spans = [&self.keep_for, &self.keep_unreleased, &self.intent_ttl, &self.min_object_age, &self.html_ttl]
            .into_iter()
            .chain([&self.session])
            .flatten()
            .map(|given| &given.origin);
        let others =
            [self.keep_last.as_ref().map(|given| &given.origin), self.max_delete.as_ref().map(|given| &given.origin)];
        spans.chain(others.into_iter().flatten()).next().cloned().unwrap_or(Origin::Default)
    }
}

impl Layer {
    /// Lays this layer over a lower one: what both say, this one decides.
    ///
    /// A distribution that is named above keeps what the lower layer says of it besides.
    pub(super) fn over(mut self, lower: Self) -> Self {
        if let (Some(named), Some(described)) = (&mut self.cloudfront, &lower.cloudfront) {
            for named in &mut named.value {
                if let Some(described) = described.value.iter().find(|described| described.id == named.id) {
                    named.origin_path = named.origin_path.take().or_else(|| described.origin_path.clone());
                    named.wait |= described.wait;
                }
            }
        }
        Self {
            store: self.store.or(lower.store),
            control: self.control.or(lower.control),
            base_url: self.base_url.or(lower.base_url),
            channel: self.channel.or(lower.channel),
            cloudfront: self.cloudfront.or(lower.cloudfront),
            purge: self.purge.or(lower.purge),
            sources: self.sources.or(lower.sources),
            ignore: self.ignore.or(lower.ignore),
            overlay: self.overlay.or(lower.overlay),
            gc: self.gc.over(lower.gc),
            bundler_manifests: self.bundler_manifests.or(lower.bundler_manifests),
            rules: self.rules.or(lower.rules),
            source_maps: self.source_maps.or(lower.source_maps),
            generation: self.generation.or(lower.generation),
            urls: self.urls.or(lower.urls),
            strict: self.strict.or(lower.strict),
            missing: self.missing.or(lower.missing),
            integrity: self.integrity.or(lower.integrity),
            import_map: self.import_map.or(lower.import_map),
            concurrency: self.concurrency.or(lower.concurrency),
            path_style: self.path_style.or(lower.path_style),
        }
    }
}
