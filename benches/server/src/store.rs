//! Buckets in memory. Every change is made under one lock, so that of the writers that race for a condition
//! exactly one wins.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{ETag, ETagCondition};
use s3s::{S3ErrorCode, S3Result, s3_error};

pub(crate) struct Object {
    pub(crate) body: Bytes,
    pub(crate) etag: ETag,
    pub(crate) version: String,
    pub(crate) modified: SystemTime,
    /// What the writer sent and every reader gets back: content headers, metadata, checksums.
    pub(crate) headers: HeaderMap,
}

pub(crate) struct Part {
    etag: ETag,
    body: Bytes,
}

struct Upload {
    headers: HeaderMap,
    parts: BTreeMap<i32, Part>,
}

/// What a write or a delete demands of the object that lies under the key now.
#[derive(Default)]
pub(crate) struct Condition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl Condition {
    fn check(&self, current: Option<&Object>) -> S3Result<()> {
        match (&self.if_match, current) {
            (None, _) | (Some(ETagCondition::Any), Some(_)) => {}
            (Some(_), None) => return Err(s3_error!(NoSuchKey)),
            (Some(ETagCondition::ETag(wanted)), Some(object)) if *wanted == object.etag => {}
            (Some(ETagCondition::ETag(_)), Some(_)) => return Err(s3_error!(PreconditionFailed)),
        }
        match (&self.if_none_match, current) {
            (None, _) | (Some(ETagCondition::Any), None) => Ok(()),
            (Some(ETagCondition::Any), Some(_)) => Err(s3_error!(PreconditionFailed)),
            (Some(ETagCondition::ETag(_)), _) => {
                Err(s3_error!(NotImplemented, "If-None-Match takes only *"))
            }
        }
    }
}

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Arc<Object>>,
    uploads: HashMap<String, Upload>,
}

/// One page of a listing.
pub(crate) struct Page {
    pub(crate) objects: Vec<(String, Arc<Object>)>,
    pub(crate) prefixes: Vec<String>,
    /// The last entry, when there are more.
    pub(crate) next: Option<String>,
}

#[derive(Default)]
struct State {
    buckets: HashMap<String, Bucket>,
    ids: u64,
}

impl State {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:016x}", self.ids)
    }

    fn bucket(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets
            .get_mut(name)
            .ok_or_else(|| S3ErrorCode::NoSuchBucket.into())
    }

    fn put(
        &mut self,
        bucket: &str,
        key: &str,
        condition: &Condition,
        object: Object,
    ) -> S3Result<Arc<Object>> {
        let version = self.id();
        let objects = &mut self.bucket(bucket)?.objects;
        condition.check(objects.get(key).map(AsRef::as_ref))?;
        let object = Arc::new(Object { version, ..object });
        objects.insert(key.to_owned(), Arc::clone(&object));
        Ok(object)
    }
}

#[derive(Default)]
pub(crate) struct Store(Mutex<State>);

