//! What a command that can move a channel has done, as every renderer needs it.

use std::path::PathBuf;
use std::time::Duration;

use crate::cdn::Invalidated;
use crate::error::Error;
use crate::event::Problem;
use crate::model::layout::ChannelName;
use crate::model::release::ReleaseId;
use crate::publish::Published;
use crate::publish::plan::Plan;
use crate::rollback::{Change, Moved};
use crate::store::Requests;

/// Which command it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// `publish`
    Publish,
    /// `upload`
    Upload,
    /// `activate`
    Activate,
    /// `rollback`
    Rollback,
}

/// What has been done, or in a dry run would be.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The command.
    pub(crate) deed: Deed,
    /// Whether only a plan was asked for.
    pub(crate) dry_run: bool,
    /// The release.
    pub(crate) release: ReleaseId,
    /// The channel; `None` for an upload.
    pub(crate) channel: Option<ChannelName>,
    /// Its sequence; `None` for an upload, and before a first publish.
    pub(crate) sequence: Option<u64>,
    /// Whether this run moved the channel.
    pub(crate) moved: bool,
    /// The release that the channel showed before, where that was looked at.
    pub(crate) before: Option<ReleaseId>,
    /// The files of the release, where they were read.
    pub(crate) files: Option<Files>,
    /// Objects created, or to be created.
    pub(crate) new: usize,
    /// Objects that were there already.
    pub(crate) reused: usize,
    /// Objects that the release before named and this one does not.
    pub(crate) retired: usize,
    /// Bytes uploaded, or to be uploaded.
    pub(crate) bytes_uploaded: u64,
    /// The plan of a dry run.
    pub(crate) plan: Option<Plan>,
    /// Whether pages, manifest and CDN have yet to follow, as far as a dry run looks for that.
    pub(crate) behind: bool,
    /// The channel's manifest; `None` for an upload.
    pub(crate) manifest: Option<Place>,
    /// The file that the manifest was written to as well.
    pub(crate) manifest_file: Option<PathBuf>,
    /// What the CDNs were told.
    pub(crate) invalidations: Vec<Invalidated>,
    /// The CloudFront distributions whose paths are a guess.
    pub(crate) guessed: Vec<String>,
    /// What a dry run of an activation or a rollback has found out.
    pub(crate) change: Option<Change>,
    /// Why pages, manifest, CDN and the manifest's file have not all followed, when they have not.
    pub(crate) unfinished: Option<Error>,
}

/// The files of a release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files {
    /// How many.
    pub(crate) count: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Source maps among them.
    pub(crate) source_maps: usize,
    /// Files and folders that patterns have left out.
    pub(crate) ignored: usize,
}

/// Where an object lies.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its key.
    pub(crate) key: String,
    /// Its URL, where a base URL is set.
    pub(crate) url: Option<String>,
    /// Its place in the store, for people: `s3://bucket/key`, or a file.
    pub(crate) stored: String,
}

/// What it took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effort {
    /// Requests to the store.
    pub(crate) requests: Requests,
    /// Time.
    pub(crate) elapsed: Duration,
}

/// What was heard while the work went on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Everything that was wrong or suspicious.
    pub(crate) problems: Vec<Problem>,
    /// Whether the channel moved.
    pub(crate) standing: Standing,
    /// Whether a page, the manifest or a CDN was brought after the channel.
    pub(crate) followed: bool,
}

/// Whether this run has moved the channel, as far as one knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not.
    #[default]
    Unmoved,
    /// The request that moves it is on its way.
    Unknown,
    /// It has.
    Moved,
}

impl Outcome {
    /// The outcome of a publish or an upload.
    pub(crate) fn published(
        deed: Deed,
        dry_run: bool,
        published: Published,
        target: Option<(ChannelName, Place)>,
        ignored: usize,
    ) -> Self {
        let (channel, manifest) = target.unzip();
        let (count, bytes) = published.files;
        Self {
            deed,
            dry_run,
            release: published.release,
            channel,
            sequence: published.channel.map(|(_, sequence)| sequence),
            moved: published.moved,
            before: None,
            files: Some(Files { count, bytes, source_maps: published.source_maps, ignored }),
            new: published.new,
            reused: published.reused,
            retired: published.retired,
            bytes_uploaded: published.bytes_uploaded,
            plan: published.plan,
            behind: published.behind,
            manifest,
            manifest_file: None,
            invalidations: published.followed.invalidations,
            guessed: Vec::new(),
            change: None,
            unfinished: published.unfinished.map(Error::from),
        }
    }

    /// The outcome of an activation or a rollback.
    pub(crate) fn moved(deed: Deed, dry_run: bool, moved: Moved, channel: ChannelName, manifest: Place) -> Self {
        Self {
            deed,
            dry_run,
            release: moved.release,
            channel: Some(channel),
            sequence: Some(moved.sequence).filter(|sequence| *sequence > 0),
            moved: moved.moved,
            before: moved.before,
            files: None,
            new: 0,
            reused: 0,
            retired: 0,
            bytes_uploaded: 0,
            plan: None,
            behind: false,
            manifest: Some(manifest),
            manifest_file: None,
            invalidations: moved.followed.invalidations,
            guessed: Vec::new(),
            change: moved.change,
            unfinished: moved.unfinished.map(Error::from),
        }
    }
}
