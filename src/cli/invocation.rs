//! What every command works with: what was typed, where it was typed, and the site that follows from it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Global, Tree};
use super::error::CliError;
use super::output::Output;
use super::output::outcome::Place;
use crate::cdn::Cdn;
use crate::cdn::cloudfront::{CloudFront, Distribution};
use crate::cdn::path::{BaseUrl, Route};
use crate::cdn::purge::Purge;
use crate::clock::Clock;
use crate::collect::{List, Walk};
use crate::config::{self, Environment, Flags, Resolved, Settings, StoreAddress, provenance, resolve};
use crate::error::{BadInput, Result};
use crate::event::Event;
use crate::model::layout::{ChannelName, Name};
use crate::model::ledger::Provenance;
use crate::site::Site;
use crate::store::Store;
use crate::store::directory::DirectoryStore;
use crate::store::s3::{S3Options, S3Store};

/// One run of the program.
pub(crate) struct Invocation<'a> {
    /// Flags of every command.
    pub(crate) global: &'a Global,
    /// The environment.
    pub(crate) environment: &'a Environment,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// Time and fresh ids.
    pub(crate) clock: Arc<dyn Clock>,
    /// What is shown.
    pub(crate) output: &'a Output,
}

impl Invocation<'_> {
    /// The settings with `flags` on top, and where each comes from.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn resolve(&self, flags: &Flags) -> Result<Resolved> {
        let resolved = resolve(flags, self.environment, &self.directory)?;
        for warning in &resolved.warnings {
            self.output.report().tell(Event::Problem(warning.clone()));
        }
        Ok(resolved)
    }

    /// The settings with `flags` on top.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn settings(&self, flags: &Flags) -> Result<Settings> {
        Ok(self.resolve(flags)?.settings)
    }

    /// Which files are meant: those of a list or those of the source folders.
    ///
    /// # Errors
    /// There are neither, or the list cannot be read.
    pub(crate) fn walk(&self, settings: &Settings, tree: &Tree) -> Result<Walk> {
        let list = tree.files_from.as_deref().map(list).transpose()?;
        if list.is_none() && settings.sources.is_empty() {
            return Err(CliError::NoSources.into());
        }
        Ok(Walk { list: list.map(Arc::new), ..settings.walk() })
    }

    /// The site the settings name. Region and credentials are looked up only where it lies in S3.
    pub(crate) async fn site(&self, settings: &Settings) -> Site {
        let store: Arc<dyn Store> = match &settings.store {
            StoreAddress::Directory(path) => Arc::new(DirectoryStore::new(path, self.clock.clone())),
            StoreAddress::S3 { bucket, .. } => {
                let options = S3Options {
                    path_style: settings.path_style,
                    connections: settings.concurrency,
                    ..S3Options::new(bucket)
                };
                Arc::new(S3Store::open(options, self.clock.clone()).await)
            }
        };
        self.output.count_requests_of(&store);
        Site { store, layout: settings.layout(), clock: self.clock.clone(), report: self.output.report() }
    }

    /// The CDNs the settings name. Nothing is asked of them yet.
    ///
    /// # Errors
    /// One of their URLs is none.
    pub(crate) fn cdns(&self, settings: &Settings) -> Result<Vec<Arc<dyn Cdn>>> {
        let base = base(settings)?;
        let mut cdns: Vec<Arc<dyn Cdn>> = Vec::new();
        for distribution in self.distributions(settings, base.as_ref()) {
            cdns.push(Arc::new(distribution));
        }
        for url in &settings.purge {
            let purge = Purge::new(url, base.clone(), self.clock.clone()).map_err(CliError::BadUrl)?;
            cdns.push(Arc::new(purge));
        }
        Ok(cdns)
    }

    /// The CloudFront distributions the settings name. Nothing is asked of them yet.
    pub(crate) fn distributions(&self, settings: &Settings, base: Option<&BaseUrl>) -> Vec<Distribution> {
        let cloudfront = CloudFront::default();
        let distribution = |named: &config::Distribution| Distribution {
            id: named.id.clone(),
            route: Route { origin_path: named.origin_path.clone(), base: base.cloned() },
            wait: named.wait,
            clock: self.clock.clone(),
            cloudfront: cloudfront.clone(),
        };
        settings.cloudfront.iter().map(distribution).collect()
    }

    /// Who asks, of what commit, and why.
    pub(crate) fn provenance(&self, message: Option<&str>) -> Provenance {
        provenance(self.environment, &self.directory, message.map(str::to_owned))
    }
}

/// Reads a list of files.
fn list(file: &Path) -> Result<List> {
    let from_stdin = file == Path::new("-");
    let read = if from_stdin {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    let name = if from_stdin { Path::new("<stdin>") } else { file };
    let bytes = read.map_err(|source| CliError::List { file: name.to_owned(), source })?;
    Ok(List::read(name, &bytes).map_err(|problems| BadInput { what: "the list of files", problems })?)
}

/// The CloudFront distributions whose paths are taken from the keys, because no setting says what they are.
pub(crate) fn guessed(settings: &Settings) -> Vec<String> {
    let unsaid = settings.cloudfront.iter().filter(|one| settings.base_url.is_none() && one.origin_path.is_none());
    unsaid.map(|distribution| distribution.id.clone()).collect()
}

/// The URL that stands for the prefix, where it is set.
///
/// # Errors
/// It is none.
pub(crate) fn base(settings: &Settings) -> Result<Option<BaseUrl>> {
    Ok(settings.base_url.as_deref().map(BaseUrl::parse).transpose().map_err(CliError::BadUrl)?)
}

/// Where a channel's manifest lies.
pub(crate) fn manifest(settings: &Settings, channel: &ChannelName) -> Place {
    let name = Name::manifest(channel);
    let key = settings.layout().key(&name);
    let stored = match &settings.store {
        StoreAddress::S3 { bucket, .. } => format!("s3://{bucket}/{key}"),
        StoreAddress::Directory(path) => path.join(key.as_str()).display().to_string(),
    };
    let url = settings.base_url.as_ref().map(|base| format!("{base}{}", name.in_url()));
    Place { key: key.to_string(), url, stored }
}
