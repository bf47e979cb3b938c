//! The crates depend on each other in one direction: tasksteper → web → app → store → flow; `web` never on `store`.

use cargo_metadata::MetadataCommand;

/// Each crate, and those of ours that it may depend on.
const MAY: [(&str, &[&str]); 5] = [
    ("flow", &[]),
    ("store", &["flow"]),
    ("app", &["flow", "store"]),
    ("web", &["app", "flow"]),
    ("tasksteper", &["app", "flow", "web"]),
];

#[test]
fn the_arrows_point_one_way() {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::harness::project().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("the workspace's metadata");
    let names: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut known: Vec<&str> = MAY.iter().map(|(name, _)| *name).collect();
    let mut found = names.clone();
    known.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, known, "the five crates, each in this test's table");
    for package in &metadata.packages {
        let (_, may) = MAY.iter().find(|(name, _)| *name == package.name.as_str()).expect("a row");
        for dependency in package.dependencies.iter().filter(|dependency| names.contains(&dependency.name.as_str())) {
            assert!(may.contains(&dependency.name.as_str()), "{} must not depend on {}", package.name, dependency.name);
        }
    }
}

#[test]
fn only_the_store_names_a_database() {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::harness::project().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("the workspace's metadata");
    for package in metadata.packages.iter().filter(|package| package.name.as_str() != "store") {
        for dependency in &package.dependencies {
            let names_one =
                ["rusqlite", "refinery", "refinery-core", "sea-query", "postgres"].contains(&dependency.name.as_str());
            assert!(!names_one, "{} must not depend on {}", package.name, dependency.name);
        }
    }
}
