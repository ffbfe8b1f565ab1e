//! CloudFront, through the AWS SDK. This file and `store/s3.rs` are the only ones that know the SDK.
//!
//! Endpoint, region and credentials come from where the SDK looks for them by itself. They are looked up when the
//! first path is invalidated, so that a run that invalidates nothing needs none of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudfront::config::Region;
use aws_sdk_cloudfront::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudfront::types::{
    CustomErrorResponse, DistributionConfig, EventType, Invalidation, InvalidationBatch, Paths, ViewerProtocolPolicy,
};
use aws_sdk_cloudfront::{Client, Config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

use super::path::Route;
use super::{Cdn, CdnError, Invalidated, Stale};
use crate::clock::Clock;

/// How often a distribution that has too many invalidations in progress is asked again: after 2, 4, 8 and 16 seconds,
/// then every 30, which makes ten minutes in all.
const CROWDED_WAITS: u32 = 23;
const CROWDED_STEP: Duration = Duration::from_secs(30);

/// How often the state of an invalidation is looked at when its end is waited for; a quarter of an hour in all.
const POLLS: u32 = 45;
const POLL_STEP: Duration = Duration::from_secs(20);

/// CloudFront itself: the connection that all distributions share, made when it is first needed.
#[derive(Clone, Debug, Default)]
pub struct CloudFront {
    endpoint: Option<String>,
    client: Arc<OnceCell<Client>>,
}

impl CloudFront {
    /// CloudFront at another endpoint than the one that the SDK's own settings give.
    pub fn at(endpoint: impl Into<String>) -> Self {
        Self { endpoint: Some(endpoint.into()), client: Arc::default() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| connect(self.endpoint.as_deref())).await
    }
}

async fn connect(endpoint: Option<&str>) -> Client {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    let retries = RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(500));
    let found = aws_config::from_env().http_client(http).timeout_config(timeouts).retry_config(retries).load().await;
    // CloudFront is in no region: which one is set matters only for telling China from elsewhere.
    let region = found.region().cloned().unwrap_or(Region::from_static("us-east-1"));
    let mut config = Config::from(&found).to_builder().region(region);
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// One distribution.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// How its paths follow from keys.
    pub route: Route,
    /// Whether to wait until an invalidation has been carried out everywhere.
    pub wait: bool,
    /// What it waits by.
    pub clock: Arc<dyn Clock>,
    /// How CloudFront is reached.
    pub cloudfront: CloudFront,
}

/// How a distribution is set up, as far as a site depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Whether it answers visitors.
    pub enabled: bool,
    /// Where it gets what it serves.
    pub origins: Vec<Origin>,
    /// What it does with which paths; the first whose pattern matches counts, and the last matches everything.
    pub behaviours: Vec<Behaviour>,
    /// What it makes of errors of an origin's.
    pub errors: Vec<ErrorResponse>,
}

/// Where a distribution gets what it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its name within the distribution.
    pub id: String,
    /// Its host.
    pub domain: String,
    /// What is put before every path that it is asked for.
    pub path: String,
}

/// What a distribution does with some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Which paths, `*` standing for any characters and `?` for one.
    pub pattern: String,
    /// The origin; of a group of them, the one that is asked first.
    pub origin: String,
    /// Whether a function sees requests on their way and may change their paths.
    pub rewrites: bool,
    /// Whether it compresses.
    pub compresses: bool,
    /// Whether it serves plain HTTP too.
    pub plain_http: bool,
    /// Whether a policy adds response headers.
    pub adds_headers: bool,
    /// The cache policy; `None` where times to live are set the old way.
    pub cache_policy: Option<String>,
    /// Seconds for which everything is cached, whatever its headers say, where that is set the old way.
    pub min_ttl: i64,
}

/// What a distribution makes of an error of an origin's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The origin's status.
    pub status: i32,
    /// The status that visitors get instead.
    pub instead: Option<String>,
    /// Seconds for which it is cached; `None` for CloudFront's own 10.
    pub cached: Option<i64>,
}

