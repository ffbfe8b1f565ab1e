//! The one door to the AWS SDK: the names of its that this folder uses, and the client as lastly wants it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
pub(super) use aws_config::timeout::TimeoutConfig;
pub(super) use aws_credential_types::provider::error::CredentialsError;
pub(super) use aws_runtime::auth::PayloadSigningOverride;
pub(super) use aws_sdk_s3::Client;
pub(super) use aws_sdk_s3::config::http::HttpResponse;
pub(super) use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::retry::{RetryPartition, TokenBucket};
pub(super) use aws_sdk_s3::config::{Builder, Config, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::config::{
    Region, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
pub(super) use aws_sdk_s3::error::{BoxError, ConnectorError, ProvideErrorMetadata, SdkError};
pub(super) use aws_sdk_s3::primitives::{ByteStream, DateTime};
pub(super) use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete,
    EncodingType, ExpirationStatus, LifecycleRule, ObjectIdentifier, PublicAccessBlockConfiguration,
    TransitionStorageClass,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
pub(super) use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_types::service_config::ServiceConfigKey;

use super::options::{ATTEMPTS, S3Options, attempt_timeout, suggests_path_style};

/// A client for the server that the options or the AWS environment name, with the region and credentials that the
/// environment gives.
pub(super) async fn client(options: &S3Options) -> Client {
    let settings = settings(options).await;
    // Every request has its own bounded attempts. The SDK's budget for all of them together is gone at once when a
    // hundred in flight are told to slow down.
    let retries = RetryPartition::custom("lastly").token_bucket(TokenBucket::unlimited()).build();
    let mut config = Builder::from(&settings).retry_partition(retries);
    if let Some(endpoint) = &options.endpoint {
        config = config.endpoint_url(endpoint);
    }
    let endpoint = options.endpoint.clone().or_else(|| configured_endpoint(&settings));
    if settings.region().is_none() && endpoint.is_some() {
        // Servers other than Amazon's take any, but it has to be signed.
        config = config.region(Region::from_static("us-east-1"));
    }
    let suggested = endpoint.as_deref().is_some_and(suggests_path_style);
    Client::from_conf(config.force_path_style(options.path_style.unwrap_or(suggested)).build())
}

/// The settings that the AWS environment gives, over one HTTP client with bounds on every wait.
async fn settings(options: &S3Options) -> SdkConfig {
    let client = aws_smithy_http_client::Builder::new()
        // A connection that was idle for longer may be dead without anybody having said so.
        .pool_idle_timeout(Duration::from_secs(20))
        .pool_max_idle_per_host(options.connections)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    // The SDK's read timeout would include the sending of the body, and so does that of an attempt, which follows
    // the body's size. A download is watched by the stalled stream protection.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(attempt_timeout(0))
        .build();
    let stalls = StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(30)).build();
    let settings = aws_config::from_env()
        .http_client(client)
        .timeout_config(timeouts)
        .stalled_stream_protection(stalls)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .load()
        .await;
    let standard = RetryConfig::standard();
    let retries = settings.retry_config().unwrap_or(&standard);
    let configured = Some(retries.max_attempts()).filter(|attempts| *attempts != standard.max_attempts());
    let attempts = options.attempts.or(configured).unwrap_or(ATTEMPTS);
    let retries = retries.clone().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(200));
    settings.into_builder().retry_config(retries).build()
}

/// The endpoint that the environment or the profile names for S3, or for everything.
fn configured_endpoint(settings: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let key = key.build().expect("all three parts were given");
    let own = settings.service_config().and_then(|config| config.load_config(key));
    own.or_else(|| settings.endpoint_url().map(str::to_owned))
}
