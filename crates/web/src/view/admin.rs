//! Administration: users, groups, flows.

use std::ops::Range;

use app::work::Total;
use askama::Template;
use flow::{Problem, Severity};

use super::{Frame, Pager, Person, When, account::Errors};
use crate::words::Words;

/// The users.
#[derive(Template)]
#[template(path = "users.html", blocks = ["list"])]
pub struct Users<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// One page of them.
    pub users: Vec<UserRow>,
    /// The words that were to be found.
    pub q: &'a str,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
    /// A new one, as typed.
    pub draft: UserDraft,
    /// What is wrong with it: `name`, `display`, `email`, `password`, `groups`.
    pub errors: Errors,
    /// The groups to choose from.
    pub groups: GroupChoice,
}

/// Groups to choose from.
pub struct GroupChoice {
    /// Each with a box: every group, or those chosen where there are too many.
    pub boxes: Vec<String>,
    /// Suggestions for those that are typed, where there are too many for a box each.
    pub others: Option<Vec<String>>,
}

/// A user in the list.
pub struct UserRow {
    /// Who.
    pub person: Person,
    /// Mail address.
    pub email: String,
    /// Administrator.
    pub admin: bool,
    /// Not disabled.
    pub active: bool,
    /// Groups.
    pub groups: Vec<String>,
}

/// A user as typed.
#[derive(Default)]
pub struct UserDraft {
    /// Name.
    pub name: String,
    /// What people see.
    pub display: String,
    /// Mail address.
    pub email: String,
    /// Administrator.
    pub admin: bool,
    /// Groups chosen.
    pub groups: Vec<String>,
}

/// One user.
#[derive(Template)]
#[template(path = "user.html")]
pub struct UserPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// Who, as registered.
    pub person: Person,
    /// Not disabled.
    pub active: bool,
    /// Since when.
    pub created: When,
    /// As typed.
    pub draft: UserDraft,
    /// What is wrong with it: `display`, `email`, `groups`, `password`, `hand_over`, `admin`.
    pub errors: Errors,
    /// The groups to choose from.
    pub groups: GroupChoice,
    /// What the person still holds: a page of it.
    pub holds: Vec<Held>,
    /// How many items the person still holds.
    pub holds_count: Total,
    /// Where the others are.
    pub pager: Pager,
    /// To hand over to.
    pub people: Vec<Person>,
    /// It is oneself: cannot be disabled.
    pub oneself: bool,
    /// Whom to hand over to, as typed.
    pub hand_over: &'a str,
}

/// An item that someone still holds.
pub struct Held {
    /// `/flow/issue_track/57`
    pub href: String,
    /// `question_57`
    pub id: String,
    /// Its title.
    pub title: String,
}

/// The groups.
#[derive(Template)]
#[template(path = "groups.html")]
pub struct Groups<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// One page of them.
    pub groups: Vec<GroupRow>,
    /// The words that were to be found.
    pub q: &'a str,
    /// Where the others are.
    pub pager: Pager,
    /// A new one, as typed.
    pub name: &'a str,
    /// What is wrong: `name`.
    pub errors: Errors,
    /// To add.
    pub people: Vec<Person>,
}

/// A group.
pub struct GroupRow {
    /// Its name.
    pub name: String,
    /// The first of its members.
    pub members: Vec<Person>,
    /// How many it has.
    pub count: Total,
    /// Its own page.
    pub href: String,
}

impl GroupRow {
    /// There are members that are not shown.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.count.capped || usize::try_from(self.count.count).is_ok_and(|count| count > self.members.len())
    }
}

/// One group.
#[derive(Template)]
#[template(path = "group.html", blocks = ["list"])]
pub struct GroupPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// Its name.
    pub name: &'a str,
    /// Its own page.
    pub href: &'a str,
    /// One page of its members.
    pub members: Vec<Person>,
    /// How many it has.
    pub count: Total,
    /// The words that were to be found.
    pub q: &'a str,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
    /// Whom to add, as typed.
    pub typed: &'a str,
    /// What is wrong with that: `member`.
    pub errors: Errors,
    /// To add.
    pub people: Vec<Person>,
}

