//! `flow migrate`: items of older versions go on under a newer one.

use std::{collections::BTreeMap, fs};

use app::{
    App,
    migrate::{self, Lacking, Order, Outlook},
};
use flow::{Lack, Map};

use super::{
    super::{Done, Refusal, backup::bar, carry, from_error, open_existing, say, tell},
    count, unreadable,
};
use crate::cli::Migrate;

/// Numbers of items on a line.
const MOST: usize = 20;

pub(super) fn run(asked: &Migrate) -> Done {
    let map = match &asked.map {
        None => None,
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
            let refused = |why| Refusal::Refused(format!("{}: {why}", path.display()));
            Some(Map::read(&text).map_err(refused)?)
        }
    };
    let app = open_existing(&asked.data)?;
    let actor = carry::actor(&app, asked.actor.as_deref())?;
    let order = Order { key: asked.key.clone(), version: asked.to, map, closed: asked.closed };
    let refused = |error| match error {
        app::Error::NotFound if asked.undo => {
            Refusal::Refused(format!("no migration of {:?} can be taken back", asked.key))
        }
        app::Error::NotFound => match asked.to {
            Some(version) => Refusal::Refused(format!("there is no version {version} of {:?}", asked.key)),
            None => Refusal::Refused(format!("there is no flow {:?}", asked.key)),
        },
        other => Refusal::Refused(from_error(&other)),
    };
    let done = if asked.undo {
        let bar = bar::counted("undo", 0);
        let done = migrate::undo(&app, &actor, &asked.key, &mut |done| bar.set_position(done));
        bar.finish_and_clear();
        told(&done.map_err(refused)?, "taken back")
    } else if asked.print_map {
        print_map(&app, &actor, &order).map_err(refused)
    } else if asked.dry_run {
        let outlook = app.read(|cx| migrate::outlook(cx, &actor, &order, &mut |_| {})).map_err(refused)?;
        tell_outlook(&outlook)
    } else {
        let bar = bar::counted("migrate", 0);
        let done = migrate::run(&app, &actor, &order, &mut |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        match done.map_err(refused)? {
            Ok(done) => told(&done, "migrated"),
            Err(outlook) => tell_outlook(&outlook),
        }
    };
    app.close();
    done
}

fn told(done: &migrate::Done, what: &str) -> Done {
    say(format_args!("{what} {}", count(usize::try_from(done.moved).unwrap_or(usize::MAX), "item")));
    tell_lacks(&done.lacks);
    if done.lacks.is_empty() {
        return Ok(());
    }
    Err(Refusal::Refused(
        "not finished: some items would be stranded and were left; mend them and run it again".to_owned(),
    ))
}

fn print_map(app: &App, actor: &flow::Actor, order: &Order) -> Result<(), app::Error> {
    let migrate::Beside { olds, new, map, version } = app.read(|cx| migrate::beside(cx, actor, order))?;
    say(format_args!("# {} to version {version}", order.key));
    for side in olds.iter().flat_map(|old| flow::sides(old, &new, &map)) {
        let part = side.field.map_or_else(|| side.part.to_owned(), |field| format!("{}.{field}", side.part));
        let offered = if side.offered.is_empty() { "any".to_owned() } else { side.offered.join(", ") };
        say(format_args!("# {part}: {} -> {offered}", side.old));
    }
    say(format_args!("\n{}", map.write().trim_end()));
    Ok(())
}

fn tell_outlook(outlook: &Outlook) -> Done {
    for (group, items) in &outlook.groups {
        let to = group.to.as_deref().unwrap_or("(stranded)");
        let fields = if group.fields.is_empty() { String::new() } else { format!(" [{}]", group.fields.join(", ")) };
        say(format_args!("{items:>8}  version {} {} -> {to}{fields}", group.version, group.from));
    }
    say(format_args!("{:>8}  in all, to version {}", outlook.total, outlook.version));
    tell_lacks(&outlook.lacks);
    match outlook.stranded {
        0 => Ok(()),
        stranded => Err(Refusal::Refused(format!("nothing was changed: {stranded} would be stranded"))),
    }
}

fn tell_lacks(lacks: &BTreeMap<Lack, Lacking>) {
    for (lack, of) in lacks {
        let what = match lack {
            Lack::State(state) => format!("the state {state:?} is gone: say in [states] what it becomes"),
            Lack::Field(key) => format!("the field {key:?} is gone: say in [fields] what it becomes, or \"\""),
            Lack::Value(key, value) => format!("{key:?} cannot hold {value:?}: say in [words.{key}] what it becomes"),
            Lack::Required(key) => format!("{key:?} is required and empty: say in [values] what stands there"),
            Lack::Holder => "nobody active would hold it: say in [holders] who does".to_owned(),
            Lack::Button => "nobody active could press anything".to_owned(),
            Lack::End => "no way would lead to an end".to_owned(),
        };
        let numbers: Vec<String> = of.numbers.iter().take(MOST).map(ToString::to_string).collect();
        let more = if of.count > MOST as u64 { ", …" } else { "" };
        tell(format_args!("{} x {what} ({}{more})", of.count, numbers.join(", ")));
    }
}
