//! The S3 operations that publishers use, over the store in memory.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::*;
use s3s::{Body, S3, S3Error, S3Request, S3Response, S3Result, TrailingHeaders, s3_error};

use crate::store::{Condition, Object as Stored, Page, Store};

const KEPT: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];
const CHECKSUM: &str = "x-amz-checksum-";
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

pub(crate) struct Server(pub(crate) std::sync::Arc<Store>);

fn answer<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

/// The headers that a reader gets back as they were sent.
fn kept(sent: &HeaderMap) -> HeaderMap {
    let is_kept =
        |name: &str| KEPT.contains(&name) || name.starts_with("x-amz-meta-") || is_checksum(name);
    let mut headers: HeaderMap = sent
        .iter()
        .filter(|(name, _)| is_kept(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some(encoding) = headers.remove(CONTENT_ENCODING) {
        let encodings = encoding
            .to_str()
            .unwrap_or_default()
            .split(',')
            .map(str::trim);
        let rest: Vec<&str> = encodings
            .filter(|encoding| !matches!(*encoding, "" | "aws-chunked"))
            .collect();
        if let Ok(rest) = HeaderValue::from_str(&rest.join(","))
            && !rest.is_empty()
        {
            headers.insert(CONTENT_ENCODING, rest);
        }
    }
    headers
}

fn is_checksum(name: &str) -> bool {
    name.strip_prefix(CHECKSUM)
        .is_some_and(|name| !matches!(name, "algorithm" | "type" | "mode"))
}

fn readable(object: &Stored, checksums: bool) -> HeaderMap {
    let headers = object
        .headers
        .iter()
        .filter(|(name, _)| checksums || !is_checksum(name.as_str()));
    headers
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The whole body, with what came in its trailer added to the headers, and its checksums verified.
async fn receive(
    body: Option<StreamingBlob>,
    trailer: Option<TrailingHeaders>,
    headers: &mut HeaderMap,
) -> S3Result<Bytes> {
    let body = match body {
        Some(body) => Body::from(body)
            .collect()
            .await
            .map_err(|_| s3_error!(IncompleteBody))?
            .to_bytes(),
        None => Bytes::new(),
    };
    if let Some(trailer) = trailer.and_then(|trailer| trailer.take()) {
        headers.extend(trailer);
    }
    verify(&body, headers)?;
    Ok(body)
}

fn verify(body: &[u8], headers: &HeaderMap) -> S3Result<()> {
    let sent = |name: &'static str| {
        headers
            .get(HeaderName::from_static(name))
            .and_then(|value| value.to_str().ok())
    };
    let crc32 = sent("x-amz-checksum-crc32");
    let crc32c = sent("x-amz-checksum-crc32c");
    let crc64nvme = sent("x-amz-checksum-crc64nvme");
    let sha1 = sent("x-amz-checksum-sha1");
    let sha256 = sent("x-amz-checksum-sha256");
    let mut hasher = ChecksumHasher {
        crc32: crc32.map(|_| Crc32::new()),
        crc32c: crc32c.map(|_| Crc32c::new()),
        crc64nvme: crc64nvme.map(|_| Crc64Nvme::new()),
        sha1: sha1.map(|_| Sha1::new()),
        sha256: sha256.map(|_| Sha256::new()),
    };
    hasher.update(body);
    let found = hasher.finalize();
    let good = found.checksum_crc32.as_deref() == crc32
        && found.checksum_crc32c.as_deref() == crc32c
        && found.checksum_crc64nvme.as_deref() == crc64nvme
        && found.checksum_sha1.as_deref() == sha1
        && found.checksum_sha256.as_deref() == sha256;
    if good {
        Ok(())
    } else {
        Err(s3_error!(BadDigest))
    }
}

fn encode(key: &str) -> String {
    utf8_percent_encode(key, PLAIN).to_string()
}

/// Spells keys as the listing's `encoding-type` asks.
fn speller(encoding: Option<&EncodingType>) -> fn(&str) -> String {
    if encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL) {
        encode
    } else {
        str::to_owned
    }
}

fn decode(token: &str) -> S3Result<String> {
    let key = percent_decode_str(token)
        .decode_utf8()
        .map_err(|_| s3_error!(InvalidArgument))?;
    Ok(key.into_owned())
}

fn page_size(asked: Option<i32>) -> usize {
    asked.map_or(1000, |asked| usize::try_from(asked).unwrap_or(0).min(1000))
}

fn common(prefixes: &[String], spell: fn(&str) -> String) -> Option<Vec<CommonPrefix>> {
    Some(
        prefixes
            .iter()
            .map(|prefix| CommonPrefix {
                prefix: Some(spell(prefix)),
            })
            .collect(),
    )
}

#[async_trait::async_trait]
impl S3 for Server {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.0.create_bucket(&req.input.bucket);
        answer(CreateBucketOutput {
            location: Some(format!("/{}", req.input.bucket)),
        })
    }

    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.0.bucket_exists(&req.input.bucket)?;
        answer(HeadBucketOutput::default())
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.0.bucket_exists(&req.input.bucket)?;
        answer(GetBucketLocationOutput::default())
    }

    /// Of every object only the newest version is kept, but each has an id of its own.
    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        self.0.bucket_exists(&req.input.bucket)?;
        answer(GetBucketVersioningOutput {
            status: Some(BucketVersioningStatus::from_static(
                BucketVersioningStatus::ENABLED,
            )),
            ..Default::default()
        })
    }

    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let mut headers = kept(&req.headers);
        let input = req.input;
        let body = receive(input.body, req.trailing_headers, &mut headers).await?;
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        let object = self
            .0
            .put(&input.bucket, &input.key, &condition, body, headers)?;
        answer(PutObjectOutput {
            e_tag: Some(object.etag.clone()),
            version_id: Some(object.version.clone()),
            ..Default::default()
        })
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let object = self
            .0
            .get(&input.bucket, &input.key, input.version_id.as_deref())?;
        let size = object.body.len();
        let (body, content_range) = match input.range {
            None => (object.body.clone(), None),
            Some(range) => {
                let range = range.check(size as u64)?;
                let (start, end) = (range.start as usize, range.end as usize);
                (
                    object.body.slice(start..end),
                    Some(format!("bytes {start}-{}/{size}", end - 1)),
                )
            }
        };
        let headers = readable(
            &object,
            input.checksum_mode.is_some() && content_range.is_none(),
        );
        let output = GetObjectOutput {
            content_length: Some(body.len() as i64),
            content_range,
            body: Some(Body::from(body).into()),
            e_tag: Some(object.etag.clone()),
            last_modified: Some(object.modified.into()),
            version_id: Some(object.version.clone()),
            ..Default::default()
        };
        Ok(S3Response::with_headers(output, headers))
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        let object = self
            .0
            .get(&input.bucket, &input.key, input.version_id.as_deref())?;
        let output = HeadObjectOutput {
            content_length: Some(object.body.len() as i64),
            e_tag: Some(object.etag.clone()),
            last_modified: Some(object.modified.into()),
            version_id: Some(object.version.clone()),
            ..Default::default()
        };
        Ok(S3Response::with_headers(
            output,
            readable(&object, input.checksum_mode.is_some()),
        ))
    }

    /// The older listing, which Collectfasta asks for.
    async fn list_objects(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let prefix = input.prefix.unwrap_or_default();
        let after = input.marker.unwrap_or_default();
        let max = page_size(input.max_keys);
        let page = self.0.list(
            &input.bucket,
            &prefix,
            input.delimiter.as_deref(),
            &after,
            max,
        )?;
        let spell = speller(input.encoding_type.as_ref());
        let contents = contents(&page, spell);
        answer(ListObjectsOutput {
            contents: Some(contents),
            common_prefixes: common(&page.prefixes, spell),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.as_deref().map(spell),
            marker: Some(spell(&after)),
            prefix: Some(spell(&prefix)),
            delimiter: input.delimiter.as_deref().map(spell),
            encoding_type: input.encoding_type,
            max_keys: Some(max as i32),
            name: Some(input.bucket),
            ..Default::default()
        })
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let after = match &input.continuation_token {
            Some(token) => decode(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let prefix = input.prefix.unwrap_or_default();
        let max = page_size(input.max_keys);
        let page = self.0.list(
            &input.bucket,
            &prefix,
            input.delimiter.as_deref(),
            &after,
            max,
        )?;
        let spell = speller(input.encoding_type.as_ref());
        let contents = contents(&page, spell);
        answer(ListObjectsV2Output {
            key_count: Some((contents.len() + page.prefixes.len()) as i32),
            contents: Some(contents),
            common_prefixes: common(&page.prefixes, spell),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_deref().map(encode),
            continuation_token: input.continuation_token,
            start_after: input.start_after.as_deref().map(spell),
            prefix: Some(spell(&prefix)),
            delimiter: input.delimiter.as_deref().map(spell),
            encoding_type: input.encoding_type,
            max_keys: Some(max as i32),
            name: Some(input.bucket),
            ..Default::default()
        })
    }

    async fn list_object_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = req.input;
        let after = input.key_marker.clone().unwrap_or_default();
        let prefix = input.prefix.unwrap_or_default();
        let max = page_size(input.max_keys);
        let page = self.0.list(
            &input.bucket,
            &prefix,
            input.delimiter.as_deref(),
            &after,
            max,
        )?;
        let spell = speller(input.encoding_type.as_ref());
        let versions = page.objects.iter().map(|(key, object)| ObjectVersion {
            key: Some(spell(key)),
            version_id: Some(object.version.clone()),
            is_latest: Some(true),
            e_tag: Some(object.etag.clone()),
            last_modified: Some(object.modified.into()),
            size: Some(object.body.len() as i64),
            ..Default::default()
        });
        answer(ListObjectVersionsOutput {
            versions: Some(versions.collect()),
            common_prefixes: common(&page.prefixes, spell),
            is_truncated: Some(page.next.is_some()),
            next_version_id_marker: page
                .next
                .as_ref()
                .and(page.objects.last())
                .map(|(_, object)| object.version.clone()),
            next_key_marker: page.next.as_deref().map(spell),
            key_marker: input.key_marker.as_deref().map(spell),
            prefix: Some(spell(&prefix)),
            delimiter: input.delimiter.as_deref().map(spell),
            encoding_type: input.encoding_type,
            max_keys: Some(max as i32),
            name: Some(input.bucket),
            ..Default::default()
        })
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = req.input;
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: None,
        };
        self.0.delete(
            &input.bucket,
            &input.key,
            input.version_id.as_deref(),
            &condition,
        )?;
        answer(DeleteObjectOutput {
            version_id: input.version_id,
            ..Default::default()
        })
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let (bucket, delete) = (req.input.bucket, req.input.delete);
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in delete.objects {
            let condition = Condition {
                if_match: object.e_tag.map(ETagCondition::ETag),
                if_none_match: None,
            };
            match self.0.delete(
                &bucket,
                &object.key,
                object.version_id.as_deref(),
                &condition,
            ) {
                Ok(()) if delete.quiet == Some(true) => {}
                Ok(()) => deleted.push(DeletedObject {
                    key: Some(object.key),
                    version_id: object.version_id,
                    ..Default::default()
                }),
                Err(error) => errors.push(refused(object.key, object.version_id, &error)),
            }
        }
        answer(DeleteObjectsOutput {
            deleted: Some(deleted),
            errors: Some(errors),
            ..Default::default()
        })
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let id = self
            .0
            .create_upload(&req.input.bucket, kept(&req.headers))?;
        answer(CreateMultipartUploadOutput {
            bucket: Some(req.input.bucket),
            key: Some(req.input.key),
            upload_id: Some(id),
            ..Default::default()
        })
    }

    async fn upload_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let mut headers = kept(&req.headers);
        let input = req.input;
        let body = receive(input.body, req.trailing_headers, &mut headers).await?;
        let etag = self
            .0
            .put_part(&input.bucket, &input.upload_id, input.part_number, body)?;
        answer(UploadPartOutput {
            e_tag: Some(etag),
            ..Default::default()
        })
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let parts = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .ok_or_else(|| s3_error!(MalformedXML))?;
        let parts: Vec<_> = parts
            .into_iter()
            .map(|part| (part.part_number.unwrap_or(0), part.e_tag))
            .collect();
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        let object = self.0.complete_upload(
            &input.bucket,
            &input.key,
            &input.upload_id,
            &parts,
            &condition,
        )?;
        answer(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(object.etag.clone()),
            version_id: Some(object.version.clone()),
            ..Default::default()
        })
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.0
            .abort_upload(&req.input.bucket, &req.input.upload_id)?;
        answer(AbortMultipartUploadOutput::default())
    }
}

fn contents(page: &Page, spell: fn(&str) -> String) -> Vec<Object> {
    page.objects
        .iter()
        .map(|(key, object)| listed(spell(key), object))
        .collect()
}

fn listed(key: String, object: &Stored) -> Object {
    Object {
        key: Some(key),
        e_tag: Some(object.etag.clone()),
        last_modified: Some(object.modified.into()),
        size: Some(object.body.len() as i64),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Default::default()
    }
}

fn refused(key: String, version: Option<String>, error: &S3Error) -> Error {
    Error {
        key: Some(key),
        version_id: version,
        code: Some(error.code().as_str().to_owned()),
        message: error.message().map(str::to_owned),
    }
}
