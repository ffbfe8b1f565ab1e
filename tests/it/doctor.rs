//! The doctor's checks, on a store in memory and on real servers.

use std::sync::Arc;

use lastly::cdn::cloudfront::{CloudFront, Distribution};
use lastly::cdn::path::{BaseUrl, Route};
use lastly::collect::Walk;
use lastly::doctor::{Check, Verdict, examine, outcome};
use lastly::error::{Error, Kind};
use lastly::event::Silent;
use lastly::model::layout::{ChannelName, Layout, Name};
use lastly::model::ledger::Provenance;
use lastly::policy::{Role, Scope, policy};
use lastly::prepare::rules::{Rules, SourceMaps};
use lastly::publish::{Order, Target, publish};
use lastly::site::Site;
use lastly::store::memory::MemoryStore;
use lastly::store::{BucketSettings, LifecycleRule, Store, Versioning};

use crate::servers::{Bucket, MOTO, clock, http, server};

fn site(store: Arc<dyn Store>) -> Site {
    Site { store, layout: Layout::new("static", None), clock: clock(), report: Arc::new(Silent) }
}

/// Publishes one file.
async fn publish_to(site: &Site) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("app.css"), "body { }").expect("it is ours");
    let name = ChannelName::live();
    let order = Order {
        walk: Walk { folders: vec![folder.path().to_owned()], ..Walk::default() },
        rules: Arc::new(Rules::new(&[], SourceMaps::Publish).expect("there are no rules")),
        references: Arc::default(),
        generation: 0,
        concurrency: 4,
        dry_run: false,
        target: Target::Channel { name, build: None, expect: None, expires: None },
        provenance: Provenance::default(),
        base_url: None,
    };
    assert!(publish(site, &[], &order).await.expect("nothing is in the way").moved);
}

fn names(checks: &[Check]) -> Vec<&str> {
    checks.iter().map(|check| &*check.what).collect()
}

