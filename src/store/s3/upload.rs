//! Writing an object: in one request, or in parts that a last request puts together.
//!
//! The precondition stands on the request that makes the object, so a writer that loses a race finds out there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

use super::answer::Verdict;
use super::bucket::Bucket;
use super::call::{Payload, Setback};
use super::options::{COMPLETION_TIMEOUT, PARTS_IN_FLIGHT, attempt_timeout};
use super::parts::{parts, whole};
use super::sdk;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::store::{Body, Etag, Object, Reason, StoreError, Verb, Written};

/// Which object is to be written, and over what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) verb: Verb,
    pub(super) key: &'a Key,
    /// The current version's ETag; `None` where there must be none.
    pub(super) replaces: Option<&'a Etag>,
}

impl Target<'_> {
    fn if_none_match(&self) -> Option<String> {
        self.replaces.is_none().then(|| "*".to_owned())
    }

    fn if_match(&self) -> Option<String> {
        self.replaces.map(Etag::in_header)
    }

    /// The bytes are not what they should be, which the store learns before the object is made.
    fn changed(&self, why: std::io::Error) -> Setback {
        Setback::new(self.verb, self.key, Verdict::Failed(Reason::Changed), why)
    }
}

/// A time limit for each attempt at one request.
fn with_time(limit: Duration) -> sdk::Builder {
    sdk::Config::builder().timeout_config(sdk::TimeoutConfig::builder().operation_attempt_timeout(limit).build())
}

impl Bucket {
    /// Writes an object; `None` where the precondition did not hold.
    pub(super) async fn write(&self, target: Target<'_>, object: Object) -> Result<Option<Written>, StoreError> {
        let Object { headers, body } = object;
        let outcome = if body.size() > self.options.multipart_above {
            self.in_rounds(|| self.write_parts(target, &headers, &body)).await
        } else {
            let bytes = whole(body).await.map_err(|why| target.changed(why).error)?;
            let payload = Payload::new(bytes);
            self.in_rounds(|| self.write_whole(target, &headers, &payload)).await
        };
        match outcome {
            Ok(written) => Ok(Some(written)),
            Err(setback) => match setback.verdict {
                Verdict::Unmet => Ok(None),
                Verdict::Absent if target.replaces.is_some() => Ok(None),
                _ => Err(setback.error),
            },
        }
    }

    async fn write_whole(
        &self,
        target: Target<'_>,
        headers: &Arc<Headers>,
        payload: &Payload,
    ) -> Result<Written, Setback> {
        let call = self.call(target.verb).storing(headers).carrying(payload);
        let request = self
            .client
            .put_object()
            .bucket(&self.options.bucket)
            .key(target.key.as_str())
            .set_if_none_match(target.if_none_match())
            .set_if_match(target.if_match())
            .checksum_sha256(payload.checksum())
            .body(sdk::ByteStream::from(payload.bytes.clone()))
            .customize()
            .config_override(with_time(attempt_timeout(payload.bytes.len())))
            .interceptor(call.clone());
        let output = request.send().await.map_err(|error| call.setback(target.verb, target.key, error))?;
        let etag = output.e_tag.as_deref().map(Etag::of_header);
        let etag = etag.ok_or_else(|| Setback::incomplete(target.verb, target.key, "an ETag"))?;
        Ok(Written { etag, at: call.date().unwrap_or_else(|| self.clock.now()) })
    }

    async fn write_parts(&self, target: Target<'_>, headers: &Arc<Headers>, body: &Body) -> Result<Written, Setback> {
        let call = self.call(Verb::Part).storing(headers);
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.options.bucket)
            .key(target.key.as_str())
            .checksum_algorithm(sdk::ChecksumAlgorithm::Sha256)
            .customize()
            .interceptor(call.clone());
        let begun = request.send().await;
        let begun = begun.map_err(|error| call.setback(target.verb, target.key, error).harmless())?;
        let upload = begun.upload_id.as_deref();
        let upload = upload.ok_or_else(|| Setback::incomplete(target.verb, target.key, "an upload's id").harmless())?;

        let cut = parts(body, self.options.part_size_of(body.size())).zip(futures::stream::iter(1..));
        let sent = cut.map(|(bytes, number)| async move {
            self.write_part(target, upload, number, bytes.map_err(|why| target.changed(why))?).await
        });
        let outcome = match sent.buffered(PARTS_IN_FLIGHT).try_collect().await {
            Ok(parts) => self.complete(target, upload, parts).await,
            Err(setback) => Err(setback.harmless()),
        };
        if outcome.is_err() {
            self.abort(target.key, upload).await;
        }
        outcome
    }

    async fn write_part(
        &self,
        target: Target<'_>,
        upload: &str,
        number: i32,
        bytes: Bytes,
    ) -> Result<sdk::CompletedPart, Setback> {
        let payload = Payload::new(bytes);
        let checksum = payload.checksum();
        let call = self.call(Verb::Part).carrying(&payload);
        let request = self
            .client
            .upload_part()
            .bucket(&self.options.bucket)
            .key(target.key.as_str())
            .upload_id(upload)
            .part_number(number)
            .checksum_sha256(&checksum)
            .body(sdk::ByteStream::from(payload.bytes.clone()))
            .customize()
            .config_override(with_time(attempt_timeout(payload.bytes.len())))
            .interceptor(call.clone());
        let output = request.send().await.map_err(|error| call.setback(target.verb, target.key, error))?;
        let part = sdk::CompletedPart::builder().part_number(number).checksum_sha256(checksum);
        Ok(part.set_e_tag(output.e_tag).build())
    }

    async fn complete(
        &self,
        target: Target<'_>,
        upload: &str,
        parts: Vec<sdk::CompletedPart>,
    ) -> Result<Written, Setback> {
        let call = self.call(Verb::Part);
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.options.bucket)
            .key(target.key.as_str())
            .upload_id(upload)
            .set_if_none_match(target.if_none_match())
            .set_if_match(target.if_match())
            .multipart_upload(sdk::CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .customize()
            .config_override(with_time(COMPLETION_TIMEOUT))
            .interceptor(call.clone());
        let output = request.send().await.map_err(|error| call.setback(target.verb, target.key, error))?;
        let etag = output.e_tag.as_deref().map(Etag::of_header);
        let etag = etag.ok_or_else(|| Setback::incomplete(target.verb, target.key, "an ETag"))?;
        Ok(Written { etag, at: call.date().unwrap_or_else(|| self.clock.now()) })
    }

    /// Throws the parts of an upload away. Where this fails too, they stay, unseen, until the bucket's lifecycle
    /// rule for unfinished uploads takes them.
    async fn abort(&self, key: &Key, upload: &str) {
        let request = self.client.abort_multipart_upload().bucket(&self.options.bucket).key(key.as_str());
        let _ = request.upload_id(upload).customize().interceptor(self.call(Verb::Part)).send().await;
    }
}
