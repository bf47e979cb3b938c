//! Pages for what went wrong: what happened, and what to do.

use askama::Template;

use super::Frame;

/// A page for what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// 403, 404, 409, 413, 422, 429, 500, 503.
    pub status: u16,
    /// What happened, in a few words.
    pub heading: String,
    /// What happened and what to do.
    pub text: String,
    /// To be told to the administrator.
    pub reference: Option<String>,
    /// A way out: address and words.
    pub way: Option<(String, String)>,
}

impl<'a> ErrorPage<'a> {
    /// The page of a status, in its usual words.
    #[must_use]
    pub fn of(f: Frame<'a>, status: u16) -> ErrorPage<'a> {
        let words = f.words;
        let (heading, text) = match status {
            403 => (words.word("error-403"), words.word("error-403-text")),
            404 => (words.word("error-404"), words.word("error-404-text")),
            405 => (words.word("error-405"), words.word("error-405-text")),
            409 => (words.word("error-409"), words.word("error-409-text")),
            413 => (words.word("error-413"), words.word("error-413-text")),
            400 | 415 | 422 => (words.word("error-422"), words.word("error-422-text")),
            429 => (words.word("error-429"), words.word("error-429-text")),
            503 => (words.word("error-503"), words.word("error-503-text")),
            _ => (words.word("error-500"), words.word("error-500-text")),
        };
        ErrorPage { status, heading: heading.to_owned(), text: text.to_owned(), reference: None, way: None, f }
    }
}
