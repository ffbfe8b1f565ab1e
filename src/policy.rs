//! Least-privilege IAM and bucket policies, printed for a person to review and attach.
//!
//! They are made from the site's own layout. Nothing here talks to AWS.

use serde_json::{Value, json};

use crate::model::layout::Layout;

/// Whose policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever publishes: an IAM policy.
    Publisher,
    /// Whoever collects garbage: an IAM policy.
    Collector,
    /// Whoever verifies what is kept: an IAM policy. What [`Role::Reader`] grants is not enough for that, for it leaves
    /// out everything private.
    Verifier,
    /// CloudFront, by origin access control: a bucket policy.
    Reader,
    /// The bucket itself, against everybody: a bucket policy.
    Bucket,
}

/// What a policy is made for.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// Where the site lies in it.
    pub layout: &'a Layout,
    /// The CloudFront distributions in front of it.
    pub distributions: &'a [String],
    /// The AWS account, twelve digits; a placeholder where it is not known.
    pub account: &'a str,
}

impl Scope<'_> {
    fn bucket_arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.bucket)
    }

    fn public(&self) -> String {
        format!("{}/{}*", self.bucket_arn(), self.layout.prefix())
    }

    fn private(&self) -> String {
        format!("{}/{}*", self.bucket_arn(), self.layout.control())
    }

    fn distribution_arns(&self) -> Vec<String> {
        let arn = |id| format!("arn:aws:cloudfront::{}:distribution/{id}", self.account);
        self.distributions.iter().map(arn).collect()
    }

    /// Seeing whether a key is there needs `s3:ListBucket`: without it, S3 answers 403 for what is missing.
    fn list(&self, actions: &[&str]) -> Value {
        let prefixes = [format!("{}*", self.layout.prefix()), format!("{}*", self.layout.control())];
        json!({
            "Sid": "TellMissingFromForbidden",
            "Effect": "Allow",
            "Action": actions,
            "Resource": self.bucket_arn(),
            "Condition": { "StringLike": { "s3:prefix": prefixes } }
        })
    }
}

