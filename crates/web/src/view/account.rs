//! Signing in, the first administrator, one's own settings.

use askama::Template;

use super::{Frame, When, time::duration};
use crate::words::Words;

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

/// Why someone is not signed in. The words do not tell whether the name or the password was wrong.
#[must_use]
pub fn login_trouble(words: &Words, wait_seconds: Option<i64>) -> String {
    match wait_seconds {
        Some(seconds) => words.one("login-throttled", "wait", duration(words, seconds.max(60))),
        None => words.word("login-wrong").to_owned(),
    }
}

/// What is wrong with a password, a name, a group: by code, in words.
#[must_use]
pub fn trouble<'a>(words: &'a Words, code: Trouble) -> &'a str {
    match code {
        Trouble::PasswordShort => words.word("password-short"),
        Trouble::PasswordDiffers => words.word("password-differs"),
        Trouble::PasswordWrong => words.word("password-wrong"),
        Trouble::UserExists => words.word("user-exists"),
        Trouble::UserName => words.word("user-name-bad"),
        Trouble::LastAdmin => words.word("user-last-admin"),
        Trouble::GroupExists => words.word("group-exists"),
    }
}

/// What can be wrong with an account's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The password is too short.
    PasswordShort,
    /// Typed twice, differently.
    PasswordDiffers,
    /// Not the present password.
    PasswordWrong,
    /// There is such a user.
    UserExists,
    /// No name for a user or group.
    UserName,
    /// Nobody could administrate any more.
    LastAdmin,
    /// There is such a group.
    GroupExists,
}

impl Errors {
    /// Adds what is wrong with an input.
    pub fn add(&mut self, input: &'static str, message: &str) {
        self.0.push((input, message.to_owned()));
    }

    /// What is wrong with an input.
    #[must_use]
    pub fn of(&self, input: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == input).map(|(_, message)| message.as_str())
    }
}
