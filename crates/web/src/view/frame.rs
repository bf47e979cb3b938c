//! What stands around every page.

use app::work::Total;

use crate::{assets, words::Words};

/// What stands around every page: menu, person, language, theme.
pub struct Frame<'a> {
    /// The words, in the person's language.
    pub words: &'static Words,
    /// The page's title in the browser's tab, before `· TaskSteper`.
    pub title: String,
    /// The colour scheme chosen.
    pub theme: Theme,
    /// The address asked for, where a change of language or theme comes back to.
    pub path: &'a str,
    /// Who is signed in.
    pub me: Option<Me<'a>>,
    /// The entry of the menu that the page belongs to.
    pub active: Active<'a>,
    /// What has just happened.
    pub flash: Option<Flash>,
    /// How the page hears of changes.
    pub live: Option<Live>,
}

/// How a page hears of changes while it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The address of its stream: `/live/flow/issue_track/3?seen=5`
    pub address: String,
    /// The moment that the page shows, ms.
    pub at: i64,
}

/// Who is signed in, and their menu.
pub struct Me<'a> {
    /// The user's name.
    pub name: &'a str,
    /// What people see.
    pub display: &'a str,
    /// Administrators see more.
    pub admin: bool,
    /// How many items wait for them.
    pub pending: Total,
    /// The flows they may see or create items in.
    pub flows: &'a [MenuFlow<'a>],
}

/// A flow in the menu.
pub struct MenuFlow<'a> {
    /// Its key.
    pub key: &'a str,
    /// What people see.
    pub name: &'a str,
}

/// The entry of the menu that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the page of its name")]
pub enum Active<'a> {
    None,
    Home,
    Pending,
    Done,
    Created,
    Flow(&'a str),
    Stats,
    Settings,
    Stranded,
    Users,
    Groups,
    Flows,
}

/// The colour scheme chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the person's system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What has just happened, or why nothing did.
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// A sentence.
    pub text: String,
    /// Where it leads: address and words.
    pub link: Option<(String, String)>,
}

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done.
    Good,
    /// To be known.
    Info,
    /// Not done.
    Bad,
}

impl Flash {
    /// What has just been done, after a redirect: its code and whom or what it was about (`?done=user-added&about=ann`).
    /// A code that is none says nothing.
    #[must_use]
    pub fn done(words: &Words, code: &str, about: &str) -> Option<Flash> {
        let text = match code {
            "notes-layout-saved" => words.word("notes-layout-saved").to_owned(),
            "view-kept" => words.one("view-kept", "name", about),
            "view-changed" => words.word("view-changed-now").to_owned(),
            "view-gone" => words.one("view-gone", "name", about),
            "settings-saved" => words.word("settings-saved").to_owned(),
            "sessions-ended" => words.word("sessions-ended").to_owned(),
            "password-changed" => words.word("password-changed").to_owned(),
            "token-revoked" => words.word("token-revoked").to_owned(),
            "user-added" => words.one("user-added", "who", about),
            "user-saved" => words.word("user-saved").to_owned(),
            "user-disabled" => words.one("user-disabled-now", "who", about),
            "user-enabled" => words.one("user-enabled-now", "who", about),
            "group-added" => words.one("group-added", "name", about),
            "group-joined" => words.one("group-joined", "who", about),
            "group-left" => words.one("group-left", "who", about),
            "flow-unchanged" => words.word("flow-unchanged").to_owned(),
            "design-discarded" => words.one("design-discarded", "key", about),
            "flow-archived" => words.one("flow-archived-now", "name", about),
            "flow-published" => words.one("flow-published-now", "name", about),
            "handed-over" => words.one("handed-over-now", "id", about),
            "saved" => words.word("saved-now").to_owned(),
            "created" => words.one("created-now", "id", about),
            "pressed" => about.to_owned(),
            "opened" => return Flash::opened(words, about),
            "signed-out" => words.word("login-out").to_owned(),
            _ => return Flash::not_done(words, code),
        };
        Some(Flash { tone: Tone::Good, text, link: None })
    }

    /// What was not done yet.
    fn not_done(words: &Words, code: &str) -> Option<Flash> {
        let (tone, text) = match code {
            "login-needed" => (Tone::Info, words.word("login-needed")),
            "login-kept" => (Tone::Info, words.word("login-kept")),
            "kept" => (Tone::Info, words.word("kept")),
            "kept-too-large" => (Tone::Bad, words.word("kept-too-large")),
            "kept-no-text" => (Tone::Bad, words.word("kept-no-text")),
            _ => return None,
        };
        Some(Flash { tone, text: text.to_owned(), link: None })
    }

    /// A press that opened an item: its path after `/flow/`, its ID, and what was pressed.
    fn opened(words: &Words, about: &str) -> Option<Flash> {
        let mut parts = about.splitn(3, ' ');
        let (path, id, pressed) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '/');
        let link = path.chars().all(plain).then(|| (format!("/flow/{path}"), id.to_owned()));
        let text = format!("{pressed}{}{}", words.word("list-semicolon"), words.word("opened-now"));
        Some(Flash { tone: Tone::Good, text, link })
    }
}

impl Frame<'_> {
    /// The words of a key: `{{ f.word("menu-home") }}`.
    #[must_use]
    pub fn word<'k>(&self, key: &'k str) -> &'k str
    where
        'static: 'k,
    {
        self.words.word(key)
    }

    /// The words: what a page and a fragment of it, which has only the words, both have.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        self.words
    }

    /// Whether the form on the page has not been taken: it says why above.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.flash.as_ref().is_some_and(|flash| flash.tone != Tone::Good)
    }

    /// The paths of the static files.
    #[must_use]
    pub fn files(&self) -> &'static assets::Paths {
        assets::paths()
    }
}

impl Active<'_> {
    /// For templates: ` class="nav-item active"` or not.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        match self {
            Active::None => false,
            Active::Home => other == "home",
            Active::Pending => other == "pending",
            Active::Done => other == "done",
            Active::Created => other == "created",
            Active::Flow(_) => false,
            Active::Stats => other == "stats",
            Active::Settings => other == "settings",
            Active::Stranded => other == "stranded",
            Active::Users => other == "users",
            Active::Groups => other == "groups",
            Active::Flows => other == "flows",
        }
    }

    /// Whether the page belongs to this flow.
    #[must_use]
    pub fn is_flow(&self, key: &str) -> bool {
        *self == Active::Flow(key)
    }
}

impl Theme {
    /// For the cookie and `data-bs-theme`; none: as the system has it.
    #[must_use]
    pub fn tag(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    /// From the cookie.
    #[must_use]
    pub fn from_tag(tag: &str) -> Theme {
        match tag {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
}

impl Tone {
    /// Tabler's class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "alert-success",
            Tone::Info => "alert-info",
            Tone::Bad => "alert-danger",
        }
    }

    /// The icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Tone::Good => "circle-check",
            Tone::Info => "info-circle",
            Tone::Bad => "alert-triangle",
        }
    }
}
