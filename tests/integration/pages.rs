//! The pages without a browser: signing in, what another site may not do, headers, what bad input gets.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Installation, Server, answer};

const PASSWORD: &str = "pass-word-1";

/// A server with the shipped flows, where `engineer` alone has a password.
fn serve() -> Server {
    let at = Installation::shipped_by_token();
    at.let_in(&["engineer"]);
    at.into_server()
}

#[test]
fn the_session_cookie_is_out_of_reach() {
    let server = serve();
    let person = server.nobody();
    let signed = person.form("/login", &[("name", "ENGINEER"), ("password", PASSWORD), ("next", "/work/done")]);
    assert_eq!((signed.status, &signed.headers["location"]), (StatusCode::SEE_OTHER, &"/work/done".parse().unwrap()));
    let cookie = signed
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.contains("session"))
        .unwrap();
    for part in ["HttpOnly", "SameSite=", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "without TLS there would be no session: {cookie}");
    let secret = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    assert_eq!(person.page("/work/done").status, 200);
    for entry in std::fs::read_dir(&server.data).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "only its hash is kept");
    }
    assert_eq!(person.form("/logout", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(person.page("/work/done").status, StatusCode::SEE_OTHER, "signed out");
    let thief = answer(server.nobody().request("GET", "/").header("cookie", cookie.split(';').next().unwrap()));
    assert_eq!(thief.status, StatusCode::SEE_OTHER, "the session itself has ended, not only its cookie");
}

#[test]
fn under_tls_the_cookie_is_secure() {
    let at = Installation::shipped_by_token();
    at.let_in(&["engineer"]);
    let server = at.serve_with(&["--base-url", "https://tasks.example.com"]);
    let signed = server.nobody().form("/login", &[("name", "engineer"), ("password", PASSWORD)]);
    let cookie = signed.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
    assert!(signed.headers.contains_key("strict-transport-security"));
}

#[test]
fn who_is_not_signed_in_is_asked_to_and_comes_back() {
    let server = serve();
    let person = server.nobody();
    for path in ["/", "/flow/issue_track", "/flow/issue_track/all?q=state%3D%E5%85%B3%E9%97%AD", "/flow/nothing"] {
        let answer = person.page(path);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers["location"].to_str().unwrap().starts_with("/login"), "{path}");
    }
    let asked = person.page("/flow/issue_track/all?sort=-updated").headers["location"].to_str().unwrap().to_owned();
    let login = person.page(&asked);
    assert!(login.text.contains("/flow/issue_track/all?sort=-updated"), "the page remembers where to");
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aset-cookie:x=1\r\nx: y",
    ] {
        let signed = person.form("/login", &[("name", "engineer"), ("password", PASSWORD), ("next", elsewhere)]);
        let location = signed.headers["location"].to_str().unwrap().to_owned();
        assert!(
            location.starts_with('/') && !location.contains("evil.example") || location.starts_with("/%"),
            "{elsewhere:?} → {location}"
        );
        person.form("/logout", &[]);
    }
}

#[test]
fn wrong_passwords_tell_nothing_and_are_slowed_down() {
    let server = serve();
    let person = server.nobody();
    let wrong = person.form("/login", &[("name", "engineer"), ("password", "wrong")]);
    let nobody = person.form("/login", &[("name", "no-such-user"), ("password", "wrong")]);
    let without = person.form("/login", &[("name", "delegate"), ("password", "")]);
    assert_eq!(
        (wrong.status, nobody.status, without.status),
        (StatusCode::UNPROCESSABLE_ENTITY, wrong.status, wrong.status)
    );
    let same = |text: &str| text.replace("no-such-user", "NAME").replace("engineer", "NAME");
    assert_eq!(same(&wrong.text), same(&nobody.text), "who exists is not told");
    assert!(
        wrong.text.contains("value=\"engineer\"") && !wrong.text.contains("value=\"wrong\""),
        "the name stays, the password goes"
    );
    let answers: Vec<_> =
        (0..30).map(|_| person.form("/login", &[("name", "engineer"), ("password", "wrong")]).status).collect();
    assert_eq!(answers.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    let right = person.form("/login", &[("name", "Engineer"), ("password", PASSWORD)]);
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "not even the right one");
    assert!(right.headers.contains_key("retry-after"));
}

#[test]
fn a_disabled_user_is_signed_out_at_once() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    assert_eq!(person.page("/").status, 200);
    server.done(&["user", "disable", "engineer"], "");
    assert_eq!(person.page("/").status, StatusCode::SEE_OTHER);
    assert_eq!(
        person.form("/login", &[("name", "engineer"), ("password", PASSWORD)]).status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[test]
fn a_new_password_ends_the_sessions() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    server.done(&["user", "passwd", "engineer", "--password-stdin"], "another-pass-word\n");
    assert_eq!(person.page("/").status, StatusCode::SEE_OTHER);
    server.signed_in("engineer", "another-pass-word");
}

#[test]
fn a_form_posted_from_another_site_is_refused() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    let post = |headers: &[(&str, &str)]| {
        let request = headers
            .iter()
            .fold(person.request("POST", "/logout"), |request, (name, value)| request.header(*name, *value));
        answer(request.form(&[("a", "b")]))
    };
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", &server.base)],
    ] {
        let refused = post(headers);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(refused.headers["content-type"].to_str().unwrap().starts_with("text/html"), "a page says why");
    }
    assert_eq!(person.page("/").status, 200, "still signed in");
    assert_eq!(post(&[("sec-fetch-site", "same-origin"), ("origin", &server.base)]).status, StatusCode::SEE_OTHER);
}

