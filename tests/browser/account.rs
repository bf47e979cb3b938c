//! Signing in and out, the first administrator, the language.

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

#[tokio::test]
async fn the_first_administrator_is_set_up_by_the_link() {
    let server = Installation::empty().into_server();
    let log = server.log();
    let link = log.split_whitespace().find(|word| word.contains("/setup/")).expect("the link is said on stderr");
    let path = link.strip_prefix(&server.base).expect("an address of the server");
    let person = Person::new(&server.base, true).await;
    person.open(path).await;
    person.fill("用户名", "root").await;
    person.fill("密码", "pass-word-1").await;
    person.fill("再输入一次", "pass-word-1").await;
    person.press("创建并登录").await;
    person.sees("我发起的").await;
    person.open(path).await;
    person.sees("404").await;
    person.leave().await;
}

#[tokio::test]
async fn people_sign_in_and_out() {
    let server = Server::shipped();
    let person = Person::new(&server.base, true).await;
    person.open("/flow/issue_track/all").await;
    assert_eq!(person.path().await, "/login", "who is not signed in is asked to");
    person.fill("用户名", "engineer").await;
    person.fill("密码", "not it").await;
    person.press("登录").await;
    person.sees("用户名或密码").await;
    assert_eq!(person.value("用户名").await, "engineer", "the name stays");
    person.fill("密码", "pass-word-1").await;
    person.press("登录").await;
    person.sees("所有条目").await;
    assert_eq!(person.path().await, "/flow/issue_track/all", "on to where they wanted to go");
    person.find("//details[contains(@class,'me')]/summary").await.click().await.expect("the menu opens");
    person.press("退出登录").await;
    person.sees("登录").await;
    person.open("/work/pending").await;
    assert_eq!(person.path().await, "/login");
    person.leave().await;
}

#[tokio::test]
async fn the_language_is_a_persons_own() {
    let server = Server::shipped();
    let person = Person::signed_in(&server.base, "engineer", true).await;
    person.find("//details[contains(@class,'me')]/summary").await.click().await.expect("the menu opens");
    person.press("English").await;
    person.sees("Waiting for me").await;
    person.open("/work/created").await;
    person.sees_no("我发起的").await;
    person.leave().await;
}