/// The flows: published, checked, out of use.
#[derive(Template)]
#[template(path = "flows.html")]
pub struct Flows<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// Those published.
    pub flows: Vec<FlowRow>,
    /// A text to check, as pasted or uploaded.
    pub text: &'a str,
    /// What is wrong with what was given to check.
    pub trouble: Option<&'a str>,
    /// What the check found, by file; none: nothing was checked.
    pub checked: Vec<CheckedFile>,
    /// They can be published: the words of the button.
    pub publish: Option<String>,
    /// With them fields change their type.
    pub retypes: bool,
    /// Flows that were never published, only written: key, who changed them, when.
    pub drafts: Vec<(String, Person, When)>,
}

/// A published flow.
pub struct FlowRow {
    /// Its key.
    pub key: String,
    /// What people see.
    pub name: String,
    /// The newest version.
    pub version: i64,
    /// Published when.
    pub published: When,
    /// By whom.
    pub by: Person,
    /// Items that are not final.
    pub open: i64,
    /// Out of use.
    pub archived: bool,
    /// Somebody is writing it anew.
    pub draft: bool,
}

/// What a check found in a file.
pub struct CheckedFile {
    /// The file, where there are several.
    pub file: Option<String>,
    /// Its text in a form that browsers send back unchanged.
    pub exact: String,
    /// The flow's name, when it could be read.
    pub name: Option<String>,
    /// It equals what is published.
    pub unchanged: bool,
    /// The problems.
    pub problems: Vec<ProblemView>,
    /// How many of them are errors.
    pub errors: usize,
}

/// A problem.
pub struct ProblemView {
    /// The class of its severity.
    pub class: &'static str,
    /// `错误`
    pub severity: String,
    /// `12:8`
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// A way out.
    pub help: String,
    /// The line up to the place, the place, and what follows.
    pub line: (String, String, String),
}

impl ProblemView {
    /// A file that is no text.
    #[must_use]
    pub fn not_utf_8(words: &Words) -> ProblemView {
        ProblemView {
            class: "s-red",
            severity: words.word("severity-error").to_owned(),
            place: "1:1".to_owned(),
            message: words.word("flow-not-utf-8").to_owned(),
            help: words.word("flow-not-utf-8-help").to_owned(),
            line: Default::default(),
        }
    }

    /// `problem` of `text`, at `line` and `column` (both from 1, columns in characters).
    #[must_use]
    pub fn new(words: &Words, problem: &Problem, text: &str, line: usize, column: usize) -> ProblemView {
        let (class, severity) = match problem.severity {
            Severity::Error => ("s-red", words.word("severity-error")),
            Severity::Warning => ("s-amber", words.word("severity-warning")),
            Severity::Note => ("s-blue", words.word("severity-note")),
        };
        let start = problem.span.start.min(text.len());
        let end = problem.span.end.clamp(start, text.len());
        let from = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let to = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| end + at);
        let part = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
        ProblemView {
            class,
            severity: severity.to_owned(),
            place: format!("{line}:{column}"),
            message: words.said(&problem.message),
            help: words.said(&problem.help),
            line: (part(from..start), part(start..end), part(end..to)),
        }
    }
}

/// The versions of one flow.
#[derive(Template)]
#[template(path = "flow_versions.html", blocks = ["list"])]
pub struct FlowVersions<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// Its key.
    pub key: &'a str,
    /// What people see.
    pub name: &'a str,
    /// Out of use.
    pub archived: bool,
    /// One page of them, newest first.
    pub versions: Vec<VersionRow>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
    /// The version shown, and its text.
    pub shown: Option<(i64, String)>,
    /// That text, as [`CheckedFile::exact`], where it is not what is in force: to check and publish it again.
    pub again: Option<String>,
}

/// A version of a flow.
pub struct VersionRow {
    /// Where its text is shown.
    pub href: String,
    /// Its number.
    pub version: i64,
    /// Published when.
    pub published: When,
    /// By whom.
    pub by: Person,
    /// Open items that it still rules.
    pub open: i64,
    /// What was said of it; may be empty.
    pub note: String,
}
