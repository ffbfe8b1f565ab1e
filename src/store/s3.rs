//! An S3 bucket as a store, through the AWS SDK; any compatible server will do that honours preconditions on writes.
//!
//! This file reads, removes and lists; `upload` writes; `circumstances` looks at the bucket itself. `call` listens in
//! on each request and says what its failure means. The SDK retries what is transient; conflicts (409) it does not, so
//! that is done in `bucket`.
//!
//! What lies under a key, and why, is unknown here.

mod answer;
mod bucket;
mod call;
mod circumstances;
mod found;
mod listing;
mod options;
mod parts;
mod sdk;
mod upload;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};

use self::answer::{Answer, Verdict};
use self::bucket::Bucket;
use self::call::Setback;
pub use self::options::{PARTS_IN_FLIGHT, S3Options};
use self::upload::Target;
use super::{
    Circumstances, Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store,
    StoreError, Tally, Verb, Version, VersionId, VersionPage,
};
use crate::clock::Clock;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;

/// A bucket.
pub struct S3Store(Bucket);

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own would fill a page.
        f.debug_struct("S3Store").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl S3Store {
    /// Makes a store of a bucket, with the region and credentials that the AWS environment gives. Nothing is asked of
    /// the bucket yet. `clock` serves the waits after a conflict, and the time of writing where a server tells none.
    pub async fn open(options: S3Options, clock: Arc<dyn Clock>) -> Self {
        let client = sdk::client(&options).await;
        Self(Bucket { client, options, tally: Tally::default(), clock })
    }

    /// Reads an object. The SDK's retries end where the bytes begin.
    async fn fetch(&self, key: &Key) -> Result<Fetched, Setback> {
        let call = self.0.call(Verb::Get);
        let request = self.0.client.get_object().bucket(&self.0.options.bucket).key(key.as_str());
        let request = request.checksum_mode(sdk::ChecksumMode::Enabled).customize().interceptor(call.clone());
        let output = request.send().await.map_err(|error| call.setback(Verb::Get, key, error))?;
        let found = call.found(Verb::Get, key)?;
        let broke_off = |why: sdk::BoxError| Setback::new(Verb::Get, key, Verdict::Again, why);
        let bytes = output.body.collect().await.map_err(|why| broke_off(why.into()))?.into_bytes();
        if bytes.len() as u64 != found.size {
            return Err(broke_off(format!("{} bytes of {} came", bytes.len(), found.size).into()));
        }
        Ok(Fetched { found, bytes })
    }

    /// Deletes the current version, whatever it is where no ETag is given.
    async fn delete(&self, key: &Key, etag: Option<&Etag>) -> Result<(), Setback> {
        let call = self.0.call(Verb::Remove);
        let request = self.0.client.delete_object().bucket(&self.0.options.bucket).key(key.as_str());
        let request = request.set_if_match(etag.map(Etag::in_header));
        let outcome = request.customize().interceptor(call.clone()).send().await;
        outcome.map(drop).map_err(|error| call.setback(Verb::Remove, key, error))
    }

    /// Removes an object from a server that knows no conditional delete. A write between the two requests is lost,
    /// which for a page means: until the next publish.
    async fn remove_unguarded(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        match self.head(key).await? {
            None => Ok(Removed::Gone),
            Some(found) if found.etag != *etag => Ok(Removed::Outrun),
            Some(_) => {
                let outcome = self.0.in_rounds(|| self.delete(key, None)).await;
                outcome.map(|()| Removed::Gone).map_err(|setback| setback.error)
            }
        }
    }
}