impl Store {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of the lock panics")
    }

    pub(crate) fn create_bucket(&self, name: &str) {
        self.lock().buckets.entry(name.to_owned()).or_default();
    }

    pub(crate) fn bucket_exists(&self, name: &str) -> S3Result<()> {
        self.lock().bucket(name).map(|_| ())
    }

    /// How many objects there are, and their bytes.
    pub(crate) fn totals(&self) -> (usize, usize) {
        let state = self.lock();
        let objects = state
            .buckets
            .values()
            .flat_map(|bucket| bucket.objects.values());
        objects.fold((0, 0), |(count, bytes), object| {
            (count + 1, bytes + object.body.len())
        })
    }

    pub(crate) fn get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> S3Result<Arc<Object>> {
        let mut state = self.lock();
        let object = state
            .bucket(bucket)?
            .objects
            .get(key)
            .ok_or(S3ErrorCode::NoSuchKey)?;
        match version {
            Some(version) if version != object.version => Err(s3_error!(NoSuchVersion)),
            _ => Ok(Arc::clone(object)),
        }
    }

    pub(crate) fn put(
        &self,
        bucket: &str,
        key: &str,
        condition: &Condition,
        body: Bytes,
        headers: HeaderMap,
    ) -> S3Result<Arc<Object>> {
        let etag = ETag::Strong(hex(Md5::checksum(&body).as_ref()));
        let object = Object {
            body,
            etag,
            version: String::new(),
            modified: SystemTime::now(),
            headers,
        };
        self.lock().put(bucket, key, condition, object)
    }

    /// Deletes an object; a missing one, or another version, is as good as deleted.
    pub(crate) fn delete(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        condition: &Condition,
    ) -> S3Result<()> {
        let mut state = self.lock();
        let objects = &mut state.bucket(bucket)?.objects;
        condition.check(objects.get(key).map(AsRef::as_ref))?;
        if version.is_none_or(|version| {
            objects
                .get(key)
                .is_some_and(|object| object.version == version)
        }) {
            objects.remove(key);
        }
        Ok(())
    }

    /// At most `max` entries after `after`; keys that go on beyond `delimiter` are rolled up into prefixes.
    pub(crate) fn list(
        &self,
        bucket: &str,
        prefix: &str,
        delimiter: Option<&str>,
        after: &str,
        max: usize,
    ) -> S3Result<Page> {
        let mut state = self.lock();
        let start = if after < prefix {
            Bound::Included(prefix)
        } else {
            Bound::Excluded(after)
        };
        let keys = state
            .bucket(bucket)?
            .objects
            .range::<str, _>((start, Bound::Unbounded));
        let mut page = Page {
            objects: Vec::new(),
            prefixes: Vec::new(),
            next: None,
        };
        let mut last = after;
        for (key, object) in keys.take_while(|(key, _)| key.starts_with(prefix)) {
            let rolled = delimiter.and_then(|delimiter| {
                let end = key[prefix.len()..].find(delimiter)?;
                Some(&key[..prefix.len() + end + delimiter.len()])
            });
            if rolled == Some(last) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == max {
                page.next = Some(last.to_owned());
                break;
            }
            match rolled {
                Some(rolled) => page.prefixes.push(rolled.to_owned()),
                None => page.objects.push((key.clone(), Arc::clone(object))),
            }
            last = rolled.unwrap_or(key);
        }
        Ok(page)
    }

    pub(crate) fn create_upload(&self, bucket: &str, headers: HeaderMap) -> S3Result<String> {
        let mut state = self.lock();
        let id = state.id();
        let upload = Upload {
            headers,
            parts: BTreeMap::new(),
        };
        state.bucket(bucket)?.uploads.insert(id.clone(), upload);
        Ok(id)
    }

    pub(crate) fn put_part(
        &self,
        bucket: &str,
        upload: &str,
        number: i32,
        body: Bytes,
    ) -> S3Result<ETag> {
        let etag = ETag::Strong(hex(Md5::checksum(&body).as_ref()));
        let mut state = self.lock();
        let upload = state
            .bucket(bucket)?
            .uploads
            .get_mut(upload)
            .ok_or(S3ErrorCode::NoSuchUpload)?;
        upload.parts.insert(
            number,
            Part {
                etag: etag.clone(),
                body,
            },
        );
        Ok(etag)
    }

    pub(crate) fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        wanted: &[(i32, Option<ETag>)],
        condition: &Condition,
    ) -> S3Result<Arc<Object>> {
        let mut state = self.lock();
        let uploads = &state.bucket(bucket)?.uploads;
        let Upload { headers, parts } = uploads.get(upload).ok_or(S3ErrorCode::NoSuchUpload)?;
        let (mut body, mut sums) = (Vec::new(), Md5::new());
        for (number, etag) in wanted {
            let part = parts
                .get(number)
                .filter(|part| etag.as_ref().is_none_or(|etag| *etag == part.etag));
            let part = part.ok_or(S3ErrorCode::InvalidPart)?;
            sums.update(Md5::checksum(&part.body).as_ref());
            body.extend_from_slice(&part.body);
        }
        let object = Object {
            body: body.into(),
            etag: ETag::Strong(format!(
                "{}-{}",
                hex(sums.finalize().as_ref()),
                wanted.len()
            )),
            version: String::new(),
            modified: SystemTime::now(),
            headers: headers.clone(),
        };
        let object = state.put(bucket, key, condition, object)?;
        state.bucket(bucket)?.uploads.remove(upload);
        Ok(object)
    }

    pub(crate) fn abort_upload(&self, bucket: &str, upload: &str) -> S3Result<()> {
        let removed = self.lock().bucket(bucket)?.uploads.remove(upload);
        removed
            .map(|_| ())
            .ok_or_else(|| S3ErrorCode::NoSuchUpload.into())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
