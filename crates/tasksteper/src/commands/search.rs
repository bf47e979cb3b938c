//! Finding items.

use app::{
    Error,
    people::system,
    search::{self, Search},
    work::Part,
};

use super::{Done, Refusal, open_existing, say, tell};
use crate::cli;

pub(super) fn run(command: cli::Search) -> Done {
    let cli::Search { query, flow, limit, data } = command;
    let asked = Search { query: query.join(" "), flow, part: Part { cursor: None, limit } };
    let found =
        open_existing(&data)?.read(|cx| search::search(cx, &system(), &asked)).map_err(|error| match error {
            Error::NotFound => {
                Refusal::Refused(format!("no flow {:?} is published", asked.flow.as_deref().unwrap_or_default()))
            }
            other => Refusal::from(other),
        })?;
    for hit in &found.hits {
        // a title may hold what would make two lines of one
        let title: Vec<&str> = hit.row.title.split_whitespace().collect();
        say(format_args!("{}\t{}\t{}", hit.row.id, hit.row.state, title.join(" ")));
    }
    let left = found.total.count - i64::try_from(found.hits.len()).unwrap_or(i64::MAX);
    if left > 0 {
        tell(format_args!("and {left}{} more", if found.total.capped { "+" } else { "" }));
    }
    Ok(())
}