#[test]
fn a_session_is_no_token_and_a_token_no_session() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    person.get("/me").refused(401);
    assert_eq!(server.user("engineer").page("/").status, StatusCode::SEE_OTHER);
}

#[test]
fn every_answer_has_the_security_headers() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    for path in ["/", "/login", "/nothing", "/api/v1/me", "/api/docs"] {
        let answer = person.page(path);
        assert_eq!(
            answer.headers["content-security-policy"],
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            "{path}"
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
    }
}

#[test]
fn pages_hold_nothing_that_the_policy_forbids() {
    let server = serve();
    server.user("engineer").create("issue_track", &json!({"summary": "<script>alert(1)</script>\"'>"}));
    let person = server.signed_in("engineer", PASSWORD);
    for path in ["/", "/login", "/work/pending", "/flow/issue_track", "/flow/issue_track/all", "/nothing", "/api/docs"]
    {
        let text = person.page(path).text;
        assert!(!text.contains("<script>") && !text.contains(" style=") && !text.contains(" onclick="), "{path}");
        assert!(!text.contains("alert(1)</script>"), "{path}: shown as text");
    }
    assert!(
        person.page("/flow/issue_track/all").text.contains("&lt;script&gt;")
            || person.page("/flow/issue_track/all").text.contains("&#60;script&#62;")
    );
}

#[test]
fn pages_speak_the_browsers_language() {
    let server = serve();
    let page = |accept: &str| answer(server.nobody().request("GET", "/login").header("accept-language", accept)).text;
    for (accept, word) in [
        ("", "登录"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "登录"),
        ("fr", "登录"),
        ("en-GB,en;q=0.9", "Sign in"),
        ("fr, en;q=0.5, zh;q=0.1", "Sign in"),
    ] {
        assert!(page(accept).contains(word), "{accept}");
    }
    assert!(page("").contains("用户名") && page("").contains("密码"));
}

#[test]
fn lists_say_what_the_original_said() {
    let server = serve();
    server.user("engineer").create("issue_track", &json!({"summary": "华东重启"}));
    let person = server.signed_in("engineer", PASSWORD);
    for word in ["待处理条目", "创建条目", "网上问题处理", "待办", "已办", "我发起的", "question_1"]
    {
        assert!(person.page("/").text.contains(word), "home: {word}");
    }
    for word in ["待处理条目", "创建条目", "所有条目", "返回首页", "question_1", "维护人员处理", "华东重启"]
    {
        assert!(person.page("/flow/issue_track").text.contains(word), "flow: {word}");
    }
    let all = person.page("/flow/issue_track/all").text;
    for word in ["返回项目首页", "ID", "概要", "当前状态", "当前处理人", "question_1"] {
        assert!(all.contains(word), "all: {word}");
    }
}

#[test]
fn lists_find_and_say_where_a_query_is_wrong() {
    let server = serve();
    let engineer = server.user("engineer");
    engineer.create("issue_track", &json!({"summary": "第一件", "issue_level": "事故"}));
    engineer.create("issue_track", &json!({"summary": "第二件"}));
    let person = server.signed_in("engineer", PASSWORD);
    let found = person.page("/flow/issue_track/all?q=issue_level%3D%E4%BA%8B%E6%95%85").text;
    assert!(found.contains("第一件") && !found.contains("第二件"));
    let bad = person.page("/flow/issue_track/all?q=nothing%3D1");
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("nothing=1"), "what was typed stays");
    assert_eq!(person.page("/flow/issue_track/all?cursor=x").status, StatusCode::BAD_REQUEST);
}

#[test]
fn what_does_not_exist_is_a_page_that_says_so() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    for path in [
        "/nothing",
        "/flow/nothing",
        "/flow/nothing/all",
        "/work/nothing",
        "/static/nothing.js",
        "/flow/issue_track/99",
        "/flow/issue_track/18446744073709551616",
    ] {
        let answer = person.page(path);
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        if !path.starts_with("/static") {
            assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        }
    }
    assert_eq!(person.form("/", &[]).status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn bodies_of_forms_that_are_none() {
    let server = serve();
    let person = server.nobody();
    let post = |body: Vec<u8>| {
        answer(person.request("POST", "/login").header("content-type", "application/x-www-form-urlencoded").body(body))
            .status
            .as_u16()
    };
    assert_eq!(post(b"name=%FF%FE&password=x".to_vec()), 400);
    assert_eq!(post(b"name=\xff&password=x".to_vec()), 400);
    assert_eq!(post(vec![b'x'; 1024 * 1024 + 1]), 413);
    assert_eq!(post(vec![b'x'; 9 * 1024 * 1024]), 413);
}

#[test]
fn files_are_cached_for_good_and_pages_are_not() {
    let server = serve();
    let login = server.nobody().page("/login");
    assert_eq!(login.headers["cache-control"], "no-store");
    let mut files = 0;
    for part in login.text.split('"').filter(|part| part.starts_with("/static/")) {
        let file = server.nobody().page(part.split('#').next().unwrap());
        assert_eq!(file.status, 200, "{part}");
        assert!(file.headers["cache-control"].to_str().unwrap().contains("immutable"), "{part}");
        files += 1;
    }
    assert!(files > 2);
}
