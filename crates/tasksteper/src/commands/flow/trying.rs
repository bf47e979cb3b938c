//! `flow try`: an item played through a flow at the command line, as any of its people. Nothing is written to any records.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use flow::{
    Flow, Input, Severity,
    trial::{Act, Done as Tried, Obstacle, Person, Trial, is_scenarios, roles},
};
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use web::{
    view::refusal::{Names, refusal},
    words::Language,
};

use super::{FlowFile, as_file, read_one, report};
use crate::commands::{Done, Refusal, say, tell, zone_named};

/// What the prompt understands.
const HELP: &str = "\
as NAME              go on as this person; `people` lists them
create               create the item with what was set
set FIELD=VALUE      type a value into the form, kept until it is saved or pressed; nothing after = empties it
save                 save what was set
press TRIGGER        press a button, by its words or its number; what was set goes with it
say TEXT             comment on the item; before `press`: `press TRIGGER -- TEXT` sends one with it
hand over NAME       as an administrator
add NAME [GROUP…]    have somebody take part; `add NAME admin` makes an administrator of them
disable NAME         from now on nobody holds anything as NAME
show                 the item: its state, holders and fields
buttons              every button, and why those that cannot be pressed cannot
people               who takes part
history              what was done
undo                 take the last step back
scenario             what was done, as a scenario for a .test.toml file
quit                 leave";

/// Reads commands and carries them out, until there are no more.
pub(super) fn run(file: &Path, as_who: &str, write: Option<&Path>, time_zone: &str) -> Done {
    let zone = zone_named(time_zone)?;
    let (flow, others) = read(file)?;
    let others: Vec<&Flow> = others.iter().collect();
    let mut play = Play::new(&flow, &others, &zone, as_who);
    let input = std::io::stdin();
    let is_asked = input.is_terminal();
    say(format_args!("{} ({}): `help` lists what can be done", flow.name, flow.key));
    let mut failed = 0;
    prompt(&play, is_asked);
    for line in input.lock().lines() {
        let line = line.map_err(|error| Refusal::Refused(format!("standard input cannot be read: {error}")))?;
        match play.command(line.trim()) {
            Ok(Next::Quit) => break,
            Ok(Next::On) => {}
            Err(words) => {
                failed += 1;
                tell(words);
            }
        }
        prompt(&play, is_asked);
    }
    if let Some(path) = write {
        std::fs::write(path, play.scenario())
            .map_err(|error| Refusal::Refused(format!("{} cannot be written: {error}", path.display())))?;
        say(format_args!("written to {}", path.display()));
    }
    // who sits before it has seen what went wrong; a script has not
    match failed {
        0 => Ok(()),
        _ if is_asked => Ok(()),
        failed => Err(Refusal::Refused(super::count(failed, "command") + " could not be carried out")),
    }
}

fn prompt(play: &Play, is_asked: bool) {
    if is_asked {
        let state = play.trial.item().map_or("no item yet", |item| item.state.as_str());
        print_now(&format!("{} · {state}> ", play.who));
    }
}

fn print_now(text: &str) {
    let mut out = std::io::stdout();
    // Nobody reads any more: the next line from the input ends it.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The flow of a file, and those of the files beside it that can be read.
fn read(file: &Path) -> Result<(Flow, Vec<Flow>), Refusal> {
    let own = read_one(file)?;
    let mut files: Vec<FlowFile> = vec![own];
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside: Vec<PathBuf> = std::fs::read_dir(directory)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    for path in beside {
        let name = path.to_string_lossy();
        let other = name.ends_with(".toml") && !is_scenarios(&name) && path.file_name() != file.file_name();
        if let Some(file) = other.then(|| read_one(&path).ok()).flatten() {
            files.push(file);
        }
    }
    let given: Vec<flow::File> = files.iter().map(as_file).collect();
    let checked = flow::check(&given, &[], false);
    let mut flows = checked.flows.into_iter();
    let own: Vec<flow::Problem> =
        checked.problems.into_iter().filter(|problem| problem.file == files[0].name).collect();
    match flows.next().flatten() {
        Some(flow) => Ok((flow, flows.flatten().collect())),
        None => {
            report(&own, &files);
            let errors = own.iter().filter(|problem| problem.severity == Severity::Error).count();
            Err(Refusal::Refused(format!("there is nothing to try: {}", super::count(errors, "error"))))
        }
    }
}

enum Next {
    On,
    Quit,
}

/// A trial at the prompt.
struct Play<'a> {
    flow: &'a Flow,
    others: &'a [&'a Flow],
    zone: &'a TimeZone,
    who: String,
    trial: Trial<'a>,
    typed: Input,
    /// The trial before each step.
    before: Vec<Trial<'a>>,
    done: Vec<Tried>,
}

