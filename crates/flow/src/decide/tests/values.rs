//! What a field takes, type by type.

use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

/// Sends `json` (as text, so that every digit arrives) for `key` of a new item of `flow`.
fn sends(flow: &Flow, key: &str, json: &str, expected: &str) {
    let json: Json = serde_json::from_str(json).unwrap();
    let said = said(&creates(flow, "ann", json!({ "title": "t", key: json })));
    let said = said.replacen("new [ann]", "", 1).replacen(r#" title="t""#, "", 1);
    let said = said.replacen(&format!("invalid: {key} "), "", 1).replacen(&format!(" {key}="), "", 1);
    assert_eq!(said, expected, "{key} {json}");
}

fn takes(key: &str, json: &str, expected: &str) {
    sends(&ticket(), key, json, expected);
}

#[test]
fn texts() {
    takes("verdict", "null", "");
    takes("title", r#""一二三四五六七八九十""#, r#""一二三四五六七八九十""#);
    takes("title", r#""一二三四五六七八九十1""#, "TooLong { max: 10 }");
    takes("title", r#""😀😀😀😀😀😀😀😀😀😀""#, r#""😀😀😀😀😀😀😀😀😀😀""#);
    takes("title", r#""a\nb""#, "Character");
    takes("title", r#""a\rb""#, "Character");
    takes("title", r#""a\u0000b""#, "Character");
    takes("title", "5", r#"Type("text")"#);
    takes("title", r#"["a"]"#, r#"Type("text")"#);
    takes("title", r#"" <b>'\"""#, r#"" <b>'\"""#);
    takes("detail", r#""a\r\nb\rc\nd""#, r#""a\nb\rc\nd""#);
    takes("detail", r#""1234567890\r\n123456789""#, r#""1234567890\n123456789""#);
    takes("detail", r#""123456789012345678901""#, "TooLong { max: 20 }");
    takes("detail", r#""a\u0000""#, "Character");
    takes("detail", r#""""#, "");
    takes("detail", r#""  ""#, r#""  ""#);
}

#[test]
fn patterns() {
    let mut flow = ticket();
    let regex = regex::Regex::new("^(?:[A-Z]+|x)$").unwrap();
    flow.fields["title"].required = false;
    flow.fields["title"].kind = Kind::Text { max_length: 10, pattern: Some(("[A-Z]+|x".into(), regex)) };
    sends(&flow, "title", r#""ABC""#, r#""ABC""#);
    sends(&flow, "title", r#""ABCx""#, r#"Pattern { pattern: "[A-Z]+|x" }"#);
    sends(&flow, "title", r#""""#, "");
}

#[test]
fn choices() {
    takes("kind", r#""hard""#, r#""hard""#);
    takes("kind", r#""wood""#, r#"Choice { given: "wood", offered: ["hard", "soft", "odd"] }"#);
    takes("kind", r#""""#, r#"Choice { given: "", offered: ["hard", "soft", "odd"] }"#);
    takes("kind", "1", r#"Type("text")"#);
    takes("tags", r#"["b", "a", "b"]"#, r#"["b","a"]"#);
    takes("tags", "[]", "");
    takes("tags", r#""a""#, r#"Type("list")"#);
    takes("tags", r#"["a", null]"#, r#"Type("text")"#);
    takes("tags", r#"["a", "d"]"#, r#"Choice { given: "d", offered: ["a", "b", "c"] }"#);
    takes("part", r#""os""#, r#"Choice { given: "os", offered: [] }"#);
}

#[test]
fn users() {
    takes("boss", r#""BOB""#, r#""Bob""#);
    takes("boss", r#""dan""#, r#"Disabled { user: "dan" }"#);
    takes("boss", r#""eve""#, r#"NoUser { given: "eve" }"#);
    takes("boss", "{}", r#"Type("text")"#);
    takes("team", r#"["cid", "bob", "BOB"]"#, r#"["cid","Bob"]"#);
    takes("team", r#"["cid", "dan"]"#, r#"Disabled { user: "dan" }"#);
}

#[test]
fn numbers() {
    takes("amount", "5", "5");
    takes("amount", "5.0", "5");
    takes("amount", "1.10", "1.1");
    takes("amount", "1.250", "1.25");
    takes("amount", "1.255", "Decimals { max: 2 }");
    takes("amount", "1255e-3", "Decimals { max: 2 }");
    takes("amount", "12.5e1", "125");
    takes("amount", "-0", "0");
    takes("amount", "0e999999999999999999999", "0");
    takes("amount", "-1", "TooSmall { min: 0.0 }");
    takes("amount", "1000.01", "TooLarge { max: 1000.0 }");
    takes("amount", "1e999999999999999999999", "Digits");
    takes("amount", "1e400", "Digits");
    takes("amount", "1e-400", "Digits");
    takes("amount", "123456789012345.6", "Digits");
    takes("amount", r#""5""#, r#"Type("number")"#);
    takes("amount", "true", r#"Type("number")"#);
    let mut flow = ticket();
    flow.fields["amount"].kind = Kind::Number { min: None, max: None, decimals: None };
    sends(&flow, "amount", "123456789012345", "123456789012345");
    sends(&flow, "amount", "1234567890123456", "Digits");
    sends(&flow, "amount", "123456789012345000000", "123456789012345000000");
    sends(&flow, "amount", "0.000000123456789012345", "0.000000123456789012345");
    sends(&flow, "amount", "0.1", "0.1");
    sends(&flow, "amount", "-0.30", "-0.3");
    sends(&flow, "amount", "9e300", "9e+300");
}

#[test]
fn days_and_moments() {
    takes("day", r#""2026-02-28""#, r#""2026-02-28""#);
    for wrong in [r#""2026-02-29""#, r#""20260228""#, r#""2026-2-28""#, r#""2026-02-28T00:00""#, r#""""#, "20260228"] {
        takes("day", wrong, "Date");
    }
    takes("moment", r#""2026-11-22T10:00:00Z""#, r#""2026-11-22T18:00:00+08:00""#);
    takes("moment", r#""2026-11-22T10:00:00.5-03:30""#, r#""2026-11-22T21:30:00.5+08:00""#);
    takes("moment", r#""2026-11-22t10:00:00z""#, r#""2026-11-22T18:00:00+08:00""#);
    takes("moment", r#""2026-11-22T10:00:00.1234567Z""#, r#""2026-11-22T18:00:00.123+08:00""#);
    for wrong in [
        r#""2026-11-22T10:00:00""#,
        r#""2026-11-22T10:00:00+08:00[Asia/Shanghai]""#,
        r#""2026-11-22T25:00:00Z""#,
        r#""2026-11-22""#,
        r#""99999-11-22T10:00:00Z""#,
        r#""é2026-11-22""#,
        r#""ééé""#,
        "0",
    ] {
        takes("moment", wrong, "Datetime");
    }
}

#[test]
fn flags_and_addresses() {
    takes("urgent", "true", "true");
    takes("urgent", "false", "");
    takes("urgent", "null", "");
    takes("urgent", r#""true""#, r#"Type("bool")"#);
    for right in ["https://a", "HTTP://a.b:80/c?d#e", "http://[::1]:8000/x", "https://u:p@站点.中国/路?q=一"] {
        takes("site", &format!("{right:?}"), &format!("{right:?}"));
    }
    for wrong in [
        "a.b",
        "//a.b",
        "ftp://a",
        "http:a",
        "https://",
        "https:///x",
        "https://:80",
        "http://a b",
        "http://a:port",
        "http://a:99999",
        "javascript://a",
        "http://u@/x",
        "http://[::1",
        "http://a\u{7}",
        "http://?x",
    ] {
        takes("site", &serde_json::to_string(wrong).unwrap(), "Url");
    }
    takes("site", r#""""#, "");
    takes("site", &format!("\"https://a/{}\"", "x".repeat(1990)), &format!("\"https://a/{}\"", "x".repeat(1990)));
    takes("site", &format!("\"https://a/{}\"", "x".repeat(1991)), "TooLong { max: 2000 }");
}

#[test]
fn links() {
    takes("link", r#""other/3""#, r#""other/3""#);
    takes("link", r#""other_3""#, r#""other/3""#);
    takes("link", r#""/flow/other/3""#, r#""other/3""#);
    takes("link", r#""http://here/flow/other/3?tab=1#x""#, r#""other/3""#);
    takes("link", r#""other/300""#, r#"NoItem { given: "other/300" }"#);
    takes("link", r#""ticket/3""#, r#"OtherFlow { flow: "other" }"#);
    takes("link", r#""3""#, r#"NoItem { given: "3" }"#);
    takes("links", r#"["ticket/3", "other_4", "ticket_3"]"#, r#"["ticket/3","other/4"]"#);
    takes("links", "3", r#"Type("list")"#);
}

#[test]
fn what_people_type_for_an_item() {
    let path = |flow: &str, number| Some(ItemName::Path { flow: flow.to_owned(), number });
    let id = |prefix: &str, number| Some(ItemName::Id { prefix: prefix.to_owned(), number });
    for (typed, name) in [
        (" question_3 ", id("question", 3)),
        ("issue_track_3", id("issue_track", 3)),
        ("issue_track/3", path("issue_track", 3)),
        ("/flow/issue_track/3", path("issue_track", 3)),
        ("https://a.b:8/base/flow/issue_track/3/?q=1", path("issue_track", 3)),
        ("http://47.95.215.176:9000/polls/0/flow/improvement/2/detail/", path("improvement", 2)),
        ("improvement/2/detail", None),
        ("/else/issue_track/3", None),
        ("issue_track/03", None),
        ("issue_track/0", None),
        ("issue_track/-1", None),
        ("issue_track/99999999999999999999", None),
        ("question_", None),
        ("_3", None),
        ("/3", None),
        ("", None),
    ] {
        assert_eq!(item_name(typed), name, "{typed}");
    }
}
