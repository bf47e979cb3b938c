//! Errors of the API: RFC 9457.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flow::{Flow, Refusal, Wrong};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    server::preferred,
    view::refusal::{self, Names},
    words::Words,
};

/// The code of a write of which nobody knows whether it was kept.
const TOO_LONG: &str = "too_long";
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// A problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind, as a URI.
    r#type: String,
    /// The kind, in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// This one, in words that a person can act on.
    detail: String,
    /// The kind, for programs.
    code: String,
    /// Each field that is at fault.
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after_s: Option<i64>,
    /// Where in a query the problem is, in characters from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
}

/// One field at fault.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// The field's key.
    pub(super) field: String,
    /// What is wrong, for programs.
    pub(super) code: String,
    /// What is wrong, in words.
    pub(super) message: String,
}

impl Problem {
    /// A problem without field errors.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Problem {
        Problem {
            r#type: format!("urn:tasksteper:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            retry_after_s: None,
            position: None,
        }
    }

    /// Its HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether it is not known what became of the write.
    pub(crate) fn outcome_unknown(&self) -> bool {
        self.code == OUTCOME_UNKNOWN
    }

    /// Whether it was broken off because it took too long.
    pub(crate) fn took_too_long(&self) -> bool {
        self.code == TOO_LONG
    }

    /// In words that a person can act on.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// When to try again.
    pub(crate) fn retry_after_s(&self) -> Option<i64> {
        self.retry_after_s
    }

    /// 400.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 401.
    pub(crate) fn unauthorized(words: &Words) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", words.word("problem-unauthorized"))
    }

    /// 404.
    pub(crate) fn not_found(words: &Words) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", words.word("problem-not-found"))
    }

    /// What a use case refused, in the caller's language.
    pub(crate) fn from_error(error: app::Error, words: &Words) -> Problem {
        use app::Error;
        match error {
            Error::Refused { flow, refusal } => Problem::from_refusal(&flow, &refusal, words),
            Error::NotSignedIn => Problem::unauthorized(words),
            Error::NotFound => Problem::not_found(words),
            Error::AdminsOnly => Problem::new(StatusCode::FORBIDDEN, "not_allowed", words.word("problem-admins-only")),
            Error::OwnersOnly => Problem::new(StatusCode::FORBIDDEN, "not_allowed", words.word("problem-owners-only")),
            Error::Archived(name) => {
                Problem::new(StatusCode::FORBIDDEN, "not_allowed", words.one("problem-archived", "flow", name))
            }
            Error::BadQuery(problem) => Problem {
                position: Some(problem.position),
                ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_query", words.said(&problem.message))
            },
            Error::BadFile(bad) => {
                let text = crate::carry::import::bad_file(words, &bad);
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_file", text)
            }
            Error::BadCursor => Problem::new(StatusCode::BAD_REQUEST, "bad_cursor", words.word("problem-bad-cursor")),
            Error::Throttled { retry_after_s } => Problem {
                retry_after_s: Some(retry_after_s),
                ..Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_requests",
                    words.one("problem-throttled", "seconds", retry_after_s),
                )
            },
            Error::Input(problems) => {
                let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", text.join("; "))
            }
            Error::Stale => Problem::new(StatusCode::CONFLICT, "stale_revision", words.word("problem-stale")),
            Error::Problems(_) | Error::WrongPassword | Error::BadMap(_) | Error::NotEdited(_) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", error.to_string())
            }
            Error::Store(ref store) if store.was_stopped() => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, TOO_LONG, words.word("problem-too-long"))
            }
            Error::Store(ref store) if store.outcome_unknown() => {
                tracing::error!(error = %error, "what became of a write is not known");
                let text = words.word("problem-outcome-unknown");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, OUTCOME_UNKNOWN, text)
            }
            Error::Store(ref store) if store.retryable() => {
                let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::warn!(error = %error, why, "the database did not answer");
                let (key, seconds) = if store.no_room() { ("problem-no-room", 30) } else { ("problem-unavailable", 2) };
                Problem {
                    retry_after_s: Some(seconds),
                    ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words.word(key))
                }
            }
            Error::Store(_) | Error::Unfinished | Error::Damaged(_) => {
                tracing::error!(error = ?error, "a request failed");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", words.word("problem-internal"))
            }
        }
    }

    fn from_refusal(flow: &Flow, refused: &Refusal, words: &Words) -> Problem {
        let (status, kind) = match refused {
            Refusal::Stale { .. } => (StatusCode::CONFLICT, "stale_revision"),
            Refusal::WrongState { .. } => (StatusCode::CONFLICT, "wrong_state"),
            Refusal::NotAllowed(_) => (StatusCode::FORBIDDEN, "not_allowed"),
            Refusal::Unmet { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unmet_condition"),
            Refusal::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
        };
        let (flows, people) = (BTreeMap::new(), BTreeMap::new());
        let mut problem = Problem::new(status, kind, sentence(words, flow, refused));
        if let Refusal::Invalid(fields) = refused {
            problem.errors = fields
                .iter()
                .map(|field| FieldError {
                    field: field.field.clone(),
                    code: code(&field.what).to_owned(),
                    message: refusal::field_problem(words, names(flow, &flows, &people), field),
                })
                .collect();
        }
        problem
    }
}

/// A refusal in words; people and flows by the names that programs use.
pub(super) fn sentence(words: &Words, flow: &Flow, refused: &Refusal) -> String {
    refusal::refusal(words, names(flow, &BTreeMap::new(), &BTreeMap::new()), refused)
}

fn names<'a>(flow: &'a Flow, flows: &'a BTreeMap<String, &'a Flow>, people: &'a BTreeMap<String, String>) -> Names<'a> {
    Names { flow, flows, people }
}

/// What is wrong with a field, for programs.
pub(crate) fn code(wrong: &Wrong) -> &'static str {
    match wrong {
        Wrong::Unknown => "unknown",
        Wrong::Readonly => "readonly",
        Wrong::Required => "required",
        Wrong::Type(_) => "type",
        Wrong::TooLong { .. } => "too_long",
        Wrong::Pattern { .. } => "pattern",
        Wrong::Character => "character",
        Wrong::Choice { .. } => "choice",
        Wrong::Misfit { .. } => "misfit",
        Wrong::NoUser { .. } => "no_user",
        Wrong::Disabled { .. } => "disabled",
        Wrong::TooSmall { .. } => "too_small",
        Wrong::TooLarge { .. } => "too_large",
        Wrong::Decimals { .. } => "decimals",
        Wrong::Digits => "digits",
        Wrong::Date => "date",
        Wrong::Datetime => "datetime",
        Wrong::Url => "url",
        Wrong::NoItem { .. } => "no_item",
        Wrong::OtherFlow { .. } => "other_flow",
        Wrong::Linked => "linked",
        Wrong::NoFlow { .. } => "no_flow",
        Wrong::Copy { .. } => "copy",
        Wrong::Time => "time",
        Wrong::NoComment => "no_comment",
        Wrong::NoHolder => "no_holder",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A path under `/api` that is none.
pub(crate) async fn fallback(headers: HeaderMap) -> Problem {
    Problem::not_found(preferred(&headers).words())
}

/// A method that a path does not take.
pub(crate) async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path does not take this method")
}