impl<'a> Play<'a> {
    fn new(flow: &'a Flow, others: &'a [&'a Flow], zone: &'a TimeZone, who: &str) -> Play<'a> {
        let now = crate::surroundings::now();
        let mut trial = Trial::new(flow, others, now, zone.clone());
        for (name, person) in roles(flow) {
            trial.add(&name, person);
        }
        trial.meet(who);
        let (before, done) = (Vec::new(), Vec::new());
        Play { flow, others, zone, who: who.to_owned(), trial, typed: Input::new(), before, done }
    }

    /// One line.
    fn command(&mut self, line: &str) -> Result<Next, String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (word, rest) {
            ("", _) => {}
            ("#", _) => {}
            ("help" | "?", "") => say(HELP),
            ("quit" | "exit", "") => return Ok(Next::Quit),
            ("as", name) if !name.is_empty() => self.go_on_as(name),
            ("create", "") => {
                let fields = std::mem::take(&mut self.typed);
                self.act(Act::Create(fields))?;
            }
            ("set", pair) if pair.contains('=') => self.set(pair)?,
            ("save", "") => {
                let fields = std::mem::take(&mut self.typed);
                self.act(Act::Save(fields))?;
            }
            ("press", trigger) if !trigger.is_empty() => self.press(trigger)?,
            ("say", text) if !text.is_empty() => self.act(Act::Comment(text.to_owned()))?,
            ("hand", rest) if rest.starts_with("over ") => {
                let to = rest["over ".len()..].trim().to_owned();
                self.trial.meet(&to);
                self.act(Act::HandOver(to))?;
            }
            ("add", names) if !names.is_empty() => self.add(names),
            ("disable", name) if !name.is_empty() => {
                let person = self.trial.people().get(name).cloned().unwrap_or_default();
                self.trial.add(name, Person { disabled: true, ..person });
            }
            ("show", "") => self.show(),
            ("buttons", "") => self.buttons(),
            ("people", "") => self.people(),
            ("history", "") => self.history(),
            ("undo", "") => self.undo()?,
            ("scenario", "") => print_now(&self.scenario()),
            _ => return Err(format!("{line:?} is not understood; `help` lists what can be done")),
        }
        Ok(Next::On)
    }

    fn go_on_as(&mut self, name: &str) {
        self.who = name.to_owned();
        self.trial.meet(name);
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        let before = self.trial.clone();
        let outcome = self.trial.act(&self.who, &act);
        let item = self.trial.item();
        let (state, holders) = (item.map(|item| item.state.clone()), item.map(|item| item.assigned_to.clone()));
        self.done.push(Tried {
            by: self.who.clone(),
            act,
            state: state.clone(),
            holders: holders.clone().unwrap_or_default(),
            refused: outcome.as_ref().err().map(Obstacle::code),
        });
        self.before.push(before);
        match outcome {
            Ok(()) => {
                let holders = holders.unwrap_or_default();
                let held = if holders.is_empty() { "nobody".to_owned() } else { holders.join(", ") };
                say(format_args!("→ {}, held by {held}", state.unwrap_or_default()));
                Ok(())
            }
            Err(obstacle) => Err(format!("refused ({}): {}", obstacle.code(), self.why(&obstacle))),
        }
    }

    fn set(&mut self, pair: &str) -> Result<(), String> {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, text) = (name.trim(), text.trim());
        let by_label = || self.flow.fields.values().find(|field| field.label == name);
        let Some(field) = self.flow.fields.get(name).or_else(by_label) else {
            let keys: Vec<&str> = self.flow.fields.keys().map(String::as_str).collect();
            return Err(format!("there is no field {name:?}; there is {}", keys.join(", ")));
        };
        let texts: Vec<&str> =
            if field.multiple { text.split(['，', ',']).map(str::trim).collect() } else { vec![text] };
        // as a form sends it, so that what may be typed there may be typed here
        self.typed.insert(field.key.clone(), flow::from_form(field, &texts, self.zone));
        if matches!(field.kind, flow::Kind::User) {
            texts.into_iter().filter(|name| !name.is_empty()).for_each(|name| self.trial.meet(name));
        }
        Ok(())
    }

    fn press(&mut self, asked: &str) -> Result<(), String> {
        let (asked, comment) = match asked.split_once(" -- ") {
            Some((trigger, comment)) => (trigger.trim(), Some(comment.trim().to_owned())),
            None => (asked, None),
        };
        let buttons = self.trial.buttons(&self.who, &self.typed);
        let by_number = asked.parse::<usize>().ok().and_then(|number| buttons.get(number.checked_sub(1)?));
        let trigger = by_number.map_or(asked, |button| button.trigger.as_str()).to_owned();
        let fields = std::mem::take(&mut self.typed);
        self.act(Act::Press { trigger, fields, comment })
    }

    fn add(&mut self, names: &str) {
        if let Some((name, person)) = Person::typed(names) {
            self.trial.add(name, person);
        }
    }

    fn show(&self) {
        let Some(item) = self.trial.item() else { return say("there is no item yet: `create` makes one") };
        if !self.trial.is_seen(&self.who) {
            return say(format_args!("{} may not see the item", self.who));
        }
        say(format_args!("{} · {}", self.flow.item_id(item.number), item.state));
        let holders = if item.assigned_to.is_empty() { "nobody".to_owned() } else { item.assigned_to.join(", ") };
        say(format_args!("held by {holders}, created by {}", item.created_by));
        for field in self.flow.fields.values() {
            let value = match self.typed.get(&field.key) {
                Some(typed) => format!("{typed} (not saved)"),
                None => spelled(&item.value(field).to_json(self.zone)),
            };
            say(format_args!("  {} ({}): {value}", field.label, field.key));
        }
    }

    fn buttons(&self) {
        let buttons = self.trial.buttons(&self.who, &self.typed);
        if buttons.is_empty() {
            return say("no button");
        }
        for (at, button) in buttons.iter().enumerate() {
            let reason = button.refusal.as_ref().map(|refused| self.words(refused));
            let missing = button.needs.iter().filter(|key| self.is_empty(key));
            let asks: Vec<&str> = missing.map(|key| self.label(key)).collect();
            let asks = if asks.is_empty() { String::new() } else { format!(", asks for {}", asks.join(", ")) };
            match reason {
                None => say(format_args!("{}. {} → {}{asks}", at + 1, button.trigger, button.dest)),
                Some(reason) => say(format_args!("{}. {} ✗ {reason}", at + 1, button.trigger)),
            }
        }
    }

    /// Whether nothing stands in a field, neither kept nor typed.
    fn is_empty(&self, key: &str) -> bool {
        let kept = || Some(self.trial.item()?.value(self.flow.fields.get(key)?).is_empty());
        self.typed.get(key).map_or_else(|| kept().unwrap_or(true), Json::is_null)
    }

    fn people(&self) {
        for (name, person) in self.trial.people() {
            let mut notes: Vec<String> = person.groups.iter().map(|group| format!("group {group}")).collect();
            notes.extend(person.admin.then(|| "administrator".to_owned()));
            notes.extend(person.disabled.then(|| "disabled".to_owned()));
            say(format_args!(
                "{name}{}",
                if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
            ));
        }
    }

    fn history(&self) {
        for (at, record) in self.trial.records().iter().enumerate() {
            let what = record.trigger.clone().unwrap_or_else(|| format!("{:?}", record.kind).to_lowercase());
            let admin = if record.by_admin { " as administrator" } else { "" };
            say(format_args!("{}. {}{admin}: {what} → {}", at + 1, record.actor, record.to));
            for (key, (old, new)) in &record.changes {
                let (old, new) = (spelled(&old.to_json(self.zone)), spelled(&new.to_json(self.zone)));
                say(format_args!("     {}: {old} → {new}", self.label(key)));
            }
        }
    }

    fn undo(&mut self) -> Result<(), String> {
        let before = self.before.pop().ok_or("nothing was done yet")?;
        self.done.pop();
        self.trial = before;
        say(format_args!("back in {}", self.trial.item().map_or("no item yet", |item| item.state.as_str())));
        Ok(())
    }

    fn scenario(&self) -> String {
        self.trial.scenario("tried by hand", &self.done)
    }

    fn why(&self, obstacle: &Obstacle) -> String {
        match obstacle {
            Obstacle::Refused(refused) => self.words(refused),
            Obstacle::OutOfTurn if self.trial.item().is_none() => "there is no item yet: `create` makes one".to_owned(),
            Obstacle::OutOfTurn => "the item is there already; `undo` takes steps back".to_owned(),
            Obstacle::Unseen => format!("{} may not see the item", self.who),
        }
    }

    fn words(&self, refused: &flow::Refusal) -> String {
        let flows: BTreeMap<String, &Flow> = self.others.iter().map(|flow| (flow.key.clone(), *flow)).collect();
        let people = BTreeMap::new();
        refusal(Language::English.words(), Names { flow: self.flow, flows: &flows, people: &people }, refused)
    }

    fn label<'f>(&'f self, key: &'f str) -> &'f str {
        self.flow.fields.get(key).map_or(key, |field| field.label.as_str())
    }
}

fn spelled(json: &Json) -> String {
    match json {
        Json::Null => "–".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