/// The policy, as its JSON document.
pub fn policy(role: Role, scope: &Scope<'_>) -> Value {
    let statements = match role {
        Role::Publisher => publisher(scope),
        Role::Collector => collector(scope),
        Role::Verifier => verifier(scope),
        Role::Reader => reader(scope),
        Role::Bucket => bucket(scope),
    };
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn publisher(scope: &Scope<'_>) -> Vec<Value> {
    let mut statements = vec![
        scope.list(&["s3:ListBucket"]),
        json!({
            "Sid": "CreateAndCompare",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"],
            "Resource": [scope.public(), scope.private()]
        }),
        // Adds a delete marker; the versions stay. A site without pages does without.
        json!({
            "Sid": "TakeRemovedPagesAway",
            "Effect": "Allow",
            "Action": "s3:DeleteObject",
            "Resource": scope.public()
        }),
    ];
    if !scope.distributions.is_empty() {
        statements.push(json!({
            "Sid": "InvalidateTheManifest",
            "Effect": "Allow",
            "Action": ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
            "Resource": scope.distribution_arns()
        }));
    }
    statements
}

fn collector(scope: &Scope<'_>) -> Vec<Value> {
    vec![
        scope.list(&["s3:ListBucket", "s3:ListBucketVersions"]),
        json!({
            "Sid": "SeeWhetherVersionsAreKept",
            "Effect": "Allow",
            "Action": "s3:GetBucketVersioning",
            "Resource": scope.bucket_arn()
        }),
        json!({
            "Sid": "ReadEverythingOfTheSite",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": [scope.public(), scope.private()]
        }),
        json!({
            "Sid": "KeepTheLedger",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": scope.private()
        }),
        json!({
            "Sid": "DeleteCondemnedVersions",
            "Effect": "Allow",
            "Action": "s3:DeleteObjectVersion",
            "Resource": [scope.public(), scope.private()]
        }),
    ]
}

fn verifier(scope: &Scope<'_>) -> Vec<Value> {
    vec![
        // Versions are listed to tell what is hidden from what is gone.
        scope.list(&["s3:ListBucket", "s3:ListBucketVersions"]),
        json!({
            "Sid": "ReadEverythingOfTheSite",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [scope.public(), scope.private()]
        }),
    ]
}

fn reader(scope: &Scope<'_>) -> Vec<Value> {
    let arns = scope.distribution_arns();
    let arns = if arns.is_empty() {
        vec![format!("arn:aws:cloudfront::{}:distribution/DISTRIBUTION", scope.account)]
    } else {
        arns
    };
    let mut statements = vec![json!({
        "Sid": "CloudFrontReadsTheSite",
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": scope.public(),
        "Condition": { "ArnLike": { "AWS:SourceArn": arns } }
    })];
    // A site at the root of its bucket has its private objects below the same prefix.
    if scope.layout.control().starts_with(scope.layout.prefix()) {
        statements.push(json!({
            "Sid": "CloudFrontReadsNothingPrivate",
            "Effect": "Deny",
            "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": "s3:GetObject",
            "Resource": scope.private()
        }));
    }
    statements
}

/// After the S3 user guide, "Enforce conditional writes on Amazon S3 buckets": two keys under one `Null` deny only
/// where both headers are absent, and `s3:ObjectCreationOperation` exempts the parts of a multipart upload, which can
/// carry neither.
fn bucket(scope: &Scope<'_>) -> Vec<Value> {
    vec![
        json!({
            "Sid": "NothingIsOverwrittenBlindly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": [scope.public(), scope.private()],
            "Condition": {
                "Null": { "s3:if-none-match": "true", "s3:if-match": "true" },
                "Bool": { "s3:ObjectCreationOperation": "true" }
            }
        }),
        json!({
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [scope.bucket_arn(), format!("{}/*", scope.bucket_arn())],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(role: Role, prefix: &str) -> String {
        let layout = Layout::new(prefix, None);
        let distributions = ["E123".to_owned()];
        let scope = Scope { bucket: "assets", layout: &layout, distributions: &distributions, account: "123456789012" };
        policy(role, &scope).to_string()
    }

    #[test]
    fn a_publisher_never_deletes_a_version_and_a_collector_never_writes_a_public_object() {
        let publisher = statements(Role::Publisher, "static/");
        assert!(publisher.contains("arn:aws:s3:::assets/static/*"), "{publisher}");
        assert!(publisher.contains("arn:aws:cloudfront::123456789012:distribution/E123"), "{publisher}");
        assert!(!publisher.contains("DeleteObjectVersion"), "{publisher}");
        let collector = policy(
            Role::Collector,
            &Scope { bucket: "assets", layout: &Layout::new("static/", None), distributions: &[], account: "1" },
        );
        let puts: Vec<&Value> = collector["Statement"]
            .as_array()
            .expect("statements")
            .iter()
            .filter(|statement| statement["Action"] == "s3:PutObject")
            .collect();
        assert_eq!(puts.len(), 1);
        assert_eq!(puts[0]["Resource"], "arn:aws:s3:::assets/.lastly/static/*");
    }

    #[test]
    fn a_verifier_reads_what_is_private_too_and_writes_nothing() {
        let verifier = statements(Role::Verifier, "static/");
        assert!(verifier.contains("arn:aws:s3:::assets/.lastly/static/*"), "{verifier}");
        assert!(!verifier.contains("Put") && !verifier.contains("Delete"), "{verifier}");
    }

    #[test]
    fn cloudfront_never_reads_what_is_private() {
        assert!(!statements(Role::Reader, "static/").contains("Deny"));
        assert!(statements(Role::Reader, "").contains("CloudFrontReadsNothingPrivate"));
    }

    #[test]
    fn the_bucket_demands_a_condition_for_every_write() {
        let bucket = statements(Role::Bucket, "static/");
        assert!(bucket.contains(r#""Null":{"s3:if-match":"true","s3:if-none-match":"true"}"#), "{bucket}");
    }
}
