//! What only the rows tell of a field: the words of choices that are in none of the files, links that look like texts.

use std::collections::BTreeMap;

use app::carry::former::Foreign;

use super::{
    field::{self, Field, Type, bare},
    project::Gathered,
    row,
};

/// A choice offers no more words than this.
const MOST_WORDS: usize = 60;

/// Makes the fields of the projects what their rows say that they are. Each project's table stands beside it.
pub(super) fn learn(
    all: &mut Gathered,
    tables: &[Option<String>],
    there: &BTreeMap<String, Vec<String>>,
    file: &Foreign,
) -> Result<(), app::Error> {
    let (projects, notes) = (&mut all.projects, &mut all.notes);
    let keys: Vec<(String, String)> =
        projects.iter().map(|project| (project.name.clone(), project.key.clone())).collect();
    for (project, table) in projects.iter_mut().zip(tables) {
        let Some(table) = table else { continue };
        let columns = there.get(table).map_or(&[][..], Vec::as_slice);
        let rows = &project.rows;
        let is_asked = |key: &str| rows.iter().any(|row| row.condition.iter().any(|(name, _)| name == key));
        for field in &mut project.fields {
            let fits = matches!(field.ty, Type::Text | Type::Url) && columns.contains(&field.name);
            if !fits || is_asked(&field.key) {
                continue;
            }
            let values = file.rows(table, &[&field.name], "id")?;
            let values: Vec<String> = values.into_iter().flatten().flatten().collect();
            let real = values.iter().map(|value| value.trim()).filter(|value| {
                let hint = field.hint.as_deref();
                !value.is_empty() && !row::is_marked(value) && hint.is_none_or(|hint| bare(value) != hint)
            });
            let real: Vec<&str> = real.collect();
            if real.is_empty() {
                continue;
            }
            if words(field, &real) {
                let about = format!("{}: the choices ", field.name);
                for note in notes.iter_mut().filter(|note| note.text.starts_with(&about)) {
                    note.text = note.text.replace(field::LOST, "it offers the words that its items have");
                }
            } else {
                links(field, &real, &keys);
            }
        }
    }
    Ok(())
}

/// Of choices that are not in the files: the words that items have, as often as they have them.
fn words(field: &mut Field, values: &[&str]) -> bool {
    if !field.lost_choices {
        return false;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values.iter().copied().chain(field.default.as_deref()) {
        *counts.entry(value).or_default() += 1;
    }
    if counts.len() > MOST_WORDS {
        return false;
    }
    let mut words: Vec<(&str, usize)> = counts.into_iter().collect();
    words.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    field.ty = Type::Choice(words.into_iter().map(|(word, _)| (word.to_owned(), word.to_owned())).collect());
    field.remarks.push("its choices were not in the files: these are the words that items have".into());
    true
}

/// Where every value is the address of an item.
fn links(field: &mut Field, values: &[&str], keys: &[(String, String)]) {
    let places: Option<Vec<(String, i64)>> = values.iter().map(|value| field::address(value, keys)).collect();
    let Some(places) = places else { return };
    let first = places.first().map(|(key, _)| key.clone());
    let same = places.iter().all(|(key, _)| Some(key) == first.as_ref());
    field.ty = Type::Item(first.filter(|_| same));
    (field.default, field.required) = (None, false);
    field.remarks = vec!["items' addresses as text in the original; now a link".into()];
}
