//! Reading a request's body, with a bound, and the forms in it.

use axum::{
    body::{Body, HttpBody as _},
    http::StatusCode,
};
use percent_encoding::percent_decode;

/// The largest body that is understood.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;
/// Up to here a larger one is read and thrown away, so that its sender gets the answer.
const MOST_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// Larger than what is understood.
    TooLarge,
    /// It did not arrive whole, or is not UTF-8.
    Broken,
}

impl BadBody {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            BadBody::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BadBody::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads the whole body, of at most `most` bytes; what is larger is read on for a while and thrown away.
pub(crate) async fn bytes(body: Body, most: usize) -> Result<Vec<u8>, BadBody> {
    let mut body = std::pin::pin!(body);
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| BadBody::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= most {
            kept.extend_from_slice(&data);
        } else {
            kept = Vec::new();
            if seen > MOST_DRAINED_BYTES.max(most.saturating_mul(2)) {
                break;
            }
        }
    }
    if seen > most { Err(BadBody::TooLarge) } else { Ok(kept) }
}

/// What a form sent, in its order; a name may stand more than once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl Form {
    /// Reads a form's body (`application/x-www-form-urlencoded`).
    pub(crate) async fn read(body: Body) -> Result<Form, BadBody> {
        Form::read_most(body, MOST_BYTES).await
    }

    /// Reads a form's body of at most `most` bytes.
    pub(crate) async fn read_most(body: Body, most: usize) -> Result<Form, BadBody> {
        let bytes = bytes(body, most).await?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| BadBody::Broken);
        pairs(&bytes).map(|(name, value)| Ok((text(name)?, text(value)?))).collect::<Result<_, BadBody>>().map(Form)
    }

    /// A form's body as far as it can be read: what is not UTF-8 is marked.
    pub(crate) fn lossy(bytes: &[u8]) -> Form {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Form(pairs(bytes).map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The first value of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of that name; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Every value of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether anything of that name was sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The names and values of a form's body.
fn pairs(bytes: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (decoded(&pair[..at]), decoded(pair.get(at + 1..).unwrap_or_default()))
    })
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}
