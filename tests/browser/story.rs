//! The story of the original's sections 三 and 四.3, played by three people.

use crate::{browser::Person, harness::Server};

async fn play(script: bool) {
    let server = Server::shipped();
    let engineer = Person::signed_in(&server.base, "engineer", script).await;

    // The engineer records a problem.
    engineer.follow("网上问题处理").await;
    engineer.sees("待处理条目").await;
    engineer.follow("创建条目").await;
    assert!(engineer.value("概要").await.contains("XX局点"), "the default stands there");
    engineer.fill("概要", "【20261119】华东某局点核心路由器单板反复重启").await;
    engineer.fill("详细描述", "【问题现象】：主控板每 40 分钟重启一次").await;
    engineer.choose("问题级别", "严重问题").await;
    engineer.choose("问题大类", "硬件").await;
    engineer.choose("问题小类", "单板").await;
    engineer.press("创建").await;
    engineer.sees("question_1").await;
    assert_eq!(engineer.path().await, "/flow/issue_track/1");
    engineer.sees("维护人员处理").await;

    // Progress is noted; then it goes to the delegate, who must be named.
    engineer.fill("处理进展", "已更换主控板，观察中").await;
    engineer.press("更新进展").await;
    engineer.sees("已更换主控板").await;
    engineer.press("提交审核").await;
    engineer.sees("必须填写").await;
    assert_eq!(engineer.value("处理进展").await, "已更换主控板，观察中", "nothing typed is lost");
    engineer.pick("维护代表", "delegate").await;
    engineer.press("提交审核").await;
    engineer.sees("维护代表审核").await;
    assert!(!engineer.has_button("提交审核").await, "it is with the delegate now");

    // The delegate sees it in what waits, sends it back once, gets it again, passes it on.
    let delegate = Person::signed_in(&server.base, "delegate", script).await;
    delegate.sees("question_1").await;
    delegate.follow("【20261119】华东某局点核心路由器单板反复重启").await;
    delegate.press("打回补充信息").await;
    delegate.sees("维护人员处理").await;
    engineer.open("/work/pending").await;
    engineer.sees("question_1").await;
    engineer.open("/flow/issue_track/1").await;
    engineer.press("提交审核").await;
    engineer.sees("维护代表审核").await;
    delegate.open("/flow/issue_track/1").await;
    delegate.pick("改进提取SE", "architect").await;
    delegate.press("转SE分析改进").await;
    delegate.sees("SE分析改进").await;
    delegate.open("/work/done").await;
    delegate.sees("question_1").await;

    // The architect opens an improvement from it, finds both linked, and closes it.
    let architect = Person::signed_in(&server.base, "architect", script).await;
    architect.open("/flow/issue_track/1").await;
    architect.press("提取改进项").await;
    architect.sees("improvement_1").await;
    architect.open("/flow/improvement/1").await;
    architect.sees("question_1").await;
    architect.sees("提交建议").await;
    architect.open("/flow/issue_track/1").await;
    architect.press("问题关闭").await;
    architect.sees("关闭").await;

    // Everybody sees where it stands.
    engineer.open("/flow/issue_track/all?q=state%3D%E5%85%B3%E9%97%AD").await;
    engineer.sees("question_1").await;
    engineer.open("/work/created").await;
    engineer.sees("question_1").await;
    for person in [engineer, delegate, architect] {
        person.leave().await;
    }
}

#[tokio::test]
async fn three_people_solve_a_problem() {
    play(true).await;
}

#[tokio::test]
async fn three_people_solve_a_problem_without_javascript() {
    play(false).await;
}
