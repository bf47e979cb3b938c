//! What becomes of what is gone between two versions: as its author says, and as it may be guessed.

use indexmap::{IndexMap, IndexSet};

use crate::{Field, Flow, Kind, condition::all_words, words::nearest};

/// What becomes of what is gone. Names that are in both versions need no line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map {
    /// From a state of the old version to one of the new.
    pub states: IndexMap<String, String>,
    /// From a field's old key to its new one; empty: what stood there is dropped (the history keeps it).
    pub fields: IndexMap<String, String>,
    /// For a field (its new key): from a word to the one in its place; empty: it is dropped.
    pub words: IndexMap<String, IndexMap<String, String>>,
    /// For a field (its new key): what is written where nothing stands.
    pub values: IndexMap<String, String>,
    /// For a state of the new version: who holds what nobody who is active would hold.
    pub holders: IndexMap<String, String>,
}

/// Something of the old version beside what the new one has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// `states`, `fields`, `words` (of the field named), `values`: the map's part.
    pub part: &'static str,
    /// The new key of the field whose words these are.
    pub field: Option<String>,
    /// In the old version; for `values`, the field of the new one.
    pub old: String,
    /// What it may become: none for `values`, of which any may be.
    pub offered: Vec<String>,
}

impl Map {
    /// As a file says it: the tables `states`, `fields`, `values`, `holders`, and one `words.<field>` for each field.
    ///
    /// # Errors
    /// What is wrong with the file, in English.
    pub fn read(text: &str) -> Result<Map, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut map = Map::default();
        for (part, value) in &table {
            let toml::Value::Table(lines) = value else { return Err(format!("{part}: a table is wanted")) };
            let place = match part.as_str() {
                "states" => &mut map.states,
                "fields" => &mut map.fields,
                "values" => &mut map.values,
                "holders" => &mut map.holders,
                "words" => {
                    for (field, lines) in lines {
                        let toml::Value::Table(lines) = lines else {
                            return Err(format!("words.{field}: a table is wanted"));
                        };
                        map.words.insert(field.clone(), texts(&format!("words.{field}"), lines)?);
                    }
                    continue;
                }
                other => {
                    return Err(format!("there is no {other:?}: states, fields, words, values, holders are known"));
                }
            };
            *place = texts(part, lines)?;
        }
        Ok(map)
    }

    /// As [`Map::read`] takes it.
    #[must_use]
    pub fn write(&self) -> String {
        let table = |lines: &IndexMap<String, String>| {
            let lines = lines.iter().map(|(from, to)| (from.clone(), toml::Value::from(to.as_str())));
            toml::Value::Table(lines.collect())
        };
        let parts =
            [("states", &self.states), ("fields", &self.fields), ("values", &self.values), ("holders", &self.holders)];
        let filled = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
        let mut all: toml::Table = filled.map(|(part, lines)| (part.to_owned(), table(lines))).collect();
        if !self.words.is_empty() {
            let words = self.words.iter().map(|(field, lines)| (field.clone(), table(lines)));
            all.insert("words".to_owned(), toml::Value::Table(words.collect()));
        }
        all.to_string()
    }

    /// Names in it that neither version has: `part.name`.
    #[must_use]
    pub fn strangers(&self, new: &Flow) -> Vec<String> {
        let states = self.states.values().filter(|state| !new.states.contains_key(*state));
        let states = states.map(|state| format!("states: {state}"));
        let fields = self.fields.values().filter(|key| !key.is_empty() && !new.fields.contains_key(*key));
        let fields = fields.map(|key| format!("fields: {key}"));
        let values = self.values.keys().filter(|key| !new.fields.contains_key(*key));
        let values = values.map(|key| format!("values: {key}"));
        let words = self.words.keys().filter(|key| !new.fields.contains_key(*key));
        let words = words.map(|key| format!("words: {key}"));
        let holders = self.holders.keys().filter(|state| !new.states.contains_key(*state));
        let holders = holders.map(|state| format!("holders: {state}"));
        let mut to: Vec<&String> = self.fields.values().filter(|key| !key.is_empty()).collect();
        to.sort();
        let twice = to.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("fields: {} twice", pair[0]));
        states.chain(fields).chain(values).chain(words).chain(holders).chain(twice).collect()
    }

    /// What leads back, as far as it can be told: where two became one, the first.
    #[must_use]
    pub fn inverse(&self) -> Map {
        let turn = |lines: &IndexMap<String, String>| {
            let mut back = IndexMap::new();
            for (from, to) in lines.iter().filter(|(_, to)| !to.is_empty()) {
                back.entry(to.clone()).or_insert_with(|| from.clone());
            }
            back
        };
        let fields = turn(&self.fields);
        let words = self.words.iter().map(|(key, lines)| (fields.get(key).unwrap_or(key).clone(), turn(lines)));
        Map { states: turn(&self.states), words: words.collect(), fields, ..Map::default() }
    }
}

