//! What editors know of a flow file.

/// The JSON Schema (draft 7, which editors read) of a flow file. What it takes may still be wrong, for it knows one value at a
/// time; what it refuses, [`read`](crate::read()) refuses too.
pub const SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::SCHEMA;
    use crate::{
        BUILT_INS,
        read::{self, field, row, state},
    };

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).unwrap()
    }

    fn named(value: &Value) -> BTreeSet<&str> {
        match value {
            Value::Object(object) => object.keys().map(String::as_str).collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn it_knows_every_key_that_the_reader_knows_and_no_other() {
        let schema = schema();
        let check = |section: &str, known: &[&str]| {
            let at = schema.pointer(section).unwrap();
            assert_eq!(at["additionalProperties"], false, "{section}");
            let properties = &at["properties"];
            assert_eq!(named(properties), known.iter().copied().collect(), "{section}");
            for (key, property) in properties.as_object().unwrap() {
                let said = property.get("description").or_else(|| {
                    let of = property["$ref"].as_str()?.strip_prefix('#')?;
                    schema.pointer(of)?.get("description")
                });
                let both = said.and_then(Value::as_str).unwrap_or_default().split("\n\n").count();
                assert_eq!(both, 2, "{section}: {key} is described in both languages");
            }
        };
        check("", &read::KEYS);
        check("/definitions/field", &field::KEYS);
        check("/definitions/state", &state::KEYS);
        check("/definitions/transition", &row::KEYS);
        check("/definitions/transition/properties/create", &row::OPEN_KEYS);
        check("/definitions/create", &read::CREATE_KEYS);
        check("/definitions/view", &read::VIEW_KEYS);
        check("/definitions/list", &read::LIST_KEYS);
    }

    #[test]
    fn it_knows_the_readers_words() {
        let schema = schema();
        let types = &schema["definitions"]["field"]["properties"]["type"]["enum"];
        assert_eq!(named(types), field::TYPES.into_iter().collect());
        let taken = &schema["definitions"]["taken"]["enum"];
        assert_eq!(named(taken), field::RESERVED.into_iter().chain(BUILT_INS).collect());
        let rules = schema["definitions"]["field"]["allOf"].as_array().unwrap();
        // what has no effect elsewhere is only warned of
        for (key, types) in field::ONLY.into_iter().filter(|(key, _)| *key != "max_length") {
            let rule = rules.iter().find(|rule| rule["if"]["required"][0] == key).unwrap();
            let found = named(&rule["then"]["properties"]["type"]["enum"]);
            assert_eq!(found, types.iter().copied().collect(), "{key}");
        }
    }
}
