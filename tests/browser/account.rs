//! Signing in and out, the first administrator, the language.

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

#[test]
fn the_first_administrator_is_set_up_by_the_link() {
    let server = Installation::empty().into_server();
    let link = server.said("/setup/");
    let path = link.strip_prefix(&server.base).expect("an address of the server");
    let person = Person::new(&server.base, true);
    person.open(path);
    person.fill("用户名", "root");
    person.fill("密码", "pass-word-1");
    person.fill("再输入一次", "pass-word-1");
    person.press("创建并登录");
    person.sees("我发起的");
    person.open(path);
    person.sees("404");
}

#[test]
fn people_sign_in_and_out() {
    let server = Server::shipped();
    let person = Person::new(&server.base, true);
    person.open("/flow/issue_track/all");
    assert_eq!(person.path(), "/login", "who is not signed in is asked to");
    person.fill("用户名", "engineer");
    person.fill("密码", "not it");
    person.press("登录");
    person.sees("用户名或密码");
    assert_eq!(person.value("用户名"), "engineer", "the name stays");
    person.fill("密码", "pass-word-1");
    person.press("登录");
    person.sees("所有条目");
    assert_eq!(person.path(), "/flow/issue_track/all", "on to where they wanted to go");
    person.click("//details[contains(@class,'me')]/summary");
    person.press("退出登录");
    person.sees("密码");
    person.open("/work/pending");
    assert_eq!(person.path(), "/login");
}

#[test]
fn the_language_is_a_persons_own() {
    let server = Server::shipped();
    let person = Person::signed_in(&server.base, "engineer", true);
    person.click("//details[contains(@class,'me')]/summary");
    person.press("English");
    person.sees("Waiting for me");
    person.open("/work/created");
    person.sees_no("我发起的");
}
