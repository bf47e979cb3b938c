//! How far it is, on a terminal; elsewhere nothing.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over bytes.
pub(super) fn bytes(what: &'static str, total: u64) -> ProgressBar {
    bar(what, total, "{prefix:12} [{bar:40}] {binary_bytes} of {binary_total_bytes}, {eta} to go")
}

/// A bar over things that are counted, called so.
pub(in crate::commands) fn counted(what: &'static str, total: u64) -> ProgressBar {
    bar(what, total, "{prefix:12} [{bar:40}] {human_pos} of {human_len}, {per_sec}, {eta} to go")
}

/// Something of which nobody knows how long it takes.
pub(super) fn waiting(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_prefix(what);
    if let Ok(style) = ProgressStyle::with_template("{prefix:12} {spinner} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn bar(what: &'static str, total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(total).with_prefix(what);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
