//! Files with one defect each, found at its place with its words; and sound ones, of which nothing is said.

use crate::{File, Severity, check, line_column};

/// Fields that the flows below are made of.
const FIELDS: &str = r#"key = "t"
name = "流程"

[[field]]
key = "level"
label = "问题级别"
type = "choice"
choices = ["一般", "事故"]

[[field]]
key = "class"
label = "问题大类"
type = "choice"
choices = ["软件", "结构"]

[[field]]
key = "amount"
label = "金额"
type = "number"
decimals = 0

[[field]]
key = "urgent"
label = "紧急"
type = "bool"

[[field]]
key = "note"
label = "备注"
type = "text"

[[field]]
key = "checker"
label = "审核人"
type = "user"
"#;

/// Every problem of a flow of these fields and what follows them: severity, the line's text, the message.
fn found(rest: &str) -> Vec<(Severity, String, String)> {
    let text = format!("{FIELDS}\n{rest}");
    let files = [File { name: "t.toml", text: &text }];
    let line = |span: usize| text.lines().nth(line_column(&text, span).0 - 1).unwrap_or_default().to_owned();
    let problems = check(&files, &[], false).problems.into_iter();
    problems.map(|problem| (problem.severity, line(problem.span.start), problem.message.to_string())).collect()
}

/// That there is this one problem, and no other.
fn one(rest: &str, severity: Severity, line: &str, message: &str) {
    let found = found(rest);
    assert_eq!(found, [(severity, line.to_owned(), message.to_owned())], "{rest}");
}

/// A row; `more` is what else it says.
fn row(source: &str, trigger: &str, dest: &str, more: &str) -> String {
    format!("[[transition]]\nsource = \"{source}\"\ntrigger = \"{trigger}\"\ndest = \"{dest}\"\n{more}\n")
}

fn state(name: &str, more: &str) -> String {
    format!("[[state]]\nname = \"{name}\"\n{more}\n")
}

#[test]
fn of_sound_flows_nothing_is_said() {
    for rest in [
        row("开", "关", "完", ""),
        // every value has a button
        row("开", "甲", "完", "condition = 'level == \"事故\"'")
            + &row("开", "乙", "完", "condition = 'level != \"事故\"'"),
        row("开", "甲", "完", "condition = 'amount >= 100'")
            + &row("开", "乙", "完", "condition = 'amount < 100'")
            + &row("开", "丙", "完", "condition = 'amount == null'"),
        // the last of a trigger is the otherwise
        row("开", "甲", "审", "condition = { urgent = true }")
            + &row("开", "甲", "完", "")
            + &row("审", "过", "完", ""),
        // what cannot be written later was filled before
        row("开", "交", "审", "required = [\"level\"]")
            + &row("审", "甲", "完", "condition = 'level == \"事故\"'")
            + &row("审", "乙", "完", "condition = 'level == \"一般\"'")
            + &state("审", "readonly = [\"level\"]"),
        // a cascade of two readings, a return, a state that is left by its creator alone
        row("开", "交", "审", "assign_to = \"checker\"")
            + &row("审", "回", "开", "assign_to = \"created_by\"\nback = true")
            + &row("审", "定", "完", "by = [\"created_by\"]"),
        // opened again
        row("开", "关", "完", "")
            + &row("完", "重开", "开", "by = [\"created_by\"]\nassign_to = \"created_by\"")
            + &state("完", "final = true"),
    ] {
        assert_eq!(found(&rest), [], "{rest}");
    }
}

#[test]
fn who_cannot_type_his_way_out_is_stranded() {
    one(
        &(row("开", "交", "审", "")
            + &row("审", "过", "完", "condition = 'level != \"事故\" || class != \"结构\"'")
            + &state("审", "readonly = [\"level\", \"class\"]")),
        Severity::Error,
        "name = \"审\"",
        "an item in \"审\" is stranded when 问题级别=事故, 问题大类=结构: no button can be pressed, whatever is filled in",
    );
    one(
        &(row("开", "交", "审", "")
            + &row("审", "过", "完", "condition = 'level != \"事故\"'")
            + &state("审", "hidden = [\"level\"]")),
        Severity::Error,
        "name = \"审\"",
        "an item in \"审\" is stranded when 问题级别=事故: no button can be pressed, whatever is filled in",
    );
    // what a row wrote cannot be taken back
    one(
        &(row("开", "急", "审", "set = { urgent = true }")
            + &row("审", "过", "完", "condition = '!urgent'")
            + &state("审", "readonly = [\"urgent\"]")
            + &row("开", "关", "完", "")),
        Severity::Error,
        "name = \"审\"",
        "an item in \"审\" is stranded: no button can be pressed, whatever is filled in",
    );
}

#[test]
fn who_can_still_change_a_field_is_warned() {
    one(
        &(row("开", "甲", "完", "condition = 'level == \"事故\"'")
            + &row("开", "乙", "完", "condition = 'class == \"软件\"'")),
        Severity::Warning,
        "source = \"开\"",
        "in \"开\" no button appears when 问题级别 is empty, 问题大类 is empty",
    );
    one(
        &(row("开", "甲", "完", "condition = 'amount > 100'") + &row("开", "乙", "完", "condition = 'amount < 100'")),
        Severity::Warning,
        "source = \"开\"",
        "in \"开\" no button appears when 金额 is empty",
    );
    one(
        &row("开", "甲", "完", "condition = { urgent = true }"),
        Severity::Warning,
        "source = \"开\"",
        "in \"开\" no button appears when 紧急=false",
    );
}

