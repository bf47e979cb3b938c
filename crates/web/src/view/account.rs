//! Signing in, the first administrator, one's own settings.

use askama::Template;

use super::{Frame, When};

/// Sign in.
#[derive(Template)]
#[template(path = "login.html")]
pub struct Login<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// As typed.
    pub name: &'a str,
    /// Where to go then.
    pub next: &'a str,
    /// Why not.
    pub error: Option<String>,
}

/// The first administrator of a new installation.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct Setup<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The secret of the link.
    pub secret: &'a str,
    /// As typed.
    pub name: &'a str,
    /// As typed.
    pub display: &'a str,
    /// What is wrong, by input: `name`, `display`, `password`, `again`.
    pub errors: Errors,
}

/// One's own settings.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct Settings<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The groups one is in.
    pub groups: Vec<String>,
    /// The language chosen; none: as the browser asks.
    pub language: Option<&'a str>,
    /// What is wrong, by input: `old`, `password`, `again`, `token-name`, `expires`.
    pub errors: Errors,
    /// Whether there is a password (people who sign in elsewhere have none).
    pub has_password: bool,
    /// Signed-in sessions.
    pub sessions: Vec<SessionRow>,
    /// API tokens.
    pub tokens: Vec<TokenRow>,
    /// The token just made: shown once.
    pub made: Option<String>,
}

/// A signed-in session.
pub struct SessionRow {
    /// It is this one.
    pub present: bool,
    /// Since when.
    pub since: When,
    /// Last seen.
    pub seen: When,
}

/// An API token.
pub struct TokenRow {
    /// For its address.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Made when.
    pub created: When,
    /// Ends when.
    pub expires: Option<When>,
    /// Last used.
    pub used: Option<When>,
}

/// What is wrong with a form, by input.
#[derive(Default)]
pub struct Errors(pub Vec<(&'static str, String)>);

impl Errors {
    /// What is wrong with an input.
    #[must_use]
    pub fn of(&self, input: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == input).map(|(_, message)| message.as_str())
    }
}
