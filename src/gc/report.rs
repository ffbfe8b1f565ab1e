//! Where a collection learns which versions there are: from a listing of the store, or from a report that someone else
//! has made of it. A report is only ever a list of candidates, and as old as it likes: what is in reach when the ledger
//! is swapped stays, whatever the report says.

mod candidates;
mod error;
mod inventory;
mod parquet;
mod row;

use std::path::PathBuf;

use tokio::sync::mpsc;

pub use self::error::ReportError;
use self::row::Expected;
use crate::store::Version;

/// Where the versions are found of which some go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// In the store itself, page by page.
    #[default]
    Listing,
    /// In an S3 Inventory report on this machine, by its `manifest.json`.
    Inventory(PathBuf),
    /// In a CSV file that a query has made: only what may go stands in it.
    Candidates(PathBuf),
}

/// How many versions go from the reader to the sieve at a time, and how many such loads may be on their way.
const LOAD: usize = 1000;
const LOADS: usize = 4;

/// The versions of a report, some at a time, while another thread reads on.
#[derive(Debug)]
pub(super) struct Rows(mpsc::Receiver<Result<Vec<Version>, ReportError>>);

impl Rows {
    /// Begins to read a report about what lies below `prefix` in `bucket`, if the store is one. A listing has no rows.
    pub(super) fn of(source: &Source, bucket: Option<String>, prefix: &str) -> Self {
        let (sender, receiver) = mpsc::channel(LOADS);
        let (source, expected) = (source.clone(), Expected { bucket, prefix: prefix.to_owned() });
        tokio::task::spawn_blocking(move || {
            let mut load = Vec::with_capacity(LOAD);
            // Nobody takes any more once the collection has failed; reading ends then.
            let mut take = |version: Version| {
                load.push(version);
                load.len() < LOAD || sender.blocking_send(Ok(std::mem::take(&mut load))).is_ok()
            };
            let read = match &source {
                Source::Listing => Ok(()),
                Source::Inventory(path) => inventory::read(path, &expected, &mut take),
                Source::Candidates(path) => candidates::read(path, &expected, &mut take),
            };
            let last = read.map(|()| load);
            drop(sender.blocking_send(last));
        });
        Self(receiver)
    }

    /// The next of them; `None` after the last.
    ///
    /// # Errors
    /// The report cannot be read, or is about something else. Nothing follows then.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<Version>, ReportError>> {
        self.0.recv().await
    }
}