#[test]
fn from_everywhere_an_end_can_be_reached() {
    one(
        &(row("开", "交", "审", "")
            + &row("审", "转", "办", "condition = { level = \"事故\" }")
            + &row("审", "过", "完", "condition = 'level != \"事故\"'")
            + &row("办", "回", "审", "")
            + &state("审", "readonly = [\"level\"]")
            + &state("办", "readonly = [\"level\"]")),
        Severity::Error,
        "name = \"审\"",
        "no final state can be reached from \"审\" when 问题级别=事故, whatever is filled in",
    );
}

#[test]
fn what_is_needed_can_be_filled_by_someone() {
    let closed = |rules: &str| row("开", "交", "审", "") + &row("审", "过", "完", rules) + &state("审", "");
    one(
        &(row("开", "交", "审", "assign_to = \"checker\"")
            + &row("审", "过", "完", "")
            + &state("开", "readonly = [\"checker\"]")),
        Severity::Error,
        "assign_to = \"checker\"",
        "\"交\" needs \"审核人\", which nobody can ever have filled in",
    );
    one(
        &(row("开", "交", "审", "")
            + &row("审", "过", "完", "required = [\"note\"]")
            + &state("开", "hidden = [\"note\"]")
            + &state("审", "hidden = [\"note\"]")),
        Severity::Error,
        "trigger = \"过\"",
        "\"过\" needs \"备注\", which nobody can ever have filled in",
    );
    one(
        &(row("开", "交", "审", "")
            + &row("审", "过", "完", "")
            + &state("开", "readonly = [\"note\"]")
            + &state("审", "readonly = [\"note\"]\nrequired = [\"note\"]")),
        Severity::Error,
        "name = \"审\"",
        "\"审\" cannot be left without \"备注\", which nobody can ever have filled in",
    );
    assert_eq!(
        found(&(closed("required = [\"note\"]") + &state("开", "readonly = [\"note\"]"))),
        [],
        "filled in later"
    );
    let hidden = "[[field]]\nkey = \"given\"\nlabel = \"给定\"\ntype = \"text\"\nrequired = true\nreadonly = true\n\n";
    one(
        &(hidden.to_owned() + &row("开", "关", "完", "")),
        Severity::Error,
        "type = \"text\"",
        "a new item needs \"给定\", and nobody can fill it in",
    );
    assert_eq!(found(&(hidden.replace("readonly", "default = \"x\"\nreadonly") + &row("开", "关", "完", ""))), []);
    one(
        &(row("开", "关", "完", "") + "[create]\nassign_to = \"checker\"\n" + &state("开", "hidden = [\"checker\"]")),
        Severity::Error,
        "type = \"user\"",
        "a new item needs \"审核人\", and nobody can fill it in",
    );
}

#[test]
fn rows_that_are_there_for_nothing_are_warned_of() {
    one(
        &(row("开", "甲", "完", "condition = 'level == \"事故\" && level == \"一般\"'") + &row("开", "乙", "完", "")),
        Severity::Warning,
        "condition = 'level == \"事故\" && level == \"一般\"'",
        "this condition can never hold",
    );
    one(
        &(row("开", "甲", "完", "condition = 'amount > 5 && amount < 6'") + &row("开", "乙", "完", "")),
        Severity::Warning,
        "condition = 'amount > 5 && amount < 6'",
        "this condition can never hold",
    );
    one(
        &(row("开", "甲", "审", "condition = 'level != \"事故\"'")
            + &row("开", "甲", "完", "condition = 'level == \"一般\"'")
            + &row("开", "甲", "审", "")
            + &row("审", "过", "完", "")),
        Severity::Warning,
        "condition = 'level == \"一般\"'",
        "\"甲\" is never taken by this row: another one always applies first, or it is never pressed",
    );
}

#[test]
fn a_state_behind_what_never_holds_is_not_reached() {
    let found = found(
        &(row("开", "甲", "审", "condition = 'urgent && !urgent'")
            + &row("开", "乙", "完", "")
            + &row("审", "过", "完", "")),
    );
    let errors: Vec<_> = found.iter().filter(|(severity, ..)| *severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{found:?}");
    assert_eq!(errors[0].2, "the state \"审\" cannot be reached: no row that leads to it can ever be taken");
}

#[test]
fn what_is_not_decided_is_a_note() {
    one(
        &row("开", "甲", "完", "condition = 'note.contains(\"x\")'"),
        Severity::Note,
        "condition = 'note.contains(\"x\")'",
        "whether a button remains in \"开\" whatever is filled in is undecided",
    );
    assert_eq!(found(&(row("开", "甲", "完", "condition = 'note.contains(\"x\")'") + &row("开", "乙", "完", ""))), []);
}
