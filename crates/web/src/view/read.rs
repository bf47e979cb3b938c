//! A flow to read.

use askama::Template;

use super::{Frame, form::ItemRef};

/// What was worked out and put away, by subject, what came back most often first.
#[derive(Template)]
#[template(path = "read.html")]
pub struct ReadPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub flow_name: &'a str,
    /// The key of what it is ordered by.
    pub by: &'a str,
    /// What it can be ordered by: keys and labels.
    pub orders: &'a [(String, String)],
    /// The contents.
    pub subjects: Vec<Subject>,
    /// The entries of this page, subject by subject.
    pub parts: Vec<SubjectPart>,
    /// There are older ones.
    pub capped: bool,
    /// The address of the next page.
    pub next: Option<String>,
    /// This is not the first page.
    pub first: Option<String>,
}

/// A line of the contents.
pub struct Subject {
    /// Its name.
    pub name: String,
    /// How many entries.
    pub count: usize,
    /// How often they came back, in words.
    pub times: Option<String>,
    /// The page on which it begins.
    pub href: String,
}

/// The entries of one subject on a page.
pub struct SubjectPart {
    /// What stands in the field.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// The entries.
    pub entries: Vec<ReadEntry>,
}

/// An entry to read.
pub struct ReadEntry {
    /// The item.
    pub item: ItemRef,
    /// How often it came back, in words.
    pub times: Option<String>,
    /// Its long texts: label, text.
    pub texts: Vec<(String, String)>,
}
