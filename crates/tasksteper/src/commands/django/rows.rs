//! The items of the original's tables: found, read, carried in, all in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Read as _,
    sync::Arc,
};

use app::{
    App,
    carry::{
        former::{self, Foreign, Former, Outcome},
        import::{Trouble, What},
    },
    people,
    publish::{self, FlowFile},
};
use flow::{Actor, Flow};
use web::{
    carry::import::sentence,
    words::{Language, Words},
};

use super::{
    super::{Done, Refusal, backup::bar, carry::actor, from_error, open, open_existing, say, tell},
    Made, learn,
    people::People,
    project::{Gathered, Project},
    row::{Read, Reader},
    write,
};
use crate::cli::ImportDjango;

/// Rows that are said on stderr, at most.
const MOST_SAID: usize = 200;

type Tables = BTreeMap<String, Vec<String>>;

/// The original's database.
pub(super) struct Source {
    name: String,
    file: Foreign,
    there: Tables,
    /// Each project's table.
    tables: BTreeMap<String, Option<String>>,
}

impl Source {
    /// Finds the projects' tables; what only their rows say is learnt.
    pub(super) fn open(asked: &ImportDjango, all: &mut Gathered) -> Result<Option<Source>, Refusal> {
        let Some(path) = &asked.db else { return Ok(None) };
        let name = path.display().to_string();
        let mut head = [0; 16];
        let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head));
        read.map_err(|error| Refusal::Refused(format!("{name}: {error}")))?;
        if &head != b"SQLite format 3\0" {
            return Err(Refusal::Refused(format!("{name}: this is no SQLite database")));
        }
        let broken = |error: app::Error| Refusal::Refused(format!("{name}: {}", from_error(&error)));
        let file = Foreign::open(path).map_err(app::Error::from).map_err(broken)?;
        let there = file.tables().map_err(app::Error::from).map_err(broken)?;
        let tables = all.projects.iter().map(|project| table(asked.app.as_deref(), project, &there));
        let tables = tables.collect::<Result<Vec<_>, _>>()?;
        if tables.iter().all(Option::is_none) {
            let models: Vec<&str> = all.projects.iter().map(|project| project.model.as_str()).collect();
            return Err(Refusal::Refused(format!("{name}: no table of the models {}", models.join(", "))));
        }
        learn::learn(all, &tables, &there, &file).map_err(broken)?;
        let tables = all.projects.iter().map(|project| project.key.clone()).zip(tables).collect();
        Ok(Some(Source { name, file, there, tables }))
    }
}

