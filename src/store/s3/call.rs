//! One call of the SDK's, listened in on, and what its failure means.
//!
//! The SDK tells neither how often it tried, nor which of its attempts may have been carried out, nor what the
//! store's clock said. All of that is to be seen by an interceptor.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Verdict};
use super::found::found;
use super::sdk::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, BoxError, ConfigBag, ConnectorError, CredentialsError,
    FinalizerInterceptorContextRef, HttpResponse, Intercept, PayloadSigningOverride, ProvideErrorMetadata,
    RuntimeComponents, SdkError, dyn_dispatch_hint,
};
use crate::model::address::hex;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;
use crate::store::{Certainty, Found, Reason, StoreError, Tally, Verb};

/// Bytes on their way into the store, hashed once.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) bytes: Bytes,
    sha256: [u8; 32],
}

impl Payload {
    pub(super) fn new(bytes: Bytes) -> Self {
        let sha256 = Sha256::digest(&bytes).into();
        Self { bytes, sha256 }
    }

    /// The SHA-256 as checksum headers have it.
    pub(super) fn checksum(&self) -> String {
        BASE64_STANDARD.encode(self.sha256)
    }
}

/// One call, with all of its attempts; clones are the same call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    counted_as: Verb,
    tally: Tally,
    /// What the object is to be stored with.
    headers: Option<Arc<Headers>>,
    /// The payload's SHA-256 as a signature has it. The SDK would hash the bytes once more, for every attempt.
    payload_hash: Option<String>,
    seen: Arc<Mutex<Seen>>,
}

/// What was to be seen of a call.
#[derive(Debug, Default)]
struct Seen {
    /// Whether the last attempt got as far as being sent.
    sent: bool,
    /// Whether any attempt that failed may have been carried out.
    uncertain: bool,
    /// Where the request went.
    server: Option<String>,
    date: Option<Timestamp>,
    found: Option<Found>,
}

impl Call {
    pub(super) fn new(counted_as: Verb, tally: &Tally) -> Self {
        Self { counted_as, tally: tally.clone(), headers: None, payload_hash: None, seen: Arc::default() }
    }

    /// The same call with response headers for the object that it makes.
    pub(super) fn storing(mut self, headers: &Arc<Headers>) -> Self {
        self.headers = Some(Arc::clone(headers));
        self
    }

    /// The same call with the hash of what it carries.
    pub(super) fn carrying(mut self, payload: &Payload) -> Self {
        self.payload_hash = Some(hex(&payload.sha256));
        self
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no one panics while looking")
    }

    /// The store's clock at its answer.
    pub(super) fn date(&self) -> Option<Timestamp> {
        self.seen().date
    }

    /// What the answer says of the object.
    pub(super) fn found(&self, verb: Verb, key: &Key) -> Result<Found, Setback> {
        let found = self.seen().found.take();
        found.ok_or_else(|| Setback::incomplete(verb, key, "an ETag, a length or a time"))
    }

