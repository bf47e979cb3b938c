//! The statements of one file.

use tree_sitter::Node;

use super::{
    expression::Names,
    python::{Class, Kind, Note, Place, Python, Value},
};

pub(super) struct Reader<'a> {
    text: &'a str,
    file: usize,
    python: &'a mut Python,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, file: usize, python: &'a mut Python) -> Self {
        Self { text, file, python }
    }

    fn place(&self, node: Node) -> Place {
        Place { file: self.file, line: node.start_position().row + 1 }
    }

    fn words(&self, node: Node) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn note(&mut self, node: Node, text: String) {
        let place = self.place(node);
        self.python.notes.push(Note { place, text });
    }

    fn value(&self, node: Node) -> Value {
        Names { text: self.text, file: self.file, names: &self.python.names, local: None }.value(node)
    }

    pub(super) fn statements(&mut self, block: Node) {
        let mut cursor = block.walk();
        let children: Vec<_> = block.named_children(&mut cursor).collect();
        for child in children {
            self.statement(child);
        }
    }

    fn statement(&mut self, node: Node) {
        match node.kind() {
            "expression_statement" | "ERROR" => self.statements(node),
            "assignment" => self.assignment(node),
            "augmented_assignment" => self.grown(node),
            "call" => self.called(node),
            "class_definition" => {
                if let Some(class) = self.class(node) {
                    self.python.classes.push(class);
                }
            }
            "decorated_definition" => match node.child_by_field_name("definition") {
                Some(inner) if inner.kind() == "class_definition" => self.statement(inner),
                _ => {}
            },
            "if_statement" | "for_statement" | "while_statement" | "try_statement" | "with_statement" => {
                let word = node.kind().trim_end_matches("_statement").to_owned();
                self.note(node, format!("what stands under this '{word}' is not read, as nothing is run"));
            }
            _ => {}
        }
    }

    fn assignment(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        let value = if right.kind() == "assignment" {
            self.assignment(right);
            let Some(inner) = right.child_by_field_name("left") else { return };
            self.value(inner)
        } else {
            self.value(right)
        };
        match left.kind() {
            "identifier" => {
                let name = self.words(left).to_owned();
                self.python.names.insert(name, value);
            }
            "subscript" => {
                let (Some(of), Some(key)) = (left.child_by_field_name("value"), left.child_by_field_name("subscript"))
                else {
                    return;
                };
                let key = self.value(key);
                if let Some(Value { kind: Kind::Dict(pairs), .. }) = self.python.names.get_mut(self.words(of)) {
                    pairs.push((key, value));
                }
            }
            _ => {}
        }
    }

    /// `NAME += …`
    fn grown(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        let more = self.value(right);
        let known = self.python.names.get_mut(self.words(left));
        match (known.map(|value| &mut value.kind), more.kind) {
            (Some(Kind::List(list)), Kind::List(more)) => list.extend(more),
            (Some(Kind::Text(text)), Kind::Text(more)) => text.push_str(&more),
            _ => self.note(node, "this could not be computed and is left out".into()),
        }
    }

    /// `NAME.append(…)`, `NAME.extend(…)`, `NAME.update(…)`; other calls are none of our business.
    fn called(&mut self, node: Node) {
        let Value { kind: Kind::Call(call), .. } = self.value(node) else { return };
        let Some((name, what)) = call.name.rsplit_once('.') else { return };
        let mut args = call.args.into_iter();
        let (Some(known), Some(given)) = (self.python.names.get_mut(name), args.next()) else { return };
        match (&mut known.kind, what, given.kind.clone()) {
            (Kind::List(list), "append", _) => list.push(given),
            (Kind::List(list), "extend", Kind::List(more)) => list.extend(more),
            (Kind::Dict(pairs), "update", Kind::Dict(more)) => pairs.extend(more),
            _ => {}
        }
    }

    fn class(&mut self, node: Node) -> Option<Class> {
        let name = self.words(node.child_by_field_name("name")?).to_owned();
        let mut bases = Vec::new();
        if let Some(given) = node.child_by_field_name("superclasses") {
            let mut cursor = given.walk();
            bases.extend(given.named_children(&mut cursor).map(|base| self.words(base).to_owned()));
        }
        let mut class =
            Class { name, bases, place: self.place(node), body: Vec::new(), inner: Vec::new(), methods: Vec::new() };
        if let Some(body) = node.child_by_field_name("body") {
            self.members(body, &mut class);
        }
        Some(class)
    }

    fn members(&mut self, block: Node, class: &mut Class) {
        let mut cursor = block.walk();
        let children: Vec<_> = block.named_children(&mut cursor).collect();
        for child in children {
            match child.kind() {
                "expression_statement" | "ERROR" => self.members(child, class),
                "assignment" => {
                    let (left, right) = (child.child_by_field_name("left"), child.child_by_field_name("right"));
                    if let (Some(left), Some(right)) = (left, right) {
                        let name = self.words(left).to_owned();
                        // A name of the class itself may be used further down in it.
                        let mut value = self.value(right);
                        if let Kind::Name(used) = &value.kind
                            && let Some((_, own)) = class.body.iter().find(|(name, _)| name == used)
                        {
                            value = own.clone();
                        }
                        class.body.push((name, value));
                    }
                }
                "class_definition" => {
                    let inner = self.class(child);
                    class.inner.extend(inner);
                }
                "function_definition" => self.method(child, class),
                "decorated_definition" => {
                    if let Some(inner) = child.child_by_field_name("definition") {
                        self.method(inner, class);
                    }
                }
                _ => {}
            }
        }
    }

    fn method(&self, node: Node, class: &mut Class) {
        if let Some(name) = node.child_by_field_name("name") {
            class.methods.push((self.words(name).to_owned(), self.place(node)));
        }
    }
}