/// Publishes the flows that are not published yet, then carries the items in.
pub(super) fn carry(asked: &ImportDjango, source: &Source, made: &[Made]) -> Done {
    let broken = |error: app::Error| Refusal::Refused(format!("{}: {}", source.name, from_error(&error)));
    let app = if asked.dry_run { open_existing(&asked.data)? } else { open(&asked.data)? };
    let who = actor(&app, asked.actor.as_deref())?;
    let mut people = People::new(&app.read(people::users)?, &asked.map)?;
    let flows = flows(&app, made, asked.dry_run)?;
    let accounts = accounts(&source.file, &source.there).map_err(broken)?;
    let keys: Vec<(String, String)> =
        made.iter().map(|one| (one.project.name.clone(), one.project.key.clone())).collect();
    let mut found: Vec<(String, Read)> = Vec::new();
    for (one, rules) in made.iter().zip(flows) {
        let Some(table) = source.tables.get(&one.project.key).and_then(Option::as_ref) else {
            tell(format_args!("no table for the model {}: {} gets no items", one.project.model, one.project.key));
            continue;
        };
        let (columns, reader) = reader(one, rules, &source.there[table], &accounts, &keys);
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let rows = source.file.rows(table, &columns, "id").map_err(app::Error::from).map_err(broken)?;
        let bar = bar::counted("read", u64::try_from(rows.len()).unwrap_or(0));
        for values in rows {
            let read = reader.read(&values, &mut people);
            found.push((format!("{table} {}", read.item.number), read));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    settle(&app, &who, found, (&people, asked.dry_run))
}

/// Each project's rules: as they are published, or as they will be.
fn flows(app: &App, made: &[Made], dry: bool) -> Result<Vec<(Arc<Flow>, i64)>, Refusal> {
    let keys: Vec<String> = made.iter().map(|one| one.project.key.clone()).collect();
    let known: BTreeSet<String> = app.read(|cx| Ok(cx.flows.all().map(|known| known.flow.key.clone()).collect()))?;
    let files: Vec<FlowFile> = made
        .iter()
        .filter(|one| !known.contains(&one.project.key))
        .map(|one| FlowFile { name: write::file_name(&one.project), text: one.written.text.clone() })
        .collect();
    for key in keys.iter().filter(|key| known.contains(*key)) {
        tell(format_args!("{key} is published already: its items follow the rules that are there"));
    }
    if dry {
        let read = |file: &FlowFile| flow::read(&flow::File { name: &file.name, text: &file.text }).0;
        let new: HashMap<String, Arc<Flow>> =
            files.iter().filter_map(read).map(|flow| (flow.key.clone(), Arc::new(flow))).collect();
        return app
            .read(|cx| {
                let one = |key: &String| match (new.get(key), cx.flows.get(key)) {
                    (Some(flow), _) => Some((Arc::clone(flow), 1)),
                    (None, known) => known.map(|known| (Arc::clone(&known.flow), known.version)),
                };
                keys.iter().map(one).collect::<Option<Vec<_>>>().ok_or(app::Error::NotFound)
            })
            .map_err(Refusal::from);
    }
    if !files.is_empty() {
        let given = files.clone();
        let (outcomes, _) = app
            .write(move |cx| publish::apply(cx, &people::system(), &files, &publish::Terms::default()))
            .map_err(|error| super::super::flow::refused(error, &given))?;
        for outcome in outcomes {
            say(format_args!("published {} version {} ({})", outcome.key, outcome.version, outcome.name));
        }
    }
    let found = app.read(|cx| {
        let one = |key: &String| {
            let known = cx.flows.get(key).ok_or(app::Error::NotFound)?;
            if known.archived {
                return Err(app::Error::Archived(known.flow.name.clone()));
            }
            Ok((Arc::clone(&known.flow), known.version))
        };
        keys.iter().map(one).collect()
    })?;
    Ok(found)
}

/// Django's own users, by number.
fn accounts(file: &Foreign, tables: &Tables) -> Result<HashMap<String, String>, app::Error> {
    if !tables.get("auth_user").is_some_and(|columns| columns.iter().any(|column| column == "username")) {
        return Ok(HashMap::new());
    }
    let rows = file.rows("auth_user", &["id", "username"], "id")?;
    let pair = |row: Vec<Option<String>>| <[Option<String>; 2]>::try_from(row).ok();
    Ok(rows.into_iter().filter_map(pair).filter_map(|[id, name]| Some((id?, name?))).collect())
}

/// The table of a model: `<app>_<model>`, as Django names it, or as the model says.
fn table(app: Option<&str>, project: &Project, tables: &Tables) -> Result<Option<String>, Refusal> {
    let model = project.model.to_lowercase();
    if let Some(named) = &project.table {
        return Ok(tables.contains_key(named).then(|| named.clone()));
    }
    if let Some(app) = app {
        let named = format!("{}_{model}", app.to_lowercase());
        return Ok(tables.contains_key(&named).then_some(named));
    }
    let end = format!("_{model}");
    let found: Vec<&String> = tables.keys().filter(|name| name.ends_with(&end)).collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => {
            let names = found.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            Err(Refusal::Refused(format!("{names}: say with --app which of these tables is meant")))
        }
    }
}

/// What the table's columns are, and those that are asked for: the number first.
fn reader<'a>(
    made: &'a Made,
    (flow, version): (Arc<Flow>, i64),
    there: &[String],
    accounts: &'a HashMap<String, String>,
    keys: &'a [(String, String)],
) -> (Vec<String>, Reader<'a>) {
    let names: Vec<&str> = made.project.fields.iter().map(|field| field.name.as_str()).collect();
    let is_known = |name: &str| names.contains(&name) || super::field::BUILT_IN.contains(&name);
    let mut reader = Reader {
        project: &made.project,
        flow,
        version,
        columns: Vec::new(),
        others: Vec::new(),
        by_number: Vec::new(),
        accounts,
        keys,
    };
    let mut asked = vec!["id".to_owned()];
    for column in there.iter().filter(|column| *column != "id") {
        let at = asked.len();
        asked.push(column.clone());
        // A relation to a user is a column with the user's number.
        let relation = column.strip_suffix("_id").filter(|name| !is_known(column) && is_known(name));
        if let Some(name) = relation {
            reader.by_number.push(name.to_owned());
            reader.columns.push((name.to_owned(), at));
        } else if is_known(column) {
            reader.columns.push((column.clone(), at));
        } else {
            reader.others.push((column.clone(), at));
        }
    }
    (asked, reader)
}

