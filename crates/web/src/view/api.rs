//! The API's document as a page: its calls, what they take and answer, and the shapes of that.

use askama::Template;
use serde_json::{Map, Value};

use super::Frame;

/// The page.
#[derive(Template)]
#[template(path = "api_docs.html")]
pub struct ApiDocs<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// What the API is for.
    pub about: String,
    /// Its calls, in the document's order.
    pub calls: Vec<Call>,
    /// What bodies and answers hold, by name.
    pub shapes: Vec<Shape>,
}

/// A call.
pub struct Call {
    /// For its place on the page.
    pub anchor: String,
    /// `GET`
    pub method: String,
    /// The class of its colour.
    pub class: &'static str,
    /// `/api/v1/flows/{flow}`
    pub path: String,
    /// What it does.
    pub about: String,
    /// In the path and the query.
    pub parameters: Vec<Member>,
    /// What its body holds.
    pub body: Option<Kind>,
    /// What may come back.
    pub answers: Vec<Answer>,
    /// How it is called at a command line.
    pub example: String,
}

/// A parameter of a call, or a member of a shape.
pub struct Member {
    /// Its name.
    pub name: String,
    /// It stands in the path (of a parameter; else in the query).
    pub in_path: bool,
    /// It may not be left out.
    pub needed: bool,
    /// What it holds.
    pub kind: Kind,
    /// What it means.
    pub about: String,
}

/// What something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// `text`, `number`, `Item`
    pub name: String,
    /// A list of them.
    pub list: bool,
    /// It is a shape of its own, described on the page.
    pub is_shape: bool,
}

/// What may come back.
pub struct Answer {
    /// `200`
    pub status: String,
    /// What it means, where that is said.
    pub about: String,
    /// What it holds.
    pub kind: Option<Kind>,
}

/// What a body or an answer holds.
pub struct Shape {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Its members.
    pub members: Vec<Member>,
}

impl<'a> ApiDocs<'a> {
    /// The page of a document (OpenAPI, as JSON); `base` is the address of this server.
    ///
    /// # Errors
    /// A document that is no JSON.
    pub fn new(f: Frame<'a>, json: &str, base: &str) -> Result<ApiDocs<'a>, serde_json::Error> {
        let document: Value = serde_json::from_str(json)?;
        let shapes = &document["components"]["schemas"];
        let mut calls = Vec::new();
        for (path, methods) in members(&document["paths"]) {
            calls.extend(members(methods).map(|(method, call)| Call::new(method, path, call, shapes, base)));
        }
        let shapes = members(shapes).map(|(name, shape)| Shape {
            name: name.clone(),
            about: text(shape, "description"),
            members: properties(shape),
        });
        Ok(ApiDocs { f, about: text(&document["info"], "description"), calls, shapes: shapes.collect() })
    }
}

impl Call {
    fn new(method: &str, path: &str, call: &Value, shapes: &Value, base: &str) -> Call {
        let parameter = |given: &Value| Member {
            name: text(given, "name"),
            in_path: given["in"] == "path",
            needed: given["required"] == true,
            kind: Kind::of(&given["schema"]),
            about: text(given, "description"),
        };
        let answer = |(status, given): (&String, &Value)| Answer {
            status: status.clone(),
            about: text(given, "description"),
            kind: content(given).map(Kind::of),
        };
        let body = content(&call["requestBody"]);
        let summary = text(call, "summary");
        Call {
            anchor: text(call, "operationId"),
            method: method.to_uppercase(),
            class: if method == "get" { "s-blue" } else { "s-green" },
            path: path.to_owned(),
            about: if summary.is_empty() { text(call, "description") } else { summary },
            parameters: list(&call["parameters"]).iter().map(parameter).collect(),
            body: body.map(Kind::of),
            answers: members(&call["responses"]).map(answer).collect(),
            example: example(method, path, body, shapes, base),
        }
    }
}

impl Kind {
    fn of(schema: &Value) -> Kind {
        let choices = [&schema["oneOf"], &schema["anyOf"], &schema["allOf"]].into_iter().flat_map(list);
        if let Some(one) = choices.clone().find(|one| one["type"] != "null") {
            return Kind::of(one);
        }
        if let Some(shape) = shape_name(schema) {
            return Kind { name: shape.to_owned(), list: false, is_shape: true };
        }
        let name = match &schema["type"] {
            Value::String(name) => name.as_str(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("any"),
            _ => "any",
        };
        match name {
            "array" => Kind { list: true, ..Kind::of(&schema["items"]) },
            other => Kind { name: other.to_owned(), list: false, is_shape: false },
        }
    }
}

fn properties(shape: &Value) -> Vec<Member> {
    let needed = list(&shape["required"]);
    let member = |(name, given): (&String, &Value)| Member {
        name: name.clone(),
        in_path: false,
        needed: needed.iter().any(|one| one == name),
        kind: Kind::of(given),
        about: text(given, "description"),
    };
    members(&shape["properties"]).map(member).collect()
}

/// How the call is made with curl, for an item that most installations have.
fn example(method: &str, path: &str, body: Option<&Value>, shapes: &Value, base: &str) -> String {
    let path = path.replace("{flow}", "issue_track").replace("{number}", "3");
    let mut lines = vec![format!("curl -H 'Authorization: Bearer TOKEN'")];
    if method != "get" {
        lines.push(format!("  -X {}", method.to_uppercase()));
    }
    if let Some(body) = body {
        lines.push("  -H 'Content-Type: application/json'".to_owned());
        lines.push(format!("  -d '{}'", sample(body, shapes, 3)));
    }
    lines.push(format!("  '{base}{path}'"));
    lines.join(" \\\n")
}

/// A value of that kind, `depth` shapes deep at most.
fn sample(schema: &Value, shapes: &Value, depth: u8) -> Value {
    if let Some(name) = shape_name(schema).filter(|_| depth > 0) {
        return sample(&shapes[name], shapes, depth - 1);
    }
    if schema["properties"].is_object() {
        let all = members(&schema["properties"]).map(|(name, given)| (name.clone(), sample(given, shapes, depth)));
        return Value::Object(all.collect::<Map<_, _>>());
    }
    match Kind::of(schema) {
        Kind { list: true, .. } => Value::Array(vec![]),
        kind => match kind.name.as_str() {
            "string" => Value::from("…"),
            "integer" | "number" => Value::from(1),
            "boolean" => Value::from(true),
            _ => Value::Object(Map::new()),
        },
    }
}

fn content(given: &Value) -> Option<&Value> {
    members(&given["content"]).next().map(|(_, content)| &content["schema"])
}

fn shape_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next())
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_lists_and_samples() {
        let shapes = json!({"A": {"properties": {"n": {"type": ["integer", "null"]}, "s": {"type": "string"}, "b": {"$ref": "#/x/A"}}}});
        let kind = |schema: Value| {
            let Kind { name, list, is_shape } = Kind::of(&schema);
            (name, list, is_shape)
        };
        assert_eq!(kind(json!({"type": ["string", "null"]})), ("string".to_owned(), false, false));
        assert_eq!(kind(json!({"type": "array", "items": {"$ref": "#/x/A"}})), ("A".to_owned(), true, true));
        assert_eq!(
            kind(json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]})),
            ("A".to_owned(), false, true)
        );
        let sampled = sample(&json!({"$ref": "#/x/A"}), &shapes, 1);
        assert_eq!(sampled, json!({"n": 1, "s": "…", "b": {}}), "a shape within itself comes to an end");
    }
}
