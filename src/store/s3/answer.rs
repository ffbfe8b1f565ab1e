//! What an answer of S3's other than success means.

use std::fmt;

use crate::store::Reason;

/// An error answer, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// S3's error code; `None` where the answer had no body (`HEAD`) or an unreadable one.
    pub(super) code: Option<String>,
    /// S3's explanation.
    pub(super) message: Option<String>,
    /// The id by which the service's own logs know the request.
    pub(super) request_id: Option<String>,
}

/// What an error answer means to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The precondition does not hold.
    Unmet,
    /// There is no such object.
    Absent,
    /// To be begun anew: another request for the same key was under way, or the answer broke off.
    Again,
    /// There is no such multipart upload (any more).
    UploadGone,
    /// Anything else.
    Failed(Reason),
}

impl Answer {
    /// What it means: by its code, and by its status where the code is missing or unknown.
    pub(super) fn verdict(&self) -> Verdict {
        let by_code = self.code.as_deref().and_then(|code| {
            Some(match code {
                "PreconditionFailed" => Verdict::Unmet,
                "ConditionalRequestConflict" | "OperationAborted" => Verdict::Again,
                "NoSuchKey" | "NoSuchVersion" => Verdict::Absent,
                "NoSuchUpload" => Verdict::UploadGone,
                "NoSuchBucket" | "InvalidBucketName" | "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
                    Verdict::Failed(Reason::NoStore)
                }
                "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => Verdict::Failed(Reason::Denied),
                "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" => Verdict::Failed(Reason::Changed),
                "InternalError" | "RequestTimeout" | "ServiceUnavailable" | "SlowDown" => {
                    Verdict::Failed(Reason::Unavailable)
                }
                "NotImplemented" => Verdict::Failed(Reason::Unsupported),
                _ => return None,
            })
        });
        by_code.unwrap_or_else(|| match self.status {
            412 => Verdict::Unmet,
            404 => Verdict::Absent,
            301 | 307 => Verdict::Failed(Reason::NoStore),
            401 | 403 => Verdict::Failed(Reason::Denied),
            405 | 501 => Verdict::Failed(Reason::Unsupported),
            408 | 429 | 500.. => Verdict::Failed(Reason::Unavailable),
            _ => Verdict::Failed(Reason::Other(self.to_string())),
        })
    }

    /// Whether it says that nothing was done. A server that fails may have done it first, and one that says 200 has
    /// done something.
    pub(super) fn refuses(status: u16) -> bool {
        matches!(status, 300..=499 | 501)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", message.trim_end_matches('.'))?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Answer {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Answer {
        Answer { status, code: (!code.is_empty()).then(|| code.to_owned()), ..Answer::default() }
    }

    #[test]
    fn codes_come_before_statuses() {
        use Reason::{Changed, Denied, NoStore, Unavailable, Unsupported};
        for (status, code, expected) in [
            (412, "PreconditionFailed", Verdict::Unmet),
            (200, "PreconditionFailed", Verdict::Unmet),
            (412, "", Verdict::Unmet),
            (409, "ConditionalRequestConflict", Verdict::Again),
            (404, "NoSuchKey", Verdict::Absent),
            (404, "NotFound", Verdict::Absent),
            (404, "", Verdict::Absent),
            (404, "NoSuchUpload", Verdict::UploadGone),
            (404, "NoSuchBucket", Verdict::Failed(NoStore)),
            (301, "", Verdict::Failed(NoStore)),
            (400, "AuthorizationHeaderMalformed", Verdict::Failed(NoStore)),
            (403, "", Verdict::Failed(Denied)),
            (403, "InvalidAccessKeyId", Verdict::Failed(Denied)),
            (400, "ExpiredToken", Verdict::Failed(Denied)),
            (400, "BadDigest", Verdict::Failed(Changed)),
            (400, "RequestTimeout", Verdict::Failed(Unavailable)),
            (503, "SlowDown", Verdict::Failed(Unavailable)),
            (502, "", Verdict::Failed(Unavailable)),
            (501, "NotImplemented", Verdict::Failed(Unsupported)),
        ] {
            assert_eq!(answer(status, code).verdict(), expected, "{status} {code}");
        }
    }

    #[test]
    fn what_is_unknown_is_told_in_the_stores_words() {
        let odd = Answer {
            status: 400,
            code: Some("EntityTooSmall".to_owned()),
            message: Some("Your proposed upload is too small.".to_owned()),
            request_id: Some("7A".to_owned()),
        };
        let words = "the store answered 400 EntityTooSmall: Your proposed upload is too small (request 7A)";
        assert_eq!(odd.verdict(), Verdict::Failed(Reason::Other(words.to_owned())));
        assert_eq!(answer(400, "").to_string(), "the store answered 400");
    }

    #[test]
    fn only_some_statuses_rule_out_that_it_was_done() {
        for refused in [301, 400, 403, 404, 409, 412, 501] {
            assert!(Answer::refuses(refused), "{refused}");
        }
        for open in [200, 500, 502, 503, 504] {
            assert!(!Answer::refuses(open), "{open}");
        }
    }
}
