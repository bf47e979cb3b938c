//! The demo: the shipped flows and a story of three months, told by running the real use cases; then it serves.

mod story;

use std::path::Path;

use app::{
    App,
    people::{self, NewUser, SYSTEM},
    publish::{self, FlowFile},
};

use super::{Done, Refusal, say, serve};
use crate::cli::Demo;

/// Everyone's password in the demo.
const PASSWORD: &str = "tasksteper-demo";

/// The shipped flows. Those that others link to come first, so that the menu shows them in this order.
pub(super) const FLOWS: [(&str, &str); 4] = [
    ("issue_track.toml", include_str!("../../../../flows/issue_track.toml")),
    ("device_card.toml", include_str!("../../../../flows/device_card.toml")),
    ("improvement.toml", include_str!("../../../../flows/improvement.toml")),
    ("buglist.toml", include_str!("../../../../flows/buglist.toml")),
];

pub(super) fn run(demo: &Demo) -> Done {
    if !demo.listen.ip().is_loopback() {
        return Err(Refusal::Usage(format!(
            "--listen: {} is not a loopback address; the demo's password is public, so it listens on 127.0.0.1 or [::1] only",
            demo.listen
        )));
    }
    let temporary = match &demo.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|error| {
            Refusal::Refused(format!("no temporary directory can be made: {error}; give one with --data"))
        })?),
    };
    let directory = demo.data.as_deref().or(temporary.as_ref().map(tempfile::TempDir::path)).unwrap_or(Path::new("."));
    let app = super::open_at(&super::place(directory, &demo.records)?, super::SERVER_PATIENCE, &demo.records)?;
    serve::log("warn");
    let is_new = app.read(|cx| Ok(cx.flows.all().next().is_none() && people::users(cx)?.is_empty()))?;
    if is_new {
        fill(&app)?;
    }
    let config = web::Config::default();
    serve::listen(app, config, demo.listen, std::time::Duration::ZERO, |address, _| {
        say(format_args!("listening on http://{address}"));
        if is_new {
            say("users: admin, engineer (维护人员), delegate (维护代表), architect (SE)");
            say(format_args!("password: {PASSWORD}"));
        } else {
            say("the data are as the last run left them");
        }
        say("stop with Ctrl-C");
    })
}

fn fill(app: &App) -> Done {
    let story = story::read().map_err(Refusal::Refused)?;
    let hash = app.hash_password(PASSWORD)?;
    let users: Vec<NewUser> = story
        .users
        .iter()
        .map(|user| NewUser {
            name: user.name.clone(),
            display: Some(user.display.clone()),
            email: None,
            admin: user.admin,
            groups: user.groups.clone(),
            password_hash: Some(hash.clone()),
        })
        .collect();
    let beginning = story.beginning(app);
    app.write_at(beginning, move |cx| {
        for user in &users {
            people::add(cx, SYSTEM, user)?;
        }
        let file = |&(name, text): &(&str, &str)| FlowFile { name: name.to_owned(), text: text.to_owned() };
        publish::apply(cx, &people::system(), &FLOWS.iter().map(file).collect::<Vec<_>>(), &publish::Terms::default())?;
        Ok(())
    })?;
    story.tell(app).map_err(Refusal::Refused)
}
