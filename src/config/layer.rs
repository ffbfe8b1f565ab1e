//! What one place says: the file, the environment or the flags. Three of these, laid over each other, make the
//! settings.

use std::path::PathBuf;

use super::given::Given;
use super::settings::{Distribution, StoreAddress};
use crate::model::layout::ChannelName;
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
    pub(super) rules: Option<Given<Vec<Rule>>>,
    pub(super) source_maps: Option<Given<SourceMaps>>,
    pub(super) generation: Option<Given<u64>>,
    pub(super) urls: Option<Given<Vec<String>>>,
    pub(super) strict: Option<Given<bool>>,
    pub(super) missing: Option<Given<Missing>>,
    pub(super) integrity: Option<Given<bool>>,
    pub(super) concurrency: Option<Given<usize>>,
    pub(super) path_style: Option<Given<bool>>,
}

impl Layer {
    /// Lays this layer over a lower one: what both say, this one decides.
    ///
    /// Only the file can say more of a distribution than its id, so a distribution that is named above keeps what
    /// the lower layer says of it.
    pub(super) fn over(mut self, lower: Self) -> Self {
        if let (Some(named), Some(described)) = (&mut self.cloudfront, &lower.cloudfront) {
            let described_as = |named: &Distribution| {
                let same: Vec<_> =
                    described.value.iter().filter(|described| described.id == named.id).cloned().collect();
                if same.is_empty() { vec![named.clone()] } else { same }
            };
            named.value = named.value.iter().flat_map(described_as).collect();
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
            bundler_manifests: self.bundler_manifests.or(lower.bundler_manifests),
            rules: self.rules.or(lower.rules),
            source_maps: self.source_maps.or(lower.source_maps),
            generation: self.generation.or(lower.generation),
            urls: self.urls.or(lower.urls),
            strict: self.strict.or(lower.strict),
            missing: self.missing.or(lower.missing),
            integrity: self.integrity.or(lower.integrity),
            concurrency: self.concurrency.or(lower.concurrency),
            path_style: self.path_style.or(lower.path_style),
        }
    }
}
