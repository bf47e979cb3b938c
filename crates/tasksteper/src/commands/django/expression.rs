//! An expression's value, as far as it can be told without running anything.

use std::collections::HashMap;

use tree_sitter::Node;

use super::python::{Call, Kind, Place, Value};

/// What expressions may name.
pub(super) struct Names<'a> {
    pub(super) text: &'a str,
    pub(super) file: usize,
    pub(super) names: &'a HashMap<String, Value>,
    /// The variables of a comprehension.
    pub(super) local: Option<&'a HashMap<String, Value>>,
}

fn children(node: Node) -> Vec<Node> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
}

impl Names<'_> {
    fn words(&self, node: Node) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(super) fn value(&self, node: Node) -> Value {
        let place = Place { file: self.file, line: node.start_position().row + 1 };
        Value { place, kind: self.kind(node).unwrap_or_else(|| Kind::Other(shortened(self.words(node)))) }
    }

    fn kind(&self, node: Node) -> Option<Kind> {
        Some(match node.kind() {
            "string" => Kind::Text(self.string(node)?),
            "concatenated_string" => {
                let parts: Option<String> = children(node).into_iter().map(|part| self.string(part)).collect();
                Kind::Text(parts?)
            }
            "integer" | "float" => Kind::Number(self.words(node).replace('_', "")),
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "none" => Kind::None,
            "tuple" | "list" | "expression_list" | "set" => Kind::List(self.values(node)),
            "dictionary" => Kind::Dict(self.pairs(node)),
            "parenthesized_expression" => return Some(self.value(*children(node).first()?).kind),
            "identifier" => {
                let name = self.words(node);
                let known = self.local.and_then(|local| local.get(name)).or_else(|| self.names.get(name));
                known.map_or_else(|| Kind::Name(name.to_owned()), |value| value.kind.clone())
            }
            "attribute" => Kind::Name(self.words(node).to_owned()),
            "call" => self.call(node)?,
            "binary_operator" => self.sum(node)?,
            "unary_operator" => match self.value(node.child_by_field_name("argument")?).kind {
                Kind::Number(digits) if self.words(node).starts_with('-') => Kind::Number(format!("-{digits}")),
                _ => return None,
            },
            "subscript" => {
                let of = self.value(node.child_by_field_name("value")?);
                let key = self.value(node.child_by_field_name("subscript")?);
                match (&of.kind, &key.kind) {
                    (Kind::Dict(_), Kind::Text(key)) => of.get(key)?.kind.clone(),
                    (Kind::List(list), Kind::Number(at)) => list.get(at.parse::<usize>().ok()?)?.kind.clone(),
                    _ => return None,
                }
            }
            "list_comprehension" | "generator_expression" => self.comprehension(node)?,
            _ => return None,
        })
    }

    fn values(&self, node: Node) -> Vec<Value> {
        let mut values = Vec::new();
        for child in children(node) {
            if child.kind() == "list_splat" {
                let inner = children(child).first().map(|inner| self.value(*inner));
                match inner {
                    Some(Value { kind: Kind::List(list), .. }) => values.extend(list),
                    _ => values.push(self.value(child)),
                }
            } else if child.kind() != "ERROR" {
                values.push(self.value(child));
            }
        }
        values
    }

    fn pairs(&self, node: Node) -> Vec<(Value, Value)> {
        let mut pairs = Vec::new();
        for child in children(node) {
            match child.kind() {
                "pair" => {
                    let (key, value) = (child.child_by_field_name("key"), child.child_by_field_name("value"));
                    if let (Some(key), Some(value)) = (key, value) {
                        pairs.push((self.value(key), self.value(value)));
                    }
                }
                "dictionary_splat" => {
                    let inner = children(child).first().map(|inner| self.value(*inner));
                    if let Some(Value { kind: Kind::Dict(more), .. }) = inner {
                        pairs.extend(more);
                    }
                }
                _ => {}
            }
        }
        pairs
    }

    fn call(&self, node: Node) -> Option<Kind> {
        let name = self.words(node.child_by_field_name("function")?).to_owned();
        let given = node.child_by_field_name("arguments")?;
        if given.kind() == "generator_expression" {
            return self.comprehension(given);
        }
        let mut call = Call { name, args: Vec::new(), named: Vec::new() };
        for child in children(given) {
            match child.kind() {
                "keyword_argument" => {
                    let (name, value) = (child.child_by_field_name("name"), child.child_by_field_name("value"));
                    if let (Some(name), Some(value)) = (name, value) {
                        call.named.push((self.words(name).to_owned(), self.value(value)));
                    }
                }
                "ERROR" => {}
                _ => call.args.push(self.value(child)),
            }
        }
        // Words to be translated are their words; a dictionary and a list may be written as calls.
        let first = call.args.first().map(|value| value.kind.clone());
        Some(match (call.name.as_str(), first) {
            ("_" | "gettext" | "ugettext" | "gettext_lazy" | "ugettext_lazy" | "str", Some(Kind::Text(text))) => {
                Kind::Text(text)
            }
            ("list" | "tuple" | "set", Some(Kind::List(list))) => Kind::List(list),
            ("dict" | "OrderedDict" | "collections.OrderedDict", Some(Kind::List(list))) => {
                let pair = |value: &Value| match value.list() {
                    Some([key, value]) => Some((key.clone(), value.clone())),
                    _ => None,
                };
                Kind::Dict(list.iter().filter_map(pair).collect())
            }
            ("dict", Some(Kind::Dict(mut pairs))) => {
                pairs.extend(named(call.named));
                Kind::Dict(pairs)
            }
            ("dict", None) => Kind::Dict(named(call.named).collect()),
            _ => Kind::Call(call),
        })
    }

    /// Texts and lists side by side.
    fn sum(&self, node: Node) -> Option<Kind> {
        let left = self.value(node.child_by_field_name("left")?).kind;
        let right = self.value(node.child_by_field_name("right")?).kind;
        if self.words(node.child_by_field_name("operator")?) != "+" {
            return None;
        }
        match (left, right) {
            (Kind::Text(left), Kind::Text(right)) => Some(Kind::Text(left + &right)),
            (Kind::List(mut left), Kind::List(right)) => {
                left.extend(right);
                Some(Kind::List(left))
            }
            _ => None,
        }
    }

    /// `[(x, x) for x in NAMES]`, as choices are often made.
    fn comprehension(&self, node: Node) -> Option<Kind> {
        let body = node.child_by_field_name("body")?;
        let [_, clause] = children(node)[..] else { return None };
        if clause.kind() != "for_in_clause" {
            return None;
        }
        let of = self.value(clause.child_by_field_name("right")?);
        let left = clause.child_by_field_name("left")?;
        let mut made = Vec::new();
        for one in of.list()? {
            let mut local = self.local.cloned().unwrap_or_default();
            if left.kind() == "identifier" {
                local.insert(self.words(left).to_owned(), one.clone());
            } else {
                let parts = one.list()?;
                for (name, part) in children(left).into_iter().zip(parts) {
                    local.insert(self.words(name).to_owned(), part.clone());
                }
            }
            made.push(Names { local: Some(&local), ..*self }.value(body));
        }
        Some(Kind::List(made))
    }

    /// A string's text. One with something to be computed in it is none.
    fn string(&self, node: Node) -> Option<String> {
        let start = node.child(0).map(|start| self.words(start).to_ascii_lowercase()).unwrap_or_default();
        let mut text = String::new();
        let mut cursor = node.walk();
        for part in node.children(&mut cursor) {
            match part.kind() {
                "string_content" if start.contains('r') => text.push_str(self.words(part)),
                "string_content" => text.push_str(&unescaped(self.words(part))),
                "interpolation" => return None,
                _ => {}
            }
        }
        Some(text)
    }
}

fn named(pairs: Vec<(String, Value)>) -> impl Iterator<Item = (Value, Value)> {
    pairs.into_iter().map(|(key, value)| (Value { place: value.place, kind: Kind::Text(key) }, value))
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 60 { line.chars().take(60).collect::<String>() + "…" } else { line.to_owned() }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\n') => {}
            Some(c @ ('\\' | '\'' | '"')) => out.push(c),
            Some(c @ ('x' | 'u' | 'U')) => {
                let length = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = rest.clone().take(length).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(made) => {
                        out.push(made);
                        rest.nth(length - 1);
                    }
                    None => out.extend(['\\', c]),
                }
            }
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