    /// What the call's failure means.
    pub(super) fn setback<E>(&self, verb: Verb, key: impl fmt::Display, error: SdkError<E, HttpResponse>) -> Setback
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (verdict, source) = match answer(&error) {
            Some(answer) => (answer.verdict(), Box::new(answer) as BoxError),
            None => {
                let reason = self.why_unanswered(&error);
                let source = error.into_source().unwrap_or_else(|error| Box::new(error));
                // A connector's error says but what kind it is.
                let source =
                    source.downcast::<ConnectorError>().map_or_else(|other| other, |error| error.into_source());
                let source = match self.seen().server.take() {
                    Some(server) => Box::new(Unanswered { server, source }),
                    None => source,
                };
                (Verdict::Failed(reason), source)
            }
        };
        let setback = Setback::new(verb, key, verdict, source);
        if self.seen().uncertain { setback.unknown() } else { setback }
    }

    fn why_unanswered<E: Error + 'static>(&self, error: &SdkError<E, HttpResponse>) -> Reason {
        if causes(error).any(|cause| cause.is::<CredentialsError>()) {
            Reason::NoCredentials
        } else if self.seen().sent || matches!(error, SdkError::TimeoutError(_)) {
            Reason::Unavailable
        } else {
            // It could not even be addressed or signed; the innermost error says why.
            let words = causes(error).last().map(ToString::to_string).unwrap_or_default();
            if words.to_ascii_lowercase().contains("region") { Reason::NoRegion } else { Reason::Other(words) }
        }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Call {
    fn name(&self) -> &'static str {
        "Call"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        for (name, value) in self.headers.iter().flat_map(|headers| headers.iter()) {
            headers.try_insert(name.to_owned(), value.to_owned())?;
        }
        if let Some(hash) = &self.payload_hash {
            config.interceptor_state().store_put(PayloadSigningOverride::Precomputed(hash.clone()));
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.seen().sent = false;
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.tally.add(self.counted_as);
        let mut seen = self.seen();
        seen.sent = true;
        seen.server = server(context.request().uri());
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        let mut seen = self.seen();
        seen.date = headers.get("date").and_then(Timestamp::parse_http);
        if matches!(self.counted_as, Verb::Get | Verb::Head) {
            seen.found = found(headers.iter());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else { return Ok(()) };
        let refused = match context.response() {
            Some(response) => Answer::refuses(response.status().as_u16()),
            None => error.as_connector_error().is_some_and(|error| never_connected(error)),
        };
        let mut seen = self.seen();
        seen.uncertain |= seen.sent && !refused;
        Ok(())
    }
}

/// A server that gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {server}")]
struct Unanswered {
    server: String,
    #[source]
    source: BoxError,
}

/// Scheme and host of a URL.
fn server(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    Some(format!("{scheme}://{}", rest.split(['/', '?']).next()?))
}

/// An error and what lies behind it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Whether there was no connection that a request could have been sent over.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .any(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()))
}

/// The answer that an error stands for, if there was one.
fn answer<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<Answer> {
    let response = error.raw_response()?;
    let status = response.status().as_u16();
    let told = error.as_service_error().map(ProvideErrorMetadata::meta);
    if told.is_none() && status < 300 {
        // It began well and broke off.
        return None;
    }
    Some(Answer {
        status,
        code: told.and_then(|told| told.code()).map(str::to_owned),
        message: told.and_then(|told| told.message()).map(str::to_owned),
        request_id: response.headers().get("x-amz-request-id").map(str::to_owned),
    })
}

/// A call that did not do what it was to do.
#[derive(Debug)]
pub(super) struct Setback {
    /// What that means.
    pub(super) verdict: Verdict,
    /// The error that it is, where it is one.
    pub(super) error: StoreError,
}

impl Setback {
    pub(super) fn new(verb: Verb, key: impl fmt::Display, verdict: Verdict, source: impl Into<BoxError>) -> Self {
        let source = source.into();
        let error = match &verdict {
            // It has the source's words.
            Verdict::Failed(Reason::Other(words)) => StoreError::refused(verb, key, Reason::Other(words.clone())),
            Verdict::Failed(reason) => StoreError::refused(verb, key, reason.clone()).because(source),
            Verdict::Again | Verdict::UploadGone => StoreError::refused(verb, key, Reason::Unavailable).because(source),
            Verdict::Unmet | Verdict::Absent => StoreError::refused(verb, key, Reason::Other(source.to_string())),
        };
        Self { verdict, error }
    }

    /// The answer lacks what every store says.
    pub(super) fn incomplete(verb: Verb, key: &Key, what: &str) -> Self {
        let reason = Reason::Other(format!("the store answered without {what}"));
        Self::new(verb, key, Verdict::Failed(reason), "").unknown()
    }

    /// The same setback, when some attempt may have been carried out.
    pub(super) fn unknown(self) -> Self {
        Self { error: self.error.unknown(), ..self }
    }

    /// The same setback of a request that can do nothing to the object.
    pub(super) fn harmless(mut self) -> Self {
        self.error.certainty = Certainty::Refused;
        self
    }

    /// What a reader makes of it: nothing there, or an error.
    pub(super) fn or_absent<T>(self) -> Result<Option<T>, StoreError> {
        if self.verdict == Verdict::Absent { Ok(None) } else { Err(self.error) }
    }
}

/// What became of one version that was to be deleted with others, when the answer mentions it.
pub(super) fn outcome_of_row(key: &Key, answer: Answer) -> Result<(), StoreError> {
    let setback = Setback::new(Verb::Delete, key, answer.verdict(), answer);
    match setback.verdict {
        Verdict::Absent => Ok(()),
        Verdict::Failed(Reason::Unavailable) => Err(setback.error.unknown()),
        _ => Err(setback.error),
    }
}
