//! What is similar, beside a form: found while it is typed, linked by one click, counted at the other end.

use serde_json::json;

use crate::{browser::Person, harness::Server};

#[test]
fn what_is_similar_appears_while_typing_and_one_click_links_it() {
    let server = Server::shipped();
    let api = server.user("engineer");
    for (summary, solution) in
        [("光模块收光功率低导致端口反复震荡", "更换光模块，清洁光纤端面"), ("主控板内存泄漏引起异常复位", "升级补丁")]
    {
        let known = json!({"summary": summary, "phenomenon": summary, "cause": "器件老化", "solution": solution});
        api.create("buglist", &known);
    }
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/issue_track/new");
    engineer.fill("概要", "华东某银行出口端口震荡");
    engineer.fill("详细描述", "收光功率偏低，怀疑光模块");
    engineer.sees("更换光模块，清洁光纤端面");
    engineer.click("//section[@id='similar']//button[@data-link='bug_1']");
    engineer.sees("已填入");
    engineer.press("创建");
    engineer.sees("处理进展");
    assert_eq!(api.item("issue_track", 1)["fields"]["buglist_url"], "buglist/1");
    // the next one finds the first as well, and that the known one came back
    engineer.open("/flow/issue_track/new");
    engineer.fill("概要", "某电力局点光模块收光低，端口震荡");
    engineer.sees("出现 1 次");
    engineer.sees("question_1");
}

#[test]
fn without_a_script_a_button_finds_what_is_similar_and_keeps_what_was_typed() {
    let server = Server::shipped();
    let api = server.user("engineer");
    api.create("buglist", &json!({"summary": "光模块收光功率低导致端口反复震荡", "solution": "更换光模块"}));
    let engineer = Person::signed_in(&server.base, "engineer", false);
    engineer.open("/flow/issue_track/new");
    engineer.fill("概要", "端口反复震荡，收光低");
    engineer.fill("局点", "华东某银行");
    engineer.press("找相似");
    engineer.sees("光模块收光功率低导致端口反复震荡");
    assert_eq!(engineer.value("局点"), "华东某银行");
    engineer.click("//section[@id='similar']//button[@data-link='bug_1']");
    engineer.sees("已填入");
    assert_eq!((engineer.value("局点"), engineer.value("Buglist链接")), ("华东某银行".to_owned(), "bug_1".to_owned()));
    engineer.press("创建");
    engineer.sees("处理进展");
    assert_eq!(api.item("issue_track", 1)["fields"]["buglist_url"], "buglist/1");
    assert_eq!(api.item("issue_track", 1)["revision"], 1);
}
