//! What can be said of a flow, a field, a state, a transition, and how the designer asks for it. A new key of flow files gets
//! its line here.

use flow::edit::Part;

use super::typed::Shape;

/// One key.
pub(super) struct Key {
    /// As the file calls it; within a table of its own with a point.
    pub(super) name: &'static str,
    /// How it is typed.
    pub(super) shape: Shape,
    /// How it is asked for.
    pub(super) ask: Ask,
    /// The words of its label.
    pub(super) word: &'static str,
    /// The words that explain it; may be empty.
    pub(super) help: &'static str,
    /// It stands in the row; the others where the row is opened.
    pub(super) main: bool,
    /// The types of fields that have it; empty: all.
    pub(super) only: &'static [&'static str],
}

/// How a key is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Typed freely.
    Free,
    /// Typed, in letters of one width.
    Code,
    /// Typed, with suggestions from that list.
    Suggested(&'static str),
    /// Many lines.
    Area,
    /// A tick.
    Tick,
    /// The types of fields.
    Type,
    /// Whether a comment is taken.
    Comment,
    /// A field that may be a parent.
    Parent,
    /// A text field.
    Title,
    /// A state.
    State,
    /// Some of the fields.
    Fields,
    /// By the field's type.
    Default,
}

/// Suggestions: the states.
pub(super) const STATES: &str = "design-states";
/// Suggestions: who may hold an item.
pub(super) const HOLDERS: &str = "design-holders";
/// Suggestions: who may do something.
pub(super) const PEOPLE: &str = "design-people";
/// Suggestions: flows.
pub(super) const FLOWS: &str = "design-flows";
/// Suggestions: item fields.
pub(super) const LINKS: &str = "design-links";

const fn key(name: &'static str, shape: Shape, ask: Ask, word: &'static str, help: &'static str) -> Key {
    Key { name, shape, ask, word, help, main: false, only: &[] }
}

const fn main(key: Key) -> Key {
    Key { main: true, ..key }
}

const fn only(only: &'static [&'static str], key: Key) -> Key {
    Key { only, ..key }
}

const OF_FLOW: [Key; 8] = [
    key("name", Shape::Line, Ask::Free, "flow-name", ""),
    key("item_prefix", Shape::Line, Ask::Code, "design-prefix", "design-prefix-help"),
    key("title", Shape::Line, Ask::Title, "design-title-field", "design-title-help"),
    key("initial", Shape::Line, Ask::State, "design-initial", "design-initial-help"),
    key("create.by", Shape::Names, Ask::Suggested(PEOPLE), "design-create-by", "design-create-by-help"),
    key("create.assign_to", Shape::Line, Ask::Suggested(HOLDERS), "design-create-holder", "design-create-holder-help"),
    key("view.by", Shape::Names, Ask::Suggested(PEOPLE), "design-view-by", "design-view-by-help"),
    key("list.columns", Shape::List, Ask::Code, "design-columns", "design-columns-help"),
];

const OF_FIELD: [Key; 20] = [
    main(key("label", Shape::Line, Ask::Free, "design-label", "")),
    main(key("key", Shape::Line, Ask::Code, "flow-key", "")),
    main(key("type", Shape::Line, Ask::Type, "design-type", "")),
    main(key("required", Shape::Flag, Ask::Tick, "design-required", "")),
    only(&["choice"], key("choices", Shape::Choices, Ask::Area, "design-choices", "design-choices-help")),
    only(&["choice"], key("parent", Shape::Line, Ask::Parent, "design-parent", "design-parent-help")),
    only(&["item"], key("flow", Shape::Line, Ask::Suggested(FLOWS), "design-flow", "design-flow-help")),
    only(&["choice", "user", "item"], key("multiple", Shape::Flag, Ask::Tick, "design-multiple", "")),
    key("default", Shape::Line, Ask::Default, "design-default", "design-default-help"),
    key("hint", Shape::Line, Ask::Free, "design-hint", "design-hint-help"),
    key("help", Shape::Line, Ask::Free, "design-help", "design-help-help"),
    only(&["text", "textarea"], key("max_length", Shape::Number, Ask::Free, "design-max-length", "")),
    only(&["text"], key("pattern", Shape::Line, Ask::Code, "design-pattern", "design-pattern-help")),
    only(&["number"], key("min", Shape::Number, Ask::Free, "design-min", "")),
    only(&["number"], key("max", Shape::Number, Ask::Free, "design-max", "")),
    only(&["number"], key("decimals", Shape::Number, Ask::Free, "design-decimals", "")),
    only(&["textarea"], key("rows", Shape::Number, Ask::Free, "design-rows", "")),
    key("width", Shape::Number, Ask::Free, "design-width", ""),
    key("readonly", Shape::Flag, Ask::Tick, "design-readonly", "design-readonly-help"),
    key("hidden", Shape::Flag, Ask::Tick, "design-hidden", "design-hidden-help"),
];