/// Carries in what can be, and says what became of everything.
fn settle(app: &App, who: &Actor, found: Vec<(String, Read)>, (people, dry): (&People, bool)) -> Done {
    let words = Language::English.words();
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut lines = Vec::new();
    let (mut items, mut names): (Vec<Former>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, read) in found {
        let count = counts.entry(read.item.flow.key.clone()).or_default();
        lines.extend(read.said.iter().map(|said| format!("{name}: {said}")));
        if read.nobody {
            count.refused += 1;
        } else {
            names.push(name);
            items.push(read.item);
        }
    }
    let items: Arc<[Former]> = items.into();
    let outcomes = if dry {
        app.read(|cx| former::dry(cx, who, &items))?
    } else {
        let (items, who) = (Arc::clone(&items), who.clone());
        app.write(move |cx| former::take_in(cx, &who, &items))?
    };
    for ((name, item), outcome) in names.iter().zip(items.iter()).zip(outcomes) {
        let count = counts.entry(item.flow.key.clone()).or_default();
        match outcome {
            Outcome::Created => count.created += 1,
            Outcome::There => count.there += 1,
            Outcome::NotAllowed => {
                count.refused += 1;
                lines.push(format!("{name}: who imports may not create items of this flow"));
            }
            Outcome::Refused(problems) => {
                count.refused += 1;
                lines.push(format!("{name}: {}", refused(words, &item.flow, problems)));
            }
        }
    }
    for line in lines.iter().take(MOST_SAID) {
        tell(line);
    }
    if lines.len() > MOST_SAID {
        tell(format_args!("… and {} lines more", lines.len() - MOST_SAID));
    }
    for (name, times) in &people.unknown {
        tell(format_args!("nobody here is {name:?} (met {times} times): add the user, or say --map '{name}=USER'"));
    }
    if counts.is_empty() {
        say("there are no items in the database");
    }
    let mut total = 0;
    for (key, Counts { created, there, refused }) in &counts {
        let would = if dry { "would be " } else { "" };
        say(format_args!("{key}: {would}created {created}, there already {there}, refused {refused}"));
        total += refused;
    }
    match total {
        0 => Ok(()),
        1 => Err(Refusal::Refused("1 item was refused".to_owned())),
        many => Err(Refusal::Refused(format!("{many} items were refused"))),
    }
}

#[derive(Default)]
struct Counts {
    created: u64,
    there: u64,
    refused: u64,
}

fn refused(words: &Words, flow: &Flow, problems: Vec<flow::FieldProblem>) -> String {
    let trouble = |problem: flow::FieldProblem| Trouble { field: problem.field, what: What::Wrong(problem.what) };
    sentence(words, flow, &problems.into_iter().map(trouble).collect::<Vec<_>>())
}