#[async_trait]
impl Store for S3Store {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        match self.0.in_rounds(|| self.fetch(key)).await {
            Ok(fetched) => Ok(Some(fetched)),
            Err(setback) => setback.or_absent(),
        }
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        let call = self.0.call(Verb::Head);
        let request = self.0.client.head_object().bucket(&self.0.options.bucket).key(key.as_str());
        let request = request.checksum_mode(sdk::ChecksumMode::Enabled);
        match request.customize().interceptor(call.clone()).send().await {
            Ok(_) => call.found(Verb::Head, key).map(Some).map_err(|setback| setback.error),
            Err(error) => call.setback(Verb::Head, key, error).or_absent(),
        }
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        let target = Target { verb: Verb::Create, key, replaces: None };
        Ok(self.0.write(target, object).await?.map_or(Created::AlreadyThere, Created::New))
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        let target = Target { verb: Verb::Replace, key, replaces: Some(etag) };
        Ok(self.0.write(target, object).await?.map_or(Replaced::Outrun, Replaced::Done))
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        let Err(setback) = self.0.in_rounds(|| self.delete(key, Some(etag))).await else {
            return Ok(Removed::Gone);
        };
        match setback.verdict {
            Verdict::Absent => Ok(Removed::Gone),
            // What the first attempt removed, the second one misses.
            Verdict::Unmet => match self.head(key).await.map_err(StoreError::unknown)? {
                None => Ok(Removed::Gone),
                Some(_) => Ok(Removed::Outrun),
            },
            Verdict::Failed(Reason::Unsupported) => self.remove_unguarded(key, etag).await,
            _ => Err(setback.error),
        }
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        let call = self.0.call(Verb::List);
        let (key, version) = after.map(|cursor| (cursor.key, cursor.version)).unzip();
        let request = self
            .0
            .client
            .list_object_versions()
            .bucket(&self.0.options.bucket)
            .prefix(prefix)
            // XML cannot hold every character that a key can.
            .encoding_type(sdk::EncodingType::Url)
            .set_key_marker(key.map(|key| key.as_str().to_owned()))
            .set_version_id_marker(version.flatten().map(|id| id.0));
        let page = request.customize().interceptor(call.clone()).send().await;
        let page = page.map_err(|error| call.setback(Verb::List, prefix, error).error)?;
        let encoded = page.encoding_type == Some(sdk::EncodingType::Url);
        let decode = |key: String| if encoded { listing::decode_key(&key) } else { Key::new(&key) };
        let row = |key: Option<String>, version: Option<String>, latest, marker, size, at: Option<sdk::DateTime>| {
            let version = Version {
                key: decode(key.unwrap_or_default()),
                id: VersionId(version.unwrap_or_else(|| "null".to_owned())),
                current: latest == Some(true),
                marker,
                size,
                // Without a time, nothing may be taken for old.
                modified: at.map_or_else(|| self.0.clock.now(), |at| Timestamp::from_unix(at.secs())),
            };
            (at, version)
        };
        let versions = page.versions.unwrap_or_default().into_iter().map(|one| {
            let size = one.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            row(one.key, one.version_id, one.is_latest, false, size, one.last_modified)
        });
        let markers = page.delete_markers.unwrap_or_default().into_iter();
        let markers = markers.map(|one| row(one.key, one.version_id, one.is_latest, true, 0, one.last_modified));
        let next = page.next_key_marker.filter(|_| page.is_truncated == Some(true)).map(|key| Cursor {
            key: decode(key),
            version: page.next_version_id_marker.filter(|id| !id.is_empty()).map(VersionId),
        });
        Ok(VersionPage { versions: listing::in_order(versions.chain(markers).collect()), next })
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let Some((first, _)) = versions.first() else { return Ok(Vec::new()) };
        let rows = versions.iter().map(|(key, id)| {
            let row = sdk::ObjectIdentifier::builder().key(key.as_str()).version_id(&id.0).build();
            row.expect("the key was given")
        });
        let rows = sdk::Delete::builder().set_objects(Some(rows.collect())).quiet(true).build();
        let call = self.0.call(Verb::Delete);
        let request = self.0.client.delete_objects().bucket(&self.0.options.bucket);
        let request = request.delete(rows.expect("the objects were given")).customize().interceptor(call.clone());
        // Servers from before the newer checksum headers want this one.
        let request = request.mutate_request(|request| {
            let md5 = Md5::digest(request.body().bytes().unwrap_or_default());
            request.headers_mut().insert("content-md5", BASE64_STANDARD.encode(md5));
        });
        let output = request.send().await.map_err(|error| call.setback(Verb::Delete, first, error).error)?;
        let outcome = |(key, id): &(Key, VersionId)| {
            let meant = |given: Option<&str>, own: &str| given.is_none_or(|given| given == own);
            let failure =
                output.errors().iter().find(|row| meant(row.key(), key.as_str()) && meant(row.version_id(), &id.0));
            let answer = failure.map(|row| Answer {
                status: 200,
                code: row.code().map(str::to_owned),
                message: row.message().map(str::to_owned),
                request_id: None,
            });
            answer.map_or(Ok(()), |answer| call::outcome_of_row(key, answer))
        };
        Ok(versions.iter().map(outcome).collect())
    }

    async fn circumstances(&self) -> Circumstances {
        self.0.circumstances().await
    }

    fn requests(&self) -> Requests {
        self.0.tally.requests()
    }
}
