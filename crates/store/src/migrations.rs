//! The schema's steps, in order. They only grow: to change the schema, add `V<n+1>__what.sql` and its line here.

use refinery_core::Migration;

use crate::Error;

const STEPS: &[(&str, &str)] = &[
    ("V1__records", include_str!("../migrations/V1__records.sql")),
    ("V2__slots", include_str!("../migrations/V2__slots.sql")),
    ("V3__order_of_change", include_str!("../migrations/V3__order_of_change.sql")),
    ("V4__field_changes", include_str!("../migrations/V4__field_changes.sql")),
    ("V5__words", include_str!("../migrations/V5__words.sql")),
    ("V6__saved_views", include_str!("../migrations/V6__saved_views.sql")),
    ("V7__migration", include_str!("../migrations/V7__migration.sql")),
    ("V8__drafts", include_str!("../migrations/V8__drafts.sql")),
    ("V9__types", include_str!("../migrations/V9__types.sql")),
];

/// The newest version that this program knows.
pub(crate) fn newest() -> i64 {
    // they are numbered from 1 without a gap
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Every step, for the runner, in the words of an engine.
pub(crate) fn all(words: impl Fn(&str) -> String) -> Result<Vec<Migration>, Error> {
    STEPS
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, &words(sql)))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::corrupt("reading the schema's steps", error))
}
