//! How far the files are that are being carried in on this server: their pages ask while they wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Letters of a mark at most.
const MARK: usize = 64;

/// Who carries a file in, and the mark that their page gave it.
type Name = (String, String);

/// All of them.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<Name, Rows>>>);

/// Rows that are done, of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Rows {
    pub(crate) done: u64,
    pub(crate) of: u64,
}

/// One file; it is forgotten when this is dropped.
pub(crate) struct UnderWay {
    all: Progress,
    name: Name,
    of: u64,
}

impl Progress {
    /// A file of `of` rows; none where its page asks for nothing.
    pub(crate) fn begin(&self, who: &str, mark: &str, of: usize) -> Option<UnderWay> {
        let name = (who.to_owned(), mark.to_owned());
        let is_asked = (1..=MARK).contains(&mark.len());
        let one = is_asked.then(|| UnderWay { all: self.clone(), name, of: u64::try_from(of).unwrap_or(u64::MAX) })?;
        one.reached(0);
        Some(one)
    }

    /// How far the file is; none: it is not under way here.
    pub(crate) fn of(&self, who: &str, mark: &str) -> Option<Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(who.to_owned(), mark.to_owned())).copied()
    }
}

impl UnderWay {
    /// So many rows are done.
    pub(crate) fn reached(&self, done: u64) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(self.name.clone(), Rows { done, of: self.of });
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
