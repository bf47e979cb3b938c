//! The clock and the source of chance: the only place that asks the system for either.

use jiff::{Timestamp, tz::TimeZone};

/// What the use cases are handed.
pub(crate) fn surroundings(zone: TimeZone) -> app::Surroundings {
    app::Surroundings { zone, clock: now, random }
}

/// The moment, to the millisecond, as records keep it.
#[expect(clippy::disallowed_methods, reason = "the binary owns the clock")]
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[expect(clippy::disallowed_methods, reason = "the binary owns the random source")]
fn random(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        // Without chance every secret would be guessable: nothing can be served.
        crate::commands::tell(format_args!("error: the system gives no random bytes: {error}"));
        std::process::exit(1);
    }
}
