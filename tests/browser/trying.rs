//! A flow is tried on its page: an item that exists only there, as one person and as another.

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

const FLOW: &str = r#"key = "t"
name = "采购"

[[field]]
key = "summary"
label = "概要"
type = "text"
required = true

[[field]]
key = "amount"
label = "金额"
type = "number"

[[field]]
key = "checker"
label = "审核人"
type = "user"

[[transition]]
source = "申请"
trigger = "提交"
dest = "审核"
assign_to = "checker"

[[transition]]
source = "审核"
trigger = "通过"
dest = "完成"
condition = "amount >= 10"
unmet = "金额太小，不用走这个流程"

[[transition]]
source = "审核"
trigger = "退回"
dest = "申请"
assign_to = "created_by"
back = true
"#;

fn tries(script: bool) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["admin"]);
    let server: Server = at.into_server();
    let admin = Person::signed_in(&server.base, "admin", script);
    admin.open("/admin/flows/t");
    admin.follow("试走");
    admin.sees("试走：采购");
    admin.fill("概要", "三台交换机");
    admin.fill("金额", "5");
    admin.press("创建");
    admin.sees("撤销一步");
    admin.fill("审核人", "checker");
    admin.press("提交");
    admin.sees("为什么不能按");
    // the same item as the one who holds it now
    admin.click("//button[@value='as:checker']");
    admin.sees("金额太小，不用走这个流程");
    admin.has_no_button("通过");
    admin.press("退回");
    admin.click("//button[@value='as:created_by']");
    admin.fill("金额", "50");
    admin.press("提交");
    admin.click("//button[@value='as:checker']");
    admin.press("通过");
    admin.sees_no("为什么不能按");
    admin.click("//summary[contains(., '写成场景测试')]");
    admin.sees("press = \"退回\"");
    // one step back, and the button is there again
    admin.press("撤销一步");
    admin.finds("//button[normalize-space(.)='通过']");
    admin.open("/flow/t/all");
    admin.sees_no("三台交换机");
}

#[test]
fn a_flow_is_tried_as_several_people() {
    tries(true);
}

#[test]
fn a_flow_is_tried_without_javascript() {
    tries(false);
}
