//! Signing in, the first administrator, one's own settings.

use app::{InputProblem, Reason};
use askama::Template;

use super::{Frame, Pager, When, time::duration};
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
    /// A form that was sent without a session, as hidden inputs: name and value.
    pub kept: Vec<(String, &'a str)>,
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
    /// Signed-in sessions: a page of them.
    pub sessions: Vec<SessionRow>,
    /// Where the others are.
    pub sessions_pager: Pager,
    /// API tokens: a page of them.
    pub tokens: Vec<TokenRow>,
    /// Where the others are.
    pub tokens_pager: Pager,
    /// The token just made: shown once.
    pub made: Option<String>,
    /// A new token, as typed.
    pub token_name: &'a str,
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

/// What is wrong with something typed about a user, a group or a token, in words.
#[must_use]
pub fn trouble(words: &Words, problem: &InputProblem) -> String {
    let word = |key| words.word(key).to_owned();
    match &problem.reason {
        Reason::Missing => word("wrong-required"),
        Reason::BadName(_) if problem.field == "group" => word("group-name-bad"),
        Reason::BadName(_) => word("user-name-bad"),
        Reason::Taken(_) if problem.field == "group" => word("group-exists"),
        Reason::Taken(_) if problem.field == "view" => word("view-exists"),
        Reason::Taken(_) if problem.field == "key" => word("design-key-taken"),
        Reason::NoKey(_) => word("design-key-bad"),
        Reason::Taken(_) => word("user-exists"),
        Reason::Unknown(given) => words.one("wrong-no-user", "given", given),
        Reason::NoGroup(given) => words.one("wrong-no-group", "given", given),
        Reason::Disabled(name) => words.one("wrong-disabled", "user", name),
        Reason::TooShort(_) => word("password-short"),
        Reason::TooLong(most) => words.one("wrong-too-long", "max", most),
        Reason::WrongPassword => word("password-wrong"),
        Reason::Different => word("password-differs"),
        Reason::LastAdmin => word("user-last-admin"),
        Reason::Character => word("wrong-character"),
        Reason::TooMany(most) => words.one("view-too-many", "max", most),
    }
}

impl Errors {
    /// What is wrong, in words; `inputs` says which input a problem stands at where it is not the one of its name.
    #[must_use]
    pub fn of_problems(words: &Words, problems: &[InputProblem], inputs: &[(&str, &'static str)]) -> Errors {
        let input = |field| inputs.iter().find(|(from, _)| *from == field).map_or(field, |(_, to)| *to);
        Errors(problems.iter().map(|problem| (input(problem.field), trouble(words, problem))).collect())
    }

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
