//! Installations that many tests begin with: filled once for each build of the program (and each server), then copied.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use super::{
    Installation, program,
    records::{self, Directory, sql},
};

/// A copy of the empty installation that `fill` fills. `embedded`: with embedded records, whatever this run tries.
pub(crate) fn copy(name: &str, embedded: bool, fill: impl FnOnce(&Installation)) -> Installation {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installations");
    fs::create_dir_all(&place).expect("a directory");
    let build = build();
    // one test fills it while the others wait; of a file that is closed the lock is gone
    let lock = File::create(place.join("lock")).expect("a file to lock");
    lock.lock().expect("the lock");
    match records::server().filter(|_| !embedded) {
        Some(server) => {
            let template = format!("template_{build:x}_{name}");
            if sql(&server, &format!("select count(*) from pg_database where datname = '{template}'")) == "0" {
                let first = Installation::empty();
                fill(&first);
                first.directory.rename_database(&template);
            }
            drop(lock);
            Installation { directory: Directory::copy_of(&template) }
        }
        None => {
            let folder = place.join(format!("{build:x}"));
            if !folder.is_dir() {
                forget_all(&place);
                fs::create_dir(&folder).expect("a directory");
            }
            let template = folder.join(name);
            if !template.is_dir() {
                let first = Installation::embedded();
                fill(&first);
                let unfinished = folder.join("unfinished");
                // of a test that was killed
                let _ = fs::remove_dir_all(&unfinished);
                fs::create_dir(&unfinished).expect("a directory");
                copy_files(first.data(), &unfinished);
                fs::rename(&unfinished, &template).expect("it is finished");
            }
            drop(lock);
            let made = if embedded { Installation::embedded() } else { Installation::empty() };
            copy_files(&template, made.data());
            made
        }
    }
}

/// Tells this build of the program from every other.
fn build() -> u64 {
    let about = fs::metadata(program()).expect("the program");
    let mut hasher = DefaultHasher::new();
    (about.len(), about.modified().expect("its time")).hash(&mut hasher);
    hasher.finish()
}

/// What earlier builds filled is of no use any more.
fn forget_all(place: &Path) {
    for entry in fs::read_dir(place).expect("the directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            // another run may be at it
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the data") {
        let path: PathBuf = entry.expect("an entry").path();
        assert!(path.is_file(), "{}", path.display());
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}