impl Distribution {
    /// How the distribution is set up; `None` if there is no such distribution.
    ///
    /// # Errors
    /// CloudFront did not say.
    pub async fn configuration(&self) -> Result<Option<Configuration>, CdnError> {
        let client = self.cloudfront.client().await;
        match client.get_distribution_config().id(&self.id).send().await {
            Ok(answer) => Ok(answer.distribution_config.map(|config| configuration(&config))),
            Err(error) if error.code() == Some("NoSuchDistribution") => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn error(&self, reason: impl Into<String>) -> CdnError {
        CdnError::new(self.name(), reason)
    }

    /// Asks for an invalidation, again and again while there are too many. A batch that CloudFront has taken before
    /// under the same reference is answered with the invalidation that was made then.
    async fn create(&self, batch: &InvalidationBatch, path: &str) -> Result<Invalidation, CdnError> {
        let client = self.cloudfront.client().await;
        let mut attempt = 1;
        loop {
            let request = client.create_invalidation().distribution_id(&self.id).invalidation_batch(batch.clone());
            match request.send().await {
                Ok(answer) => return answer.invalidation.ok_or_else(|| self.error("the answer names no invalidation")),
                Err(error) if error.code() == Some("TooManyInvalidationsInProgress") => {
                    if attempt > CROWDED_WAITS {
                        let error = self.error("too many invalidations are in progress").because(cause(error));
                        return Err(error.hint("something else invalidates this distribution: try again later"));
                    }
                    self.clock.sleep(CROWDED_STEP.min(Duration::from_secs(1 << attempt.min(5)))).await;
                    attempt += 1;
                }
                Err(error) if error.code() == Some("InvalidationBatchAlreadyExists") => {
                    let reason =
                        format!("`{path}` stays as it is, for this publish has invalidated another path before");
                    let by_hand = format!("aws cloudfront create-invalidation --distribution-id {}", self.id);
                    let hint = format!("if the site's paths have changed since: `{by_hand} --paths '{path}'`");
                    return Err(self.error(reason).hint(hint).because(cause(error)));
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    /// Waits until an invalidation has been carried out everywhere.
    async fn complete(&self, id: &str) -> Result<(), CdnError> {
        for _ in 0..POLLS {
            self.clock.sleep(POLL_STEP).await;
            let client = self.cloudfront.client().await;
            let answer = client.get_invalidation().distribution_id(&self.id).id(id).send().await;
            let answer = answer.map_err(|error| {
                let error = self.explain(error);
                CdnError {
                    reason: format!("invalidation {id} is under way, but not to be seen: {}", error.reason),
                    ..error
                }
            })?;
            if answer.invalidation.as_ref().is_some_and(completed) {
                return Ok(());
            }
        }
        let minutes = (POLL_STEP * POLLS).as_secs() / 60;
        let reason = format!("invalidation {id} is still under way after {minutes} minutes and will end by itself");
        Err(self.error(reason))
    }

    /// Says in lastly's words what the SDK says.
    fn explain<E>(&self, error: SdkError<E>) -> CdnError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (reason, hint) = match error.code() {
            Some("NoSuchDistribution") => {
                ("there is no such distribution", Some("check its id, and of which account the credentials are"))
            }
            Some("AccessDenied") => {
                ("access denied", Some("`lastly policy publisher` prints the permissions that a publisher needs"))
            }
            Some(code) => (&*format!("answered with {code}"), None),
            None => unanswered(&error),
        };
        let explained = self.error(reason).because(cause(error));
        CdnError { hint: hint.map(str::to_owned), ..explained }
    }
}

/// What became of a request that CloudFront did not answer, and what the reader could do.
fn unanswered<E>(error: &SdkError<E>) -> (&'static str, Option<&'static str>) {
    match error {
        SdkError::TimeoutError(_) => ("no answer in time", None),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => ("no connection", None),
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            let hint = "the AWS SDK finds credentials by AWS_PROFILE, AWS_ACCESS_KEY_ID and so on";
            ("no request could be made", Some(hint))
        }
        _ => ("the answer is not CloudFront's", Some("check AWS_ENDPOINT_URL_CLOUDFRONT and AWS_ENDPOINT_URL")),
    }
}

/// What lies behind an error, without the layers that say nothing.
fn cause<E>(error: SdkError<E>) -> Box<dyn std::error::Error + Send + Sync>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.message() {
        Some(message) => message.into(),
        None => error.into_source().unwrap_or_else(Into::into),
    }
}

fn batch(path: &str, reference: &str) -> Result<InvalidationBatch, BuildError> {
    let paths = Paths::builder().quantity(1).items(path).build()?;
    InvalidationBatch::builder().paths(paths).caller_reference(reference).build()
}

fn completed(invalidation: &Invalidation) -> bool {
    // AWS writes `Completed`, moto `COMPLETED`.
    invalidation.status.eq_ignore_ascii_case("completed")
}

fn configuration(config: &DistributionConfig) -> Configuration {
    let groups = config.origin_groups.iter().flat_map(|groups| groups.items());
    let groups: Vec<_> = groups.filter_map(|group| Some((&group.id, group.members.as_ref()?.items.first()?))).collect();
    let first_of =
        |id: &String| groups.iter().find(|(group, _)| *group == id).map_or(id, |(_, first)| &first.origin_id).clone();
    // The SDK has two types for behaviours, with the same fields.
    macro_rules! behaviour {
        ($from:expr, $pattern:expr) => {{
            let functions = $from.function_associations.iter().flat_map(|set| set.items()).map(|one| &one.event_type);
            let lambdas = $from.lambda_function_associations.iter().flat_map(|set| set.items());
            let mut events = functions.chain(lambdas.map(|one| &one.event_type));
            #[expect(deprecated, reason = "distributions from before there were cache policies have it")]
            let min_ttl = $from.min_ttl.unwrap_or_default();
            Behaviour {
                pattern: $pattern.to_owned(),
                origin: first_of(&$from.target_origin_id),
                rewrites: events.any(|event| matches!(event, EventType::ViewerRequest | EventType::OriginRequest)),
                compresses: $from.compress == Some(true),
                plain_http: $from.viewer_protocol_policy == ViewerProtocolPolicy::AllowAll,
                adds_headers: $from.response_headers_policy_id.as_ref().is_some_and(|id| !id.is_empty()),
                cache_policy: $from.cache_policy_id.clone().filter(|id| !id.is_empty()),
                min_ttl,
            }
        }};
    }
    let others = config.cache_behaviors.iter().flat_map(|set| set.items());
    let others = others.map(|one| behaviour!(one, one.path_pattern));
    let origin = |one: &aws_sdk_cloudfront::types::Origin| Origin {
        id: one.id.clone(),
        domain: one.domain_name.clone(),
        path: one.origin_path.clone().unwrap_or_default(),
    };
    let error = |one: &CustomErrorResponse| ErrorResponse {
        status: one.error_code,
        instead: one.response_code.clone().filter(|code| !code.is_empty()),
        cached: one.error_caching_min_ttl,
    };
    Configuration {
        enabled: config.enabled,
        origins: config.origins.iter().flat_map(|set| &set.items).map(origin).collect(),
        behaviours: others.chain(config.default_cache_behavior.iter().map(|one| behaviour!(one, "*"))).collect(),
        errors: config.custom_error_responses.iter().flat_map(|set| set.items()).map(error).collect(),
    }
}

#[async_trait]
impl Cdn for Distribution {
    fn name(&self) -> String {
        format!("CloudFront {}", self.id)
    }

    async fn invalidate(&self, stale: &Stale) -> Result<Invalidated, CdnError> {
        let path = self.route.invalidation_path(&stale.key, &stale.name).map_err(|error| {
            let seen = format!("aws cloudfront get-distribution-config --id {}", self.id);
            self.error(error.to_string()).hint(format!("give the origin path that `{seen}` shows"))
        })?;
        let batch = batch(&path, &stale.reference).expect("every required field is set");
        let invalidation = self.create(&batch, &path).await?;
        let mut completed = completed(&invalidation);
        if self.wait && !completed {
            self.complete(&invalidation.id).await?;
            completed = true;
        }
        Ok(Invalidated { cdn: self.name(), path, id: Some(invalidation.id), completed })
    }
}