const OF_STATE: [Key; 6] = [
    main(key("name", Shape::Line, Ask::Free, "design-state-name", "")),
    main(key("due", Shape::Line, Ask::Code, "design-due", "design-due-help")),
    main(key("final", Shape::Flag, Ask::Tick, "design-final", "")),
    key("required", Shape::List, Ask::Fields, "design-state-required", "design-state-required-help"),
    key("readonly", Shape::List, Ask::Fields, "design-state-readonly", ""),
    key("hidden", Shape::List, Ask::Fields, "design-state-hidden", ""),
];

const OF_TRANSITION: [Key; 14] = [
    main(key("source", Shape::Names, Ask::Suggested(STATES), "design-source", "")),
    main(key("trigger", Shape::Line, Ask::Free, "design-trigger", "")),
    main(key("dest", Shape::Line, Ask::Suggested(STATES), "design-dest", "")),
    main(key("condition", Shape::Condition, Ask::Code, "design-condition", "")),
    main(key("assign_to", Shape::Line, Ask::Suggested(HOLDERS), "design-assign-to", "")),
    key("unmet", Shape::Line, Ask::Free, "design-unmet", "design-unmet-help"),
    key("by", Shape::Names, Ask::Suggested(PEOPLE), "design-by", "design-by-help"),
    key("comment", Shape::Line, Ask::Comment, "design-comment", ""),
    key("back", Shape::Flag, Ask::Tick, "design-back", "design-back-help"),
    key("required", Shape::List, Ask::Fields, "design-row-required", ""),
    key("set", Shape::Pairs, Ask::Area, "design-set", "design-set-help"),
    key("create.flow", Shape::Line, Ask::Suggested(FLOWS), "design-open-flow", "design-open-flow-help"),
    key("create.link", Shape::Line, Ask::Suggested(LINKS), "design-open-link", "design-open-link-help"),
    key("create.copy", Shape::Pairs, Ask::Area, "design-open-copy", "design-open-copy-help"),
];

/// The keys of a part; of the flow itself, where none is named.
pub(super) fn of(part: Option<Part>) -> &'static [Key] {
    match part {
        None => &OF_FLOW,
        Some(Part::Field) => &OF_FIELD,
        Some(Part::State) => &OF_STATE,
        Some(Part::Transition) => &OF_TRANSITION,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whatever a flow file may say can be said here.
    #[test]
    fn every_key_of_flow_files_is_there() {
        let schema: serde_json::Value = serde_json::from_str(flow::SCHEMA).unwrap();
        let known = |pointer: &str| -> BTreeSet<String> {
            let properties = schema.pointer(&format!("{pointer}/properties")).unwrap();
            properties.as_object().unwrap().keys().cloned().collect()
        };
        let own: BTreeSet<String> = of(None).iter().map(|key| key.name.to_owned()).collect();
        let mut flow = known("");
        // the key is the draft's address, the others are the parts
        for part in ["key", "field", "state", "transition", "create", "view", "list"] {
            assert!(flow.remove(part));
        }
        for table in ["create", "view", "list"] {
            flow.extend(known(&format!("/definitions/{table}")).into_iter().map(|key| format!("{table}.{key}")));
        }
        assert_eq!(own, flow);
        for part in [Part::Field, Part::State, Part::Transition] {
            let mut asked: BTreeSet<String> = of(Some(part)).iter().map(|key| key.name.to_owned()).collect();
            let mut wanted = known(&format!("/definitions/{}", part.word()));
            if wanted.remove("create") {
                let inner = known("/definitions/transition/properties/create");
                wanted.extend(inner.into_iter().map(|key| format!("create.{key}")));
            }
            asked.retain(|key| !key.is_empty());
            assert_eq!(asked, wanted, "{part:?}");
        }
    }
}
