//! The demo's story: read from `demo/story.toml`, told step by step in the order of time.

use std::collections::{BTreeSet, HashMap};

use app::{
    App, Error,
    item::{self, ItemView, Press},
    views::{self, Kept, Look},
};
use flow::{Actor, Input, Value};
use jiff::{Span, Timestamp, Zoned, civil::Time};
use serde::Deserialize;

const STORY: &str = include_str!("../../../demo/story.toml");

/// The whole story.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    #[serde(rename = "user")]
    pub(super) users: Vec<User>,
    #[serde(rename = "item")]
    items: Vec<Item>,
    #[serde(rename = "view")]
    views: Vec<View>,
}

/// Someone in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) display: String,
    #[serde(default)]
    pub(super) admin: bool,
    #[serde(default)]
    pub(super) groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    flow: String,
    name: String,
    #[serde(rename = "step", default)]
    steps: Vec<Step>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: String,
    by: String,
    r#do: String,
    #[serde(default)]
    fields: Input,
    comment: Option<String>,
    opens: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    flow: String,
    by: String,
    name: String,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    query: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    columns: String,
    #[serde(default)]
    group: String,
}

/// Where an item of the story is, once it is there.
type Places = HashMap<String, (String, i64)>;

pub(super) fn read() -> Result<Story, String> {
    toml::from_str(STORY).map_err(|error| format!("the demo's story: {error}"))
}

impl Story {
    /// A moment before the first step.
    pub(super) fn beginning(&self, app: &App) -> Timestamp {
        let now = app.now().to_zoned(app.zone().clone());
        let steps = self.items.iter().flat_map(|item| &item.steps);
        let first = steps.filter_map(|step| moment(&step.at, &now)).map(|at| at.timestamp()).min();
        first.unwrap_or(app.now()).checked_sub(Span::new().hours(1)).unwrap_or(app.now())
    }

