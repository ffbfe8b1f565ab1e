//! Why a report cannot be used. Nothing has been changed then.

use std::io;
use std::path::PathBuf;

use crate::error::{Explain, Kind};

/// A report that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It lies in a bucket.
    #[error("`{}` lies in a bucket; a report is read from this machine", .0.display())]
    Remote(PathBuf),
    /// A file of it cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not the manifest of an inventory.
    #[error("`{}` is not the `manifest.json` of an S3 Inventory report", path.display())]
    NoManifest {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Its files are of another kind.
    #[error("the report's files are in {0}; lastly reads CSV and Parquet")]
    Format(String),
    /// Columns are missing.
    #[error("`{}` lacks what is needed to tell versions apart: {}", path.display(), missing.join(", "))]
    Columns {
        /// The file that says which columns there are.
        path: PathBuf,
        /// All that are missing.
        missing: Vec<&'static str>,
    },
    /// It is about another bucket.
    #[error("`{}` is about the bucket `{theirs}`, and the site lies in `{ours}`", path.display())]
    OtherBucket {
        /// The file.
        path: PathBuf,
        /// Its bucket.
        theirs: String,
        /// The site's.
        ours: String,
    },
    /// Nothing of the site is in it.
    #[error("`{}` names nothing below `{prefix}`", path.display())]
    OtherPrefix {
        /// The file.
        path: PathBuf,
        /// The site's prefix.
        prefix: String,
    },
    /// A file that the manifest names is nowhere.
    #[error("`{key}`, which the manifest names, is neither at {}", places.join(" nor at "))]
    Missing {
        /// Its key in the bucket where the report was delivered.
        key: String,
        /// Where it was looked for.
        places: Vec<String>,
    },
    /// A file is not the one that the manifest names.
    #[error("`{}` has another MD5 than the manifest says", .0.display())]
    Changed(PathBuf),
    /// A file cannot be understood.
    #[error("`{}`, row {row}: {what}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Which row, from 1, the one with the names of columns not counted.
        row: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A Parquet file cannot be understood.
    #[error("`{}` is not a Parquet file that lastly can read", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
}

impl Explain for ReportError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Remote(_) | Self::Missing { .. } => {
                "copy the report with `aws s3 cp --recursive`, its folder `data` beside the folder of its manifest"
            }
            Self::Format(_) => "set the inventory to Parquet or CSV",
            Self::Columns { .. } => "set the inventory to all versions, with size and last modified date",
            Self::OtherBucket { .. } | Self::OtherPrefix { .. } => "is this the report of another site?",
            Self::Changed(_) => "copy it again",
            Self::Unreadable { .. } | Self::NoManifest { .. } | Self::Row { .. } | Self::Parquet { .. } => {
                return Vec::new();
            }
        };
        vec![hint.to_owned()]
    }
}
