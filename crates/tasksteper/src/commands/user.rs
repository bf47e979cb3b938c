//! Users, groups and tokens.

use app::{
    App, Error,
    people::{self, NewUser, SYSTEM},
};

use super::{Done, Refusal, open, open_existing, password_from_stdin, say, tell};
use crate::cli::{Group, Token, User};

pub(super) fn user(command: User) -> Done {
    match command {
        User::Add { name, display, email, admin, group, password_stdin, data } => {
            let password = password_stdin.then(password_from_stdin).transpose()?;
            let app = open(&data)?;
            let password_hash = password.map(|password| app.hash_password(&password)).transpose()?;
            let without = password_hash.is_none();
            let new = NewUser { name, display, email, admin, groups: group, password_hash };
            let name = app.write(move |cx| people::add(cx, SYSTEM, &new))?;
            say(format_args!("added {name}"));
            if without {
                tell(format_args!("note: {name} has no password yet: tasksteper user passwd {name} --password-stdin"));
            }
            Ok(())
        }
        User::List { data } => {
            let users = open_existing(&data)?.read(people::users)?;
            let rows = users.into_iter().map(|user| {
                let flags = [(user.admin, "admin"), (!user.active, "disabled")];
                let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
                let groups: Vec<String> = user.groups.into_iter().collect();
                vec![user.name, user.display, user.email.unwrap_or_default(), flags.join(","), groups.join(",")]
            });
            table(&["NAME", "DISPLAY", "EMAIL", "FLAGS", "GROUPS"], rows.collect());
            Ok(())
        }
        User::Passwd { name, password_stdin, data } => {
            if !password_stdin {
                return Err(Refusal::Usage(
                    "give --password-stdin and the password on the first line of standard input".to_owned(),
                ));
            }
            let password = password_from_stdin()?;
            let app = open_existing(&data)?;
            let hash = app.hash_password(&password)?;
            let of = name.clone();
            app.write(move |cx| people::set_password(cx, SYSTEM, &of, &hash))?;
            say(format_args!("set the password of {name}"));
            Ok(())
        }
        User::Disable { name, hand_over, data } => disable(&open_existing(&data)?, &name, hand_over.as_deref()),
    }
}

pub(super) fn group(command: &Group) -> Done {
    let Group::List { data } = command;
    let groups = open_existing(data)?.read(people::groups)?;
    table(&["NAME", "MEMBERS"], groups.into_iter().map(|group| vec![group.name, group.members.join(",")]).collect());
    Ok(())
}

pub(super) fn token(command: Token) -> Done {
    let Token::Create { user, name, expires, data } = command;
    let lifetime_ms = match expires.as_deref() {
        None => None,
        Some(text) => Some(lifetime_ms(text)?),
    };
    let secret = open_existing(&data)?.create_token(&user, &name, lifetime_ms)?;
    say(secret);
    Ok(())
}

fn lifetime_ms(text: &str) -> Result<i64, Refusal> {
    let minutes = flow::duration_minutes(text).and_then(|minutes| i64::try_from(minutes).ok()?.checked_mul(60_000));
    minutes.ok_or_else(|| {
        Refusal::Usage(format!("--expires: {text:?} is no time; give one like 30m, 4h, 90d, 2w or 1d12h"))
    })
}

fn disable(app: &App, name: &str, hand_over: Option<&str>) -> Done {
    let disabled = people::disable(app, &people::system(), name, hand_over).map_err(|error| match error {
        Error::Input(problems) => {
            Refusal::Refused(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        other => Refusal::from(other),
    })?;
    say(format_args!("disabled {name}"));
    if let Some(to) = hand_over {
        say(format_args!("handed over to {to}: {}", disabled.handed_over.len()));
    }
    if !disabled.still_held.is_empty() {
        say(format_args!("still held by {name}: {}", disabled.still_held.len()));
        for id in disabled.still_held {
            say(id);
        }
    }
    Ok(())
}

/// Prints rows in columns as wide as they need, the last one open.
pub(super) fn table(head: &[&str], rows: Vec<Vec<String>>) {
    let head = head.iter().map(|&cell| cell.to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| shown_width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - shown_width(cell) + 2));
        }
        say(line.trim_end());
    }
}

/// Columns of a terminal: Chinese characters take two.
fn shown_width(text: &str) -> usize {
    text.chars()
        .map(|c| if ('\u{1100}'..='\u{115f}').contains(&c) || ('\u{2e80}'..='\u{ffef}').contains(&c) { 2 } else { 1 })
        .sum()
}
