//! How a bucket is set up: versions, policy, CORS, public access, lifecycle. What that means for a site is not known
//! here.

use super::bucket::Bucket;
use super::sdk;
use crate::store::{BucketSettings, Circumstances, LifecycleRule, Verb, Versioning};

/// Asks about the bucket. Gives the answer, `None` where nothing is set, and the store's clock.
macro_rules! ask {
    ($bucket:expr, $action:literal, $operation:ident) => {
        async {
            let call = $bucket.call(Verb::Inspect);
            let request = $bucket.client.$operation().bucket(&$bucket.options.bucket);
            let outcome = request.customize().interceptor(call.clone()).send().await;
            let answer = outcome
                .map_or_else(|error| call.setback(Verb::Inspect, $action, error).or_absent(), |set| Ok(Some(set)));
            (answer, call.date())
        }
    };
}

impl Bucket {
    pub(super) async fn circumstances(&self) -> Circumstances {
        let (versioning, policy, cors, public, lifecycle) = tokio::join!(
            ask!(self, "s3:GetBucketVersioning", get_bucket_versioning),
            ask!(self, "s3:GetBucketPolicy", get_bucket_policy),
            ask!(self, "s3:GetBucketCORS", get_bucket_cors),
            ask!(self, "s3:GetBucketPublicAccessBlock", get_public_access_block),
            ask!(self, "s3:GetLifecycleConfiguration", get_bucket_lifecycle_configuration),
        );
        let now = [versioning.1, policy.1, cors.1, public.1, lifecycle.1].into_iter().flatten().max();
        let versioning = versioning.0.map(|set| match set.and_then(|set| set.status) {
            Some(sdk::BucketVersioningStatus::Enabled) => Versioning::Enabled,
            Some(_) => Versioning::Suspended,
            None => Versioning::Off,
        });
        let bucket = BucketSettings {
            name: self.options.bucket.clone(),
            now,
            policy: policy.0.map(|set| set.and_then(|set| set.policy)),
            cors: cors.0.map(|set| {
                let rules = set.and_then(|set| set.cors_rules).unwrap_or_default();
                rules.iter().any(|rule| rule.allowed_methods.iter().any(|method| method == "GET"))
            }),
            closed_to_public: public.0.map(|set| {
                set.and_then(|set| set.public_access_block_configuration).is_some_and(|set| blocks_everything(&set))
            }),
            lifecycle: lifecycle.0.map(|set| {
                let rules = set.and_then(|set| set.rules).unwrap_or_default();
                rules.iter().filter_map(in_force).collect()
            }),
        };
        Circumstances { versioning, bucket: Some(bucket) }
    }
}

fn blocks_everything(set: &sdk::PublicAccessBlockConfiguration) -> bool {
    let all = [set.block_public_acls, set.ignore_public_acls, set.block_public_policy, set.restrict_public_buckets];
    all.iter().all(|one| *one == Some(true))
}

/// What a lifecycle rule does; `None` where it is switched off, or for objects with tags, which lastly's have not.
fn in_force(rule: &sdk::LifecycleRule) -> Option<LifecycleRule> {
    let filter = rule.filter.as_ref();
    let several = filter.and_then(|filter| filter.and.as_ref());
    let tagged = filter.is_some_and(|filter| filter.tag.is_some()) || several.is_some_and(|and| !and.tags().is_empty());
    if tagged || rule.status != sdk::ExpirationStatus::Enabled {
        return None;
    }
    let by_filter = || filter.and_then(|filter| filter.prefix.as_deref());
    #[expect(deprecated, reason = "rules from before there were filters have it")]
    let prefix = by_filter().or_else(|| several.and_then(|and| and.prefix.as_deref())).or(rule.prefix.as_deref());
    let expires = rule.expiration.as_ref().is_some_and(|set| set.days.is_some() || set.date.is_some());
    let archive = [sdk::TransitionStorageClass::Glacier, sdk::TransitionStorageClass::DeepArchive];
    let archives =
        rule.transitions().iter().filter_map(|set| set.storage_class.as_ref()).any(|to| archive.contains(to));
    Some(LifecycleRule {
        id: rule.id.clone().unwrap_or_default(),
        prefix: prefix.unwrap_or_default().to_owned(),
        aborts_uploads: rule.abort_incomplete_multipart_upload.is_some(),
        takes_objects_away: expires || archives,
    })
}
