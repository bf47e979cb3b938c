//! What stands over a flow's list: its views, and how it is shown.

use std::sync::Arc;

use askama::Template;

use crate::words::Words;

/// How a flow's list is shown, what may be chosen instead, and the views that are kept of it.
#[derive(Debug, Default)]
pub struct Bar {
    /// The view that is looked at.
    pub open: Option<OpenView>,
    /// One's own.
    pub own: Vec<ViewLink>,
    /// What others keep for everybody.
    pub shared: Vec<ViewLink>,
    /// The keys of the flow's own columns.
    pub own_columns: String,
    /// What columns and groups there are to choose from, drawn: see [`Chooser`]. Nothing until somebody asks for it.
    pub chooser: Option<Arc<str>>,
    /// Where that is asked for.
    pub choose: String,
    /// What the address says beside query and order, for forms that change one of these: name and value.
    pub carried: Vec<(&'static str, String)>,
    /// All that a view keeps: name and value.
    pub look: Vec<(&'static str, String)>,
    /// A new view.
    pub draft: Draft,
    /// The address of the list without a query.
    pub clear: String,
    /// The address of the whole list as the flow has it.
    pub plain: String,
}

/// The columns of a list, and what it can be grouped by.
#[derive(Template)]
#[template(path = "_chooser.html")]
pub struct Chooser<'a> {
    /// The words of the page.
    pub words: &'a Words,
    /// Every column there may be: those that are shown first, in their order.
    pub columns: Vec<ColumnChoice>,
    /// What the list can be grouped by: how the address says it, what people see, whether it is.
    pub groups: Vec<(String, String, bool)>,
}

/// The view that is looked at.
#[derive(Debug)]
pub struct OpenView {
    /// In its address.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its address.
    pub href: String,
    /// For everybody.
    pub shared: bool,
    /// Whose it is, where it is somebody else's.
    pub owner: Option<String>,
    /// I may change it.
    pub may_change: bool,
    /// What is looked at is no longer what it keeps.
    pub changed: bool,
    /// Its name and for whom it is, as typed.
    pub draft: Draft,
}

/// A view's name and for whom it is kept, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The name.
    pub name: String,
    /// For everybody.
    pub shared: bool,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// A view, as a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewLink {
    /// Its address.
    pub href: String,
    /// What people call it.
    pub name: String,
    /// For everybody.
    pub shared: bool,
    /// Whose it is, where it is somebody else's.
    pub owner: Option<String>,
    /// It is looked at.
    pub chosen: bool,
}

/// A column that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChoice {
    /// Its key.
    pub key: String,
    /// What people see.
    pub label: String,
    /// It is shown.
    pub chosen: bool,
}
