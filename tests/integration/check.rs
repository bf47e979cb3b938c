//! `flow check` on the command line: what it finds is in `tests/planted`, case by case.

use crate::harness::{run, stderr, stdout};

fn planted(name: &str) -> String {
    format!("{}/../../tests/planted/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn check(names: &[&str]) -> (Option<i32>, String) {
    let paths: Vec<String> = names.iter().map(|name| planted(name)).collect();
    let args: Vec<&str> = ["flow", "check"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let output = run(&args, "");
    (output.status.code(), stderr(&output) + &stdout(&output))
}

#[test]
fn an_error_is_told_with_its_place_and_a_way_out() {
    let name = "defects/condition_word_misspelt.toml";
    let (code, said) = check(&[name]);
    let file = planted(name);
    let text = std::fs::read_to_string(&file).unwrap();
    let mark = text.lines().position(|line| line.starts_with("#! ")).unwrap();
    let (column, message) = text.lines().nth(mark).unwrap()[3..].split_once(' ').unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with(&format!("{file}:{mark}:{column}: {message}\n{mark} | ")), "{said}");
    assert!(said.contains(" = help: ") && said.ends_with("1 error in 1 file\n"), "{said}");
}

#[test]
fn a_warning_is_told_and_refuses_nothing() {
    let (code, said) = check(&["defects/condition_can_never_hold.toml"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(": warning: ") && said.ends_with("1 file: no errors, 1 warning\n"), "{said}");
}

#[test]
fn of_files_and_directories_everything_is_told_at_once() {
    let (code, said) = check(&["clean/prefix_with_dash.toml"]);
    assert_eq!((code, said.as_str()), (Some(0), "1 file: no errors, 0 warnings\n"));
    let (code, said) = check(&["defects/two_flows_with_one_key", "defects/by_is_number.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("b.toml:") && said.contains("by_is_number.toml:"), "{said}");
    assert!(said.ends_with("2 errors in 3 files\n"), "{said}");
}
