//! A flow that is tried.

use askama::Template;

use super::{
    Frame,
    admin::ProblemView,
    form::{Control, FieldView, Shown, Trouble},
    item::{PressBar, Step},
};
use crate::words::Words;

/// A flow that is tried: an item that exists only on this page.
#[derive(Template)]
#[template(path = "trying.html")]
pub struct TryPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's text: it travels with the form.
    pub text: String,
    /// What was done, as the form sends it on.
    pub deeds: String,
    /// What was done so far could not be read: it begins anew.
    pub lost: bool,
    /// Why the text is no flow; everything below is empty then.
    pub problems: Vec<ProblemView>,
    /// The flow's name.
    pub flow_name: String,
    /// The item's ID; none before it is created.
    pub id: Option<String>,
    /// Who holds it.
    pub holders: Vec<String>,
    /// Its way.
    pub steps: Vec<Step>,
    /// Who takes part.
    pub parts: Vec<Part>,
    /// As whom it is looked at.
    pub who: String,
    /// That person may not see the item.
    pub hidden: bool,
    /// The form.
    pub fields: Vec<FieldView>,
    /// What was not taken.
    pub troubles: Vec<Trouble>,
    /// What can be pressed, and why the rest cannot; none before the item is created.
    pub press: Option<PressBar>,
    /// It can be handed over.
    pub may_hand_over: bool,
    /// What was done, the last first.
    pub history: Vec<Tried>,
    /// The same as a scenario.
    pub scenario: Option<String>,
}

/// Somebody who takes part.
pub struct Part {
    /// The name.
    pub name: String,
    /// The label of the user field whose person it is.
    pub label: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Administrator.
    pub admin: bool,
    /// The page is this person's now.
    pub now: bool,
    /// Holds the item.
    pub holds: bool,
}

/// One thing that was done.
pub struct Tried {
    /// By whom.
    pub by: String,
    /// Allowed as an administrator only.
    pub by_admin: bool,
    /// The trigger, or what else it was.
    pub what: String,
    /// The state after it.
    pub to: String,
    /// The fields that it wrote.
    pub changes: Vec<Change>,
    /// What was said.
    pub comment: Option<String>,
}

/// A field that was written.
pub struct Change {
    /// Its label.
    pub label: String,
    /// What stands there since.
    pub value: Vec<Shown>,
}

impl<'a> TryPage<'a> {
    /// A page on which there is nothing yet.
    #[must_use]
    pub fn nothing(f: Frame<'a>, text: String) -> TryPage<'a> {
        TryPage {
            f,
            text,
            deeds: String::new(),
            lost: false,
            problems: Vec::new(),
            flow_name: String::new(),
            id: None,
            holders: Vec::new(),
            steps: Vec::new(),
            parts: Vec::new(),
            who: String::new(),
            hidden: false,
            fields: Vec::new(),
            troubles: Vec::new(),
            press: None,
            may_hand_over: false,
            history: Vec::new(),
            scenario: None,
        }
    }

    fn words(&self) -> &Words {
        self.f.words
    }
}