fn texts(part: &str, lines: &toml::Table) -> Result<IndexMap<String, String>, String> {
    let line = |(from, to): (&String, &toml::Value)| match to {
        toml::Value::String(to) => Ok((from.clone(), to.clone())),
        _ => Err(format!("{part}.{from}: a text is wanted")),
    };
    lines.iter().map(line).collect()
}

/// Everything that a map has to say something about: what is gone, what is newly asked for.
#[must_use]
pub fn sides(old: &Flow, new: &Flow, map: &Map) -> Vec<Side> {
    let names: Vec<String> = new.states.keys().cloned().collect();
    let gone = old.states.keys().filter(|state| !new.states.contains_key(*state));
    let mut sides: Vec<Side> =
        gone.map(|state| Side { part: "states", field: None, old: state.clone(), offered: names.clone() }).collect();
    let mut taken: IndexSet<&String> = old.fields.keys().filter(|key| new.fields.contains_key(*key)).collect();
    for key in old.fields.keys() {
        if !new.fields.contains_key(key) || map.fields.contains_key(key) {
            let offered = new.fields.keys().filter(|new| !old.fields.contains_key(*new)).cloned().collect();
            sides.push(Side { part: "fields", field: None, old: key.clone(), offered });
        }
        taken.extend(map.fields.get(key));
    }
    for (key, from) in &old.fields {
        let to = map.fields.get(key).unwrap_or(key);
        let Some((old_words, to)) = words_of(from).zip(new.fields.get(to)) else { continue };
        let Some(offered) = words_of(to) else { continue };
        let gone = old_words.iter().filter(|word| !offered.contains(*word));
        sides.extend(gone.map(|word| Side {
            part: "words",
            field: Some(to.key.clone()),
            old: word.clone(),
            offered: offered.clone(),
        }));
    }
    let asked = new.fields.values().filter(|field| field.required && !matches!(field.kind, Kind::Bool));
    let asked = asked.filter(|field| !taken.contains(&field.key));
    sides.extend(asked.map(|field| Side {
        part: "values",
        field: None,
        old: field.key.clone(),
        offered: words_of(field).unwrap_or_default(),
    }));
    sides
}

/// A map with what can be guessed: names that are near; where one alone is gone and one alone is new, that one. What is not
/// clear is left out.
#[must_use]
pub fn suggest(old: &Flow, new: &Flow) -> Map {
    let mut map = Map { states: pairs(old.states.keys(), new.states.keys()), ..Map::default() };
    let (gone, fresh) = apart(old.fields.keys(), new.fields.keys());
    for key in gone {
        let label = old.fields.get(key).map_or("", |field| &field.label);
        let same = fresh.iter().find(|new_key| new.fields.get(**new_key).is_some_and(|field| field.label == label));
        let near = || nearest(key, fresh.iter().map(|key| key.as_str()));
        if let Some(found) = same.map(|key| key.as_str()).or_else(near) {
            map.fields.insert(key.clone(), found.to_owned());
        }
    }
    for (key, from) in &old.fields {
        let to = map.fields.get(key).unwrap_or(key);
        let Some(to) = new.fields.get(to) else { continue };
        if let Some((old_words, new_words)) = words_of(from).zip(words_of(to)) {
            let guessed = pairs(old_words.iter(), new_words.iter());
            if !guessed.is_empty() {
                map.words.insert(to.key.clone(), guessed);
            }
        }
    }
    map
}

fn words_of(field: &Field) -> Option<Vec<String>> {
    match &field.kind {
        Kind::Choice(choices) => Some(all_words(choices)),
        _ => None,
    }
}

/// Those of the old that are not among the new, and the other way round.
fn apart<'a>(
    old: impl Iterator<Item = &'a String> + Clone,
    new: impl Iterator<Item = &'a String> + Clone,
) -> (Vec<&'a String>, Vec<&'a String>) {
    let gone = old.clone().filter(|name| new.clone().all(|other| other != *name)).collect();
    (gone, new.filter(|name| old.clone().all(|other| other != *name)).collect())
}

fn pairs<'a>(
    old: impl Iterator<Item = &'a String> + Clone,
    new: impl Iterator<Item = &'a String> + Clone,
) -> IndexMap<String, String> {
    let (gone, fresh) = apart(old, new);
    let alone = (gone.len() == 1 && fresh.len() == 1).then(|| fresh[0].as_str());
    let guess = |name: &str| nearest(name, fresh.iter().map(|name| name.as_str())).or(alone);
    gone.into_iter().filter_map(|name| Some((name.clone(), guess(name)?.to_owned()))).collect()
}
