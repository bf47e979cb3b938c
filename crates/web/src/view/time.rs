//! Times as people read them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::words::Words;

/// A moment: how long ago, and exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// `12 分钟前`, or the day when it was long ago.
    pub relative: String,
    /// `2026-11-19 08:12`
    pub exact: String,
}

impl When {
    /// `at`, seen from `now`.
    #[must_use]
    pub fn new(words: &Words, zone: &TimeZone, at: Timestamp, now: Timestamp) -> When {
        let exact = exact(zone, at);
        let relative = match words.ago(now.as_second().saturating_sub(at.as_second())) {
            Some(text) => text.to_owned(),
            None => exact.get(..10).unwrap_or(&exact).to_owned(),
        };
        When { relative, exact }
    }
}

/// `2026-11-19 08:12`
#[must_use]
pub fn exact(zone: &TimeZone, at: Timestamp) -> String {
    let local = zone.to_datetime(at);
    let mut text = String::with_capacity(16);
    push_day(&mut text, local.date());
    text.push(' ');
    push_two(&mut text, local.hour());
    text.push(':');
    push_two(&mut text, local.minute());
    text
}

/// `2026-11-19T08:12`, as `<input type=datetime-local>` wants it.
#[must_use]
pub fn for_input(zone: &TimeZone, at: Timestamp) -> String {
    exact(zone, at).replacen(' ', "T", 1)
}

/// `1 天 3 小时`: the two largest units, minutes the smallest.
#[must_use]
pub fn duration(words: &Words, seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => return words.word("time-under-a-minute").to_owned(),
        (0, 0, m) => [words.one("time-minutes", "n", m), String::new()],
        (0, h, 0) => [words.one("time-hours", "n", h), String::new()],
        (0, h, m) => [words.one("time-hours", "n", h), words.one("time-minutes", "n", m)],
        (d, 0, _) => [words.one("time-days", "n", d), String::new()],
        (d, h, _) => [words.one("time-days", "n", d), words.one("time-hours", "n", h)],
    };
    parts.join(" ").trim_end().to_owned()
}

fn push_day(text: &mut String, day: Date) {
    let year = day.year();
    match u8::try_from(year / 100) {
        Ok(century) if century < 100 => {
            push_two(text, i8::try_from(century).unwrap_or(0));
            push_two(text, i8::try_from(year % 100).unwrap_or(0));
        }
        _ => text.push_str(&year.to_string()),
    }
    text.push('-');
    push_two(text, day.month());
    text.push('-');
    push_two(text, day.day());
}

fn push_two(text: &mut String, number: i8) {
    let number = number.unsigned_abs();
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn moments_read_as_people_say_them() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now = at("2026-11-22T08:00:00Z");
        let check = |language: Language, then: &str, relative: &str, exact: &str| {
            let when = When::new(language.words(), &zone, at(then), now);
            assert_eq!((when.relative.as_str(), when.exact.as_str()), (relative, exact));
        };
        check(Language::Chinese, "2026-11-22T07:59:30Z", "刚刚", "2026-11-22 15:59");
        check(Language::Chinese, "2026-11-22T07:48:00Z", "12 分钟前", "2026-11-22 15:48");
        check(Language::Chinese, "2026-11-22T05:01:00Z", "2 小时前", "2026-11-22 13:01");
        check(Language::English, "2026-11-22T06:59:00Z", "1 hour ago", "2026-11-22 14:59");
        check(Language::English, "2026-11-19T00:12:00Z", "3 days ago", "2026-11-19 08:12");
        check(Language::Chinese, "2026-08-01T00:12:00Z", "2026-08-01", "2026-08-01 08:12");
        check(Language::Chinese, "2026-11-22T08:10:00Z", "刚刚", "2026-11-22 16:10");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let check = |language: Language, seconds, text| assert_eq!(duration(language.words(), seconds), text);
        check(Language::Chinese, 30, "不到 1 分钟");
        check(Language::Chinese, 12 * 60, "12 分钟");
        check(Language::Chinese, 2 * 3600, "2 小时");
        check(Language::Chinese, 27 * 3600 + 59 * 60, "1 天 3 小时");
        check(Language::English, 25 * 3600, "1 day 1 hour");
        check(Language::English, 3 * 86400 + 5 * 60, "3 days");
        check(Language::Chinese, -5, "不到 1 分钟");
    }
}
