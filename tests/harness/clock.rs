//! A clock that a test sets: libfaketime's, put before the system's for single processes. The program has no way to be told
//! another time.

use std::{fs, path::PathBuf};

/// What the clock of the processes says that got its [`Clock::variables`].
pub(crate) struct Clock {
    library: PathBuf,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clock {
    /// As libfaketime writes it: `+0d` is the true time, `2026-11-22 10:00:00` (UTC) a moment at which it stands still.
    pub(crate) fn at(time: &str) -> Clock {
        let folders = fs::read_dir("/usr/lib").expect("the libraries");
        let mut libraries = folders.map(|entry| entry.expect("an entry").path().join("faketime/libfaketimeMT.so.1"));
        let library = libraries.find(|path| path.is_file());
        let library = library.expect("libfaketime is installed: scripts/install-test-deps.sh");
        let folder = tempfile::tempdir().expect("a temporary directory");
        let clock = Clock { library, file: folder.path().join("time"), _folder: folder };
        clock.set(time);
        clock
    }

    /// Sets it.
    pub(crate) fn set(&self, time: &str) {
        // Whole at every moment: it is read at any.
        let new = self.file.with_extension("new");
        fs::write(&new, time).expect("the time is written");
        fs::rename(new, &self.file).expect("the time is put in place");
    }

    /// The environment of a process that is to go by it.
    pub(crate) fn variables(&self) -> [(&str, &str); 5] {
        [
            ("LD_PRELOAD", self.library.to_str().expect("a path")),
            ("FAKETIME_TIMESTAMP_FILE", self.file.to_str().expect("a path")),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("TZ", "UTC"),
        ]
    }
}
