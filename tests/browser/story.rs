//! The story of the original's sections 三 and 四.3, played by three people.

use crate::{browser::Person, harness::Server};

fn play(script: bool) {
    let server = Server::shipped();
    let engineer = Person::signed_in(&server.base, "engineer", script);

    // The engineer records a problem.
    engineer.follow("网上问题处理");
    engineer.sees("待处理条目");
    engineer.follow("创建条目");
    assert!(engineer.value("概要").contains("XX局点"), "the default stands there");
    engineer.fill("概要", "【20261119】华东某局点核心路由器单板反复重启");
    engineer.fill("详细描述", "【问题现象】：主控板每 40 分钟重启一次");
    engineer.choose("问题级别", "严重问题");
    engineer.choose("问题大类", "硬件");
    engineer.choose("问题小类", "单板");
    engineer.press("创建");
    engineer.sees("question_1");
    assert_eq!(engineer.path(), "/flow/issue_track/1");
    engineer.sees("维护人员处理");

    // Progress is noted; then it goes to the delegate, who must be named.
    engineer.fill("处理进展", "已更换主控板，观察中");
    engineer.press("更新进展");
    engineer.sees("已更换主控板");
    engineer.press("提交审核");
    engineer.sees("必须填写");
    assert_eq!(engineer.value("处理进展"), "已更换主控板，观察中", "nothing typed is lost");
    engineer.pick("维护代表", "delegate");
    engineer.press("提交审核");
    engineer.sees("维护代表审核");
    // it is with the delegate now
    engineer.has_no_button("提交审核");

    // The delegate sees it in what waits, sends it back once, gets it again, passes it on.
    let delegate = Person::signed_in(&server.base, "delegate", script);
    delegate.sees("question_1");
    delegate.follow("【20261119】华东某局点核心路由器单板反复重启");
    delegate.press("打回补充信息");
    delegate.sees("维护人员处理");
    engineer.open("/work/pending");
    engineer.sees("question_1");
    engineer.open("/flow/issue_track/1");
    engineer.press("提交审核");
    engineer.sees("维护代表审核");
    delegate.open("/flow/issue_track/1");
    delegate.pick("改进提取SE", "architect");
    delegate.press("转SE分析改进");
    delegate.sees("SE分析改进");
    delegate.open("/work/done");
    delegate.sees("question_1");

    // The architect opens an improvement from it, finds both linked, and closes it.
    let architect = Person::signed_in(&server.base, "architect", script);
    architect.open("/flow/issue_track/1");
    architect.press("提取改进项");
    architect.sees("improvement_1");
    architect.open("/flow/improvement/1");
    architect.sees("question_1");
    architect.sees("提交建议");
    architect.open("/flow/issue_track/1");
    architect.press("问题关闭");
    architect.sees("关闭");

    // Everybody sees where it stands.
    engineer.open("/flow/issue_track/all?q=state%3D%E5%85%B3%E9%97%AD");
    engineer.sees("question_1");
    engineer.open("/work/created");
    engineer.sees("question_1");
}

#[test]
fn three_people_solve_a_problem() {
    play(true);
}

#[test]
fn three_people_solve_a_problem_without_javascript() {
    play(false);
}