    /// Tells it: every step through the use case that a person would have used.
    pub(super) fn tell(&self, app: &App) -> Result<(), String> {
        let now = app.now().to_zoned(app.zone().clone());
        let mut steps = Vec::new();
        for item in &self.items {
            for step in &item.steps {
                let at = moment(&step.at, &now).ok_or_else(|| format!("{}: {:?} is no time", item.name, step.at))?;
                steps.push((at, item, step));
            }
        }
        steps.sort_by_key(|(at, ..)| at.timestamp());
        let mut places = Places::new();
        for (at, item, step) in steps {
            let told = self.take(app, &at, item, step, &mut places);
            told.map_err(|why| format!("the demo's story: {} at {}: {}: {why}", item.name, step.at, step.r#do))?;
        }
        for view in &self.views {
            self.keep(app, view).map_err(|why| format!("the demo's story: the view {}: {why}", view.name))?;
        }
        Ok(())
    }

    fn actor(&self, name: &str) -> Result<Actor, String> {
        let user = self.users.iter().find(|user| user.name == name).ok_or("who is that?")?;
        let groups: BTreeSet<String> = user.groups.iter().cloned().collect();
        Ok(Actor { name: user.name.clone(), admin: user.admin, groups })
    }

    fn keep(&self, app: &App, view: &View) -> Result<(), String> {
        let actor = self.actor(&view.by)?;
        let View { flow, name, query, sort, columns, group, .. } = view;
        let [query, sort, columns, group] = [query, sort, columns, group].map(String::clone);
        let kept = Kept { name: name.clone(), shared: view.shared, look: Look { query, sort, columns, group } };
        let (flow, id) = (flow.clone(), app.view_id());
        app.write(move |cx| views::keep(cx, &actor, &flow, &id, &kept)).map_err(|error| error.to_string())
    }

    fn take(&self, app: &App, at: &Zoned, item: &Item, step: &Step, places: &mut Places) -> Result<(), String> {
        let actor = self.actor(&step.by)?;
        let mut fields = step.fields.clone();
        for value in fields.values_mut() {
            fill_in(value, at, places)?;
        }
        let view = act(app, at.timestamp(), actor, item, step, fields, places)?;
        if let Some(view) = view {
            if let Some(opened) = &step.opens {
                places.insert(
                    opened.trim_start_matches('@').to_owned(),
                    opened_by(&view, &step.r#do).ok_or("it opened nothing")?,
                );
            }
            places.insert(item.name.clone(), (item.flow.clone(), view.item.number));
        }
        Ok(())
    }
}

fn act(
    app: &App,
    at: Timestamp,
    actor: Actor,
    item: &Item,
    step: &Step,
    fields: Input,
    places: &Places,
) -> Result<Option<ItemView>, String> {
    let flow = item.flow.clone();
    let done = if step.r#do == "create" {
        app.write_at(at, move |cx| item::create(cx, &actor, &flow, &fields).map(Some))
    } else {
        let number = places.get(&item.name).ok_or("it is not there yet")?.1;
        let comment = step.comment.clone();
        match step.r#do.as_str() {
            "save" => app.write_at(at, move |cx| item::save(cx, &actor, (&flow, number), None, &fields).map(Some)),
            "comment" => app.write_at(at, move |cx| {
                item::comment(cx, &actor, (&flow, number), comment.as_deref().unwrap_or_default()).map(|_| None)
            }),
            "assign" => {
                let to = step.to.clone().unwrap_or_default();
                app.write_at(at, move |cx| item::hand_over(cx, &actor, (&flow, number), &to).map(Some))
            }
            trigger => {
                let press = Press { trigger: trigger.to_owned(), revision: None, fields, comment };
                app.write_at(at, move |cx| item::press(cx, &actor, (&flow, number), &press).map(Some))
            }
        }
    };
    done.map_err(|error: Error| error.to_string())
}

/// The item that pressing `trigger` has opened: the newest in the link of its row.
fn opened_by(view: &ItemView, trigger: &str) -> Option<(String, i64)> {
    let rows = view.flow.transitions.iter().filter(|row| row.trigger == trigger);
    let link = rows.filter_map(|row| row.create.as_ref()).map(|open| &open.link).next()?;
    let text = match view.item.fields.get(link)? {
        Value::Text(text) => text,
        Value::List(list) => list.last()?,
        _ => return None,
    };
    let (flow, number) = text.split_once('/')?;
    Some((flow.to_owned(), number.parse().ok()?))
}

/// `-73d 09:12`: that many days ago at that time of day; `-26h`, `-12m`: that long ago.
fn moment(text: &str, now: &Zoned) -> Option<Zoned> {
    match text.split_once(' ') {
        Some((days, time)) => {
            let days: i64 = days.strip_suffix('d')?.parse().ok()?;
            let time: Time = time.parse().ok()?;
            now.date()
                .checked_add(Span::new().try_days(days).ok()?)
                .ok()?
                .to_datetime(time)
                .to_zoned(now.time_zone().clone())
                .ok()
        }
        None => {
            let unit = text.chars().last()?;
            let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
            let span = match unit {
                'h' => Span::new().try_hours(count),
                'm' => Span::new().try_minutes(count),
                _ => return None,
            };
            now.checked_add(span.ok()?).ok()
        }
    }
}

/// Fills in what a value refers to: `@name` is an item; `{ymd}`, `{iso}`, `{md}` (`{iso-2}`: two days before) the step's day.
fn fill_in(value: &mut serde_json::Value, at: &Zoned, places: &Places) -> Result<(), String> {
    match value {
        serde_json::Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(value, at, places)),
        serde_json::Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                let (flow, number) = places.get(name).ok_or_else(|| format!("there is no {name:?} yet"))?;
                *text = format!("{flow}/{number}");
            } else {
                *text = with_days(text, at)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn with_days(text: &str, at: &Zoned) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, after) = after.split_once('}').ok_or("a { is not closed")?;
        let (form, days) = match word.find(['+', '-']) {
            Some(sign) => (&word[..sign], word[sign..].parse::<i64>().map_err(|_| format!("{word:?} is no day"))?),
            None => (word, 0),
        };
        let day = Span::new().try_days(days).and_then(|span| at.date().checked_add(span));
        let day = day.map_err(|_| format!("{word:?} is no day"))?;
        filled.push_str(before);
        filled.push_str(&match form {
            "ymd" => day.strftime("%Y%m%d").to_string(),
            "iso" => day.strftime("%Y-%m-%d").to_string(),
            "md" => day.strftime("%m-%d").to_string(),
            _ => return Err(format!("{word:?} is no day")),
        });
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