/// What is not good: the name, how bad it is, and what to do about it.
fn complaints(checks: &[Check]) -> Vec<(&str, Verdict, &str)> {
    let complaints = checks.iter().filter(|check| check.verdict != Verdict::Good);
    complaints.map(|check| (&*check.what, check.verdict, check.change.as_deref().unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_store_in_memory_is_well() {
    let site = site(Arc::new(MemoryStore::new(clock())));
    let store = ["store", "missing keys", "conditional writes", "versions", "ledger"];
    let checks = examine(&site, &[], None).await;
    assert_eq!((names(&checks), complaints(&checks)), (store.to_vec(), Vec::new()));

    publish_to(&site).await;
    let checks = examine(&site, &[], None).await;
    assert_eq!((names(&checks), complaints(&checks)), ([&store[..], &["channel live"]].concat(), Vec::new()));
    assert_eq!(outcome(&checks), Ok(()));
}

#[tokio::test]
async fn what_is_missing_from_a_site_is_told() {
    let site = site(Arc::new(MemoryStore::new(clock())));
    publish_to(&site).await;
    for key in [site.layout.key(&Name::manifest(&ChannelName::live())), site.layout.ledger()] {
        let found = site.store.head(&key).await.expect("memory works").expect("it was published");
        let fetched = site.store.get(&key).await.expect("memory works").expect("it was published");
        site.store.remove(&key, &found.etag).await.expect("memory works");
        let checks = examine(&site, &[], None).await;
        let [("channel live", Verdict::Bad, change)] = complaints(&checks)[..] else { panic!("{key}: {checks:?}") };
        assert!(change.contains("lastly activate") || change.contains("restore the ledger"), "{change}");
        let error = Error::from(outcome(&checks).expect_err("one is bad"));
        assert_eq!(error.kind(), Kind::Problems);
        let object = lastly::store::Object::whole(Arc::new(fetched.found.headers), fetched.bytes);
        site.store.create(&key, object).await.expect("memory works");
    }
}

/// A distribution of moto's before that bucket, made of `config` beside what is always needed.
fn distribution(bucket: &str, enabled: bool, compress: bool, config: &str) -> Distribution {
    let moto = server(MOTO);
    let reference = clock().fresh_id();
    let config = format!(
        "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <CallerReference>{reference}</CallerReference><Comment></Comment><Enabled>{enabled}</Enabled>\
         <Origins><Quantity>1</Quantity><Items><Origin><Id>bucket</Id>\
         <DomainName>{bucket}.s3.us-east-1.amazonaws.com</DomainName><OriginPath>/static</OriginPath>\
         <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin></Items></Origins>\
         <DefaultCacheBehavior><TargetOriginId>bucket</TargetOriginId><Compress>{compress}</Compress>\
         <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy></DefaultCacheBehavior>{config}\
         </DistributionConfig>"
    );
    let scope = "test/20260101/us-east-1/cloudfront/aws4_request";
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let headers = [("Authorization", &*signature), ("Content-Type", "application/xml")];
    let answer = http("POST", &format!("{moto}/2020-05-31/distribution"), &headers, &config).body;
    let id = answer.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>")).expect("an id").0;
    Distribution {
        id: id.to_owned(),
        route: Route { origin_path: Some("/static".to_owned()), base: None },
        wait: false,
        clock: clock(),
        cloudfront: CloudFront::at(moto),
    }
}

#[tokio::test]
async fn a_bucket_and_a_distribution_are_put_right() {
    let bucket = Bucket::fresh(MOTO).await;
    let site = site(Arc::new(bucket.store().await));
    let base = BaseUrl::parse("https://cdn.example.com/").expect("a URL");
    publish_to(&site).await;

    let errors = "<CustomErrorResponses><Quantity>1</Quantity><Items><CustomErrorResponse><ErrorCode>404</ErrorCode>\
                  <ResponsePagePath>/index.html</ResponsePagePath><ResponseCode>200</ResponseCode>\
                  <ErrorCachingMinTTL>300</ErrorCachingMinTTL></CustomErrorResponse></Items></CustomErrorResponses>";
    let broken = distribution(&bucket.name, false, false, errors);
    let missing = Distribution { id: "EMISSING".to_owned(), ..broken.clone() };
    let checks = examine(&site, &[broken.clone(), missing], Some(&base)).await;
    let found: Vec<(String, Verdict)> =
        complaints(&checks).into_iter().map(|(what, verdict, _)| (what.replace(&broken.id, "E1"), verdict)).collect();
    let expected = [
        ("bucket policy", Verdict::Advice),
        ("lifecycle", Verdict::Advice),
        ("public access", Verdict::Advice),
        ("CORS", Verdict::Advice),
        ("distribution E1", Verdict::Bad),
        ("compression of E1", Verdict::Advice),
        ("errors of E1", Verdict::Bad),
        ("errors of E1", Verdict::Advice),
        ("distribution EMISSING", Verdict::Bad),
    ];
    assert_eq!(found, expected.map(|(what, verdict)| (what.to_owned(), verdict)), "{checks:#?}");
    assert_eq!(outcome(&checks).expect_err("three are bad").bad, 3);

    let cors = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    bucket.ask("PUT", "?cors", &format!("<CORSConfiguration>{cors}</CORSConfiguration>")).await;
    let days = "<DaysAfterInitiation>7</DaysAfterInitiation>";
    let abort = format!("<AbortIncompleteMultipartUpload>{days}</AbortIncompleteMultipartUpload>");
    let rule = format!("<Rule><ID>a</ID><Filter><Prefix/></Filter><Status>Enabled</Status>{abort}</Rule>");
    bucket.ask("PUT", "?lifecycle", &format!("<LifecycleConfiguration>{rule}</LifecycleConfiguration>")).await;
    let all: String = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
        .iter()
        .map(|name| format!("<{name}>true</{name}>"))
        .collect();
    let block = format!("<PublicAccessBlockConfiguration>{all}</PublicAccessBlockConfiguration>");
    bucket.ask("PUT", "?publicAccessBlock", &block).await;
    let right = distribution(&bucket.name, true, true, "");
    let checks = examine(&site, &[right], Some(&base)).await;
    let command = "lastly policy bucket > policy.json && aws s3api put-bucket-policy --policy file://policy.json";
    let policy = ("bucket policy", Verdict::Advice, &*format!("`{command} --bucket {}`", bucket.name));
    assert_eq!(complaints(&checks), [policy]);
    assert_eq!(checks.len(), 17, "{checks:#?}");
}

async fn settings(bucket: &Bucket) -> BucketSettings {
    bucket.store().await.circumstances().await.bucket.expect("it is a bucket")
}

#[tokio::test]
async fn a_bucket_policy_is_read_as_it_was_set() {
    let bucket = Bucket::fresh(MOTO).await;
    assert_eq!(settings(&bucket).await.policy.expect("nothing is forbidden"), None);
    // moto takes every condition of a policy to hold, so that nothing can be published where this one is set.
    let layout = Layout::new("static", None);
    let scope = Scope { bucket: &bucket.name, layout: &layout, distributions: &[], account: "123456789012" };
    let printed = policy(Role::Bucket, &scope).to_string();
    bucket.ask("PUT", "?policy", &printed).await;
    assert_eq!(settings(&bucket).await.policy.expect("nothing is forbidden"), Some(printed));
    let checks = examine(&site(Arc::new(bucket.store().await)), &[], None).await;
    let check = checks.iter().find(|check| check.what == "bucket policy").expect("it is made");
    assert_eq!(check.verdict, Verdict::Good, "{check:?}");
}

#[tokio::test]
async fn lifecycle_rules_are_read_as_they_work() {
    let bucket = Bucket::fresh(MOTO).await;
    assert_eq!(settings(&bucket).await.lifecycle.expect("nothing is forbidden"), []);
    let rule =
        |id: &str, status: &str, rest: &str| format!("<Rule><ID>{id}</ID><Status>{status}</Status>{rest}</Rule>");
    let days = "<Expiration><Days>30</Days></Expiration>";
    let tag = "<Tag><Key>a</Key><Value>b</Value></Tag>";
    let rules = [
        rule("off", "Disabled", &format!("<Filter><Prefix></Prefix></Filter>{days}")),
        rule("tagged", "Enabled", &format!("<Filter>{tag}</Filter>{days}")),
        rule("by age", "Enabled", &format!("<Filter><Prefix>static/</Prefix></Filter>{days}")),
        rule(
            "markers",
            "Enabled",
            "<Filter><Prefix></Prefix></Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>\
             </Expiration>",
        ),
        rule(
            "cold",
            "Enabled",
            "<Filter><Prefix>old/</Prefix></Filter><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass>\
             </Transition>",
        ),
    ];
    let rules = format!("<LifecycleConfiguration>{}</LifecycleConfiguration>", rules.concat());
    bucket.ask("PUT", "?lifecycle", &rules).await;
    let read = settings(&bucket).await.lifecycle.expect("nothing is forbidden");
    let rule = |id: &str, prefix: &str, takes_objects_away| LifecycleRule {
        id: id.to_owned(),
        prefix: prefix.to_owned(),
        aborts_uploads: false,
        takes_objects_away,
    };
    assert_eq!(read, [rule("by age", "static/", true), rule("markers", "", false), rule("cold", "old/", true)]);
}

#[tokio::test]
async fn versions_that_are_no_longer_kept() {
    let bucket = Bucket::fresh(MOTO).await;
    let suspended = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    bucket.ask("PUT", "?versioning", suspended).await;
    let site = site(Arc::new(bucket.store().await));
    assert_eq!(site.store.circumstances().await.versioning.expect("nothing is forbidden"), Versioning::Suspended);
    let checks = examine(&site, &[], None).await;
    let command = "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket";
    let expected = ("versions", Verdict::Bad, &*format!("`{command} {}`", bucket.name));
    assert!(complaints(&checks).contains(&expected), "{checks:#?}");
}

#[tokio::test]
async fn every_check_is_made_where_all_is_forbidden() {
    let bucket = Bucket::fresh(MOTO).await;
    bucket.fault(r#"{"mode": "refuse", "count": null, "status": 403, "code": "AccessDenied"}"#).await;
    let site = site(Arc::new(bucket.store().await));
    let checks = examine(&site, &[], None).await;
    let denied = |what: &str| {
        let check = checks.iter().find(|check| check.what == what).expect("it is made");
        (check.verdict, &*check.found)
    };
    assert_eq!(denied("versions"), (Verdict::Advice, "access denied to s3:GetBucketVersioning"));
    assert_eq!(denied("bucket policy"), (Verdict::Advice, "access denied to s3:GetBucketPolicy"));
    assert_eq!(denied("lifecycle"), (Verdict::Advice, "access denied to s3:GetLifecycleConfiguration"));
    assert_eq!(denied("missing keys").0, Verdict::Bad);
    assert_eq!(denied("ledger").0, Verdict::Advice);
    assert!(denied("store").1.starts_with("access denied: the store answered 403 AccessDenied"), "{checks:#?}");
    assert_eq!(denied("clock").0, Verdict::Good);
}

#[tokio::test]
async fn a_bucket_that_is_not_there() {
    let bucket = Bucket { server: server(MOTO), name: "lastly-nowhere".to_owned() };
    let checks = examine(&site(Arc::new(bucket.store().await)), &[], None).await;
    let store = checks.first().expect("there are checks");
    assert_eq!((&*store.what, store.verdict), ("store", Verdict::Bad));
    assert!(store.found.starts_with("there is no such store"), "{}", store.found);
    assert!(store.change.as_ref().expect("there is something to do").contains("AWS_REGION"), "{store:?}");
}
