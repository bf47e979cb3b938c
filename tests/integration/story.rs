//! The whole story of a problem, over the API: recorded, passed on, sent back, an improvement drawn from it, closed.

use serde_json::json;

use crate::harness::Server;

#[test]
fn a_problem_goes_its_way_from_hand_to_hand() {
    let server = Server::shipped();
    let (engineer, delegate, architect) = (server.user("engineer"), server.user("delegate"), server.user("architect"));

    let item = engineer.create("issue_track", &json!({"summary": "【20261119】华东某局点核心路由器单板反复重启"}));
    assert_eq!(item["id"], "question_1");
    assert_eq!(item["state"], "维护人员处理");
    assert_eq!(item["assigned_to"], json!(["engineer"]));

    let item = engineer.pressed(&item, "提交审核", &json!({"issue_checker": "delegate"}));
    assert_eq!((&item["state"], &item["assigned_to"]), (&json!("维护代表审核"), &json!(["delegate"])));

    let item = delegate.pressed(&item, "打回补充信息", &json!({}));
    assert_eq!((&item["state"], &item["assigned_to"]), (&json!("维护人员处理"), &json!(["engineer"])));

    let item = engineer.pressed(&item, "提交审核", &json!({"current_process": "已更换主控板"}));
    let item = delegate.pressed(&item, "转SE分析改进", &json!({"issue_se": "architect"}));
    let item = architect.pressed(&item, "提取改进项", &json!({}));
    assert_eq!(item["fields"]["improvement_url"], "improvement/1");
    let item = architect.pressed(&item, "问题关闭", &json!({}));
    assert_eq!((&item["state"], &item["final"], &item["assigned_to"]), (&json!("关闭"), &json!(true), &json!([])));
    assert!(item["closed_at"].is_string());

    let kinds: Vec<_> = engineer.history(&item).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["created", "triggered", "triggered", "triggered", "triggered", "triggered", "triggered"]);
    assert_eq!(architect.item("improvement", 1)["fields"]["summary"], item["fields"]["summary"]);
}
