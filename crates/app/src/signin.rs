//! Who is asking: passwords, sessions, tokens, throttling, the first administrator.
//!
//! A session's or token's secret is 256 random bits; the records hold its SHA-256 only, so a copy of the database
//! signs nobody in. It is looked up in the snapshot of the request that it came with, so what was revoked is refused
//! at the very next request.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex, PoisonError},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use flow::Actor;
use sha2::{Digest, Sha256};
use store::{session, throttle, token, user};

use crate::{App, Error, Page, Reading, Reason, Writing, people, work::Part};

/// Failed attempts on one name before it has to wait.
const NAME_FAILURES: i64 = 8;
/// Failed attempts from one address before it has to wait.
const ADDRESS_FAILURES: i64 = 40;
/// Failures are forgotten after this long without another.
const THROTTLE_MS: i64 = 10 * 60 * 1000;
/// A session that is not used for this long ends.
const SESSION_MS: i64 = 30 * 24 * 3600 * 1000;
/// A session's last use is written down at most this often.
const TOUCH_MS: i64 = 3600 * 1000;
/// How long the link for the first administrator works.
const SETUP_MS: i64 = 24 * 3600 * 1000;

/// What came with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The session cookie's value.
    Session(String),
    /// An API token.
    Token(String),
}

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// For the rules.
    pub actor: Actor,
    /// What people see.
    pub display: String,
    /// The language chosen in the settings, if any.
    pub language: Option<String>,
    /// The session's or token's last use is to be written down ([`touch`]).
    pub touch: bool,
}

/// At most two passwords are hashed at once: each takes 19 MiB and a core.
#[derive(Default)]
pub(crate) struct Gate {
    busy: Mutex<u8>,
    free: Condvar,
}

impl Gate {
    fn pass<T>(&self, work: impl FnOnce() -> T) -> T {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut busy = self.free.wait_while(busy, |busy| *busy >= 2).unwrap_or_else(PoisonError::into_inner);
        *busy += 1;
        drop(busy);
        let result = work();
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.free.notify_one();
        result
    }
}

impl App {
    /// Checks a name and a password and opens a session: its secret, for the cookie.
    ///
    /// # Errors
    /// `WrongPassword` (a name that does not exist, a disabled user and a wrong password answer alike), `Throttled`.
    pub fn sign_in(&self, name: &str, password: &str, address: &str) -> Result<String, Error> {
        let now = self.now().as_millisecond();
        // No record holds U+0000.
        let keys = [format!("name:{}", flow::fold_name(name).replace('\0', "\u{fffd}")), format!("address:{address}")];
        let user = self.read(|cx| {
            throttled(cx, &keys[0], NAME_FAILURES, now)?;
            throttled(cx, &keys[1], ADDRESS_FAILURES, now)?;
            Ok(user::by_name(cx.tx, name)?)
        })?;
        let active = user.filter(|user| user.active);
        let hash = active.as_ref().and_then(|user| user.password_hash.clone());
        if !self.password_matches(hash.as_deref(), password) {
            self.write(move |cx| {
                for key in &keys {
                    throttle::record(cx.tx, key, now)?;
                }
                Ok(throttle::clear_before(cx.tx, now - THROTTLE_MS)?)
            })?;
            return Err(Error::WrongPassword);
        }
        let name = active.map(|user| user.name).unwrap_or_default();
        let secret = hex(&self.random::<32>());
        let kept = secret.clone();
        self.write(move |cx| {
            throttle::clear(cx.tx, &keys[0])?;
            session::delete_expired(cx.tx, now)?;
            open_session(cx, &name, &kept)
        })?;
        Ok(secret)
    }

    /// Makes a session for someone whose identity is known otherwise (the first administrator, tests of speed).
    ///
    /// # Errors
    /// The store's.
    pub fn open_session(&self, name: &str) -> Result<String, Error> {
        let secret = hex(&self.random::<32>());
        let (name, kept) = (name.to_owned(), secret.clone());
        self.write(move |cx| open_session(cx, &name, &kept))?;
        Ok(secret)
    }

    /// Makes an API token: its secret, shown once. `lifetime_ms` counts from now; none: it does not expire.
    ///
    /// # Errors
    /// `Input` where the user is unknown or disabled.
    pub fn create_token(&self, user: &str, name: &str, lifetime_ms: Option<i64>) -> Result<String, Error> {
        let secret = format!("tsk_{}", hex(&self.random::<32>()));
        let (user, name, hash) = (user.to_owned(), name.to_owned(), hashed(&secret));
        people::check_line("name", &name, 100)?;
        self.write(move |cx| {
            let user = people::active(cx, "user", &user)?;
            let now = cx.now.as_millisecond();
            let expires_at = lifetime_ms.map(|ms| now.saturating_add(ms));
            let new = token::NewToken {
                hash: hash.clone(),
                user: user.name,
                name: name.clone(),
                created_at: now,
                expires_at,
            };
            token::insert(cx.tx, &new)?;
            Ok(())
        })?;
        Ok(secret)
    }

    /// Makes the link's secret by which the first administrator is set up, when there is no administrator yet.
    ///
    /// # Errors
    /// The store's.
    pub fn setup_secret(&self) -> Result<Option<String>, Error> {
        if self.read(|cx| Ok(user::any_admin(cx.tx)?))? {
            return Ok(None);
        }
        let secret = hex(&self.random::<32>());
        let hash = hashed(&secret);
        self.write(move |cx| Ok(store::setup_link::put(cx.tx, &hash, cx.now.as_millisecond() + SETUP_MS)?))?;
        Ok(Some(secret))
    }

    /// Whether that link still works.
    ///
    /// # Errors
    /// `NotFound` if it does not.
    pub fn check_setup(&self, secret: &str) -> Result<(), Error> {
        let hash = hashed(secret);
        self.read(|cx| {
            let good = store::setup_link::valid(cx.tx, &hash, cx.now.as_millisecond())? && !user::any_admin(cx.tx)?;
            if good { Ok(()) } else { Err(Error::NotFound) }
        })
    }

    /// Makes the first administrator and signs them in: the session's secret.
    ///
    /// # Errors
    /// `NotFound` if the link does not work (any more), `Input`.
    pub fn set_up(&self, secret: &str, name: &str, display: &str, password: &str) -> Result<String, Error> {
        self.check_setup(secret)?;
        people::check_password(password)?;
        let hash = self.hash_password(password)?;
        let link = hashed(secret);
        let new = people::NewUser {
            name: name.to_owned(),
            display: Some(display.to_owned()).filter(|text| !text.trim().is_empty()),
            admin: true,
            password_hash: Some(hash),
            ..Default::default()
        };
        let name = self.write(move |cx| {
            if user::any_admin(cx.tx)? || !store::setup_link::take(cx.tx, &link, cx.now.as_millisecond())? {
                return Err(Error::NotFound);
            }
            people::add(cx, people::SYSTEM, &new)
        })?;
        self.open_session(&name)
    }

    /// The password as it is kept: argon2id, a salt of its own.
    ///
    /// # Errors
    /// `Damaged` if the library refuses, which it does for no password that [`people::check_password`] lets through.
    pub fn hash_password(&self, password: &str) -> Result<String, Error> {
        let salt: [u8; 16] = self.random();
        let hash: Result<PasswordHash, _> =
            self.0.hashing.pass(|| Argon2::default().hash_password_with_salt(password.as_bytes(), &salt));
        hash.map(|hash| hash.to_string()).map_err(|error| Error::Damaged(format!("hashing a password: {error}")))
    }

    /// Whether the password is the kept one. Takes as long when there is none.
    pub(crate) fn password_matches(&self, kept: Option<&str>, password: &str) -> bool {
        // The hash of nothing that can be typed: so that an unknown name takes as long as a known one.
        const NOBODY: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let Ok(hash) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
        self.0.hashing.pass(|| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()) && kept.is_some()
    }
}

/// [`who`] will be asked this soon.
pub(crate) fn foresee(tx: &store::Tx, credential: Option<&Credential>) -> Result<(), Error> {
    // where nothing is won by it, the secret is not hashed for it
    match credential.filter(|_| tx.is_far()) {
        Some(Credential::Session(secret)) => Ok(session::foresee(tx, &hashed(secret))?),
        Some(Credential::Token(secret)) => Ok(token::foresee(tx, &hashed(secret))?),
        None => Ok(()),
    }
}

/// Who that is, if the credential is good now.
///
/// # Errors
/// The store's.
pub fn who(cx: &Reading, credential: &Credential) -> Result<Option<SignedIn>, Error> {
    let now = cx.now.as_millisecond();
    let found = match credential {
        Credential::Session(secret) => session::load(cx.tx, &hashed(secret))?
            .filter(|(session, ..)| session.expires_at > now)
            .map(|(session, user, groups)| (user, groups, long_ago(session.seen_at, now))),
        Credential::Token(secret) => token::load(cx.tx, &hashed(secret))?
            .filter(|(token, ..)| token.expires_at.is_none_or(|at| at > now))
            .map(|(token, user, groups)| (user, groups, token.used_at.is_none_or(|at| long_ago(at, now)))),
    };
    Ok(found.filter(|(user, ..)| user.active).map(|(user, groups, touch)| SignedIn {
        actor: Actor { name: user.name, admin: user.admin, groups },
        display: user.display,
        language: user.language,
        touch,
    }))
}

/// Writes down that the session or token is in use.
///
/// # Errors
/// The store's.
pub fn touch(cx: &Writing, credential: &Credential) -> Result<(), Error> {
    let now = cx.now.as_millisecond();
    match credential {
        Credential::Session(secret) => session::touch(cx.tx, &hashed(secret), now, now + SESSION_MS)?,
        Credential::Token(secret) => token::touch(cx.tx, &hashed(secret), now)?,
    }
    Ok(())
}

/// Ends one session.
///
/// # Errors
/// The store's.
pub fn sign_out(cx: &Writing, secret: &str) -> Result<(), Error> {
    Ok(session::delete(cx.tx, &hashed(secret))?)
}

/// Ends every session of the actor but the one that asks.
///
/// # Errors
/// The store's.
pub fn sign_out_elsewhere(cx: &Writing, actor: &Actor, present: &str) -> Result<(), Error> {
    Ok(session::delete_others(cx.tx, &actor.name, &hashed(present))?)
}

/// What people see of their own account.
#[derive(Debug, Clone)]
pub struct Account {
    /// The groups they are in.
    pub groups: BTreeSet<String>,
    /// The language chosen.
    pub language: Option<String>,
    /// Whether they sign in with a password of ours.
    pub has_password: bool,
    /// Where they are signed in: on the first page the session that asks, then the last used first.
    pub sessions: Page<SessionView>,
    /// Their tokens, newest first.
    pub tokens: Page<TokenView>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// It is the one that asks.
    pub present: bool,
    /// Signed in when, ms.
    pub created_at: i64,
    /// Last used when, ms; written down at most hourly.
    pub seen_at: i64,
}

/// The actor's own account, seen from the session `present`: these parts of their sessions and tokens.
///
/// # Errors
/// `NotFound` if the actor is no user; `BadCursor`.
pub fn account(
    cx: &Reading,
    actor: &Actor,
    present: &str,
    (sessions, tokens): (&Part, &Part),
) -> Result<Account, Error> {
    let user = user::by_name(cx.tx, &actor.name)?.ok_or(Error::NotFound)?;
    Ok(Account {
        groups: actor.groups.clone(),
        language: user.language,
        has_password: user.password_hash.is_some(),
        sessions: session_page(cx, actor, &hashed(present), sessions)?,
        tokens: token_page(cx, actor, tokens)?,
    })
}

fn session_page(cx: &Reading, actor: &Actor, present: &str, part: &Part) -> Result<Page<SessionView>, Error> {
    let view = |row: session::Session| SessionView {
        present: row.hash == present,
        created_at: row.created_at,
        seen_at: row.seen_at,
    };
    let first = part.cursor.is_none().then(|| session::load(cx.tx, present)).transpose()?.flatten();
    let now = cx.now.as_millisecond();
    let others = session::others(cx.tx, &actor.name, present, now, part.cursor.as_deref(), part.limit)?;
    let rows = first.into_iter().map(|(row, ..)| row).chain(others.rows).map(view).collect();
    Ok(Page { rows, next: others.next })
}

/// An API token as its owner sees it.
#[derive(Debug, Clone)]
pub struct TokenView {
    /// For revoking.
    pub id: i64,
    /// What its owner called it.
    pub name: String,
    /// When it was made, ms.
    pub created_at: i64,
    /// When it ends, ms.
    pub expires_at: Option<i64>,
    /// When it was last used, ms; written down at most hourly.
    pub used_at: Option<i64>,
}

fn token_page(cx: &Reading, actor: &Actor, part: &Part) -> Result<Page<TokenView>, Error> {
    let page = token::of(cx.tx, &actor.name, part.cursor.as_deref(), part.limit)?;
    let view = |row: token::Token| TokenView {
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    };
    Ok(Page { rows: page.rows.into_iter().map(view).collect(), next: page.next })
}

/// Revokes one of the actor's tokens.
///
/// # Errors
/// `NotFound` if it is none of theirs.
pub fn revoke_token(cx: &Writing, actor: &Actor, id: i64) -> Result<(), Error> {
    if token::delete(cx.tx, &actor.name, id)? { Ok(()) } else { Err(Error::NotFound) }
}

fn open_session(cx: &Writing, name: &str, secret: &str) -> Result<(), Error> {
    let now = cx.now.as_millisecond();
    let new = session::Session {
        hash: hashed(secret),
        user: name.to_owned(),
        created_at: now,
        seen_at: now,
        expires_at: now + SESSION_MS,
    };
    Ok(session::insert(cx.tx, &new)?)
}

/// Whether a last use is to be written down anew: it was long ago, or by a clock that has been set back since.
fn long_ago(used_at: i64, now: i64) -> bool {
    now - used_at >= TOUCH_MS || used_at > now
}

fn throttled(cx: &Reading, key: &str, allowed: i64, now: i64) -> Result<(), Error> {
    match throttle::failures(cx.tx, key)? {
        // What failed in the future failed before a clock was set back: nobody waits until then.
        Some((count, last)) if count >= allowed && (0..THROTTLE_MS).contains(&(now - last)) => {
            Err(Error::Throttled { retry_after_s: (THROTTLE_MS - (now - last)).div_euclid(1000) + 1 })
        }
        _ => Ok(()),
    }
}

fn hashed(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    // Every request's secret is hashed and spelled so: without a formatter and a text for each byte.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(digits.map(|digit| char::from(DIGITS[usize::from(digit)])));
    text
}

/// Changes the actor's own password; every other session of theirs ends.
///
/// # Errors
/// `Input` where the present one is wrong or the new one cannot be taken; `Throttled` where too many were wrong: whoever
/// found a session open does not find the password.
pub fn change_password(app: &App, actor: &Actor, present: &str, new: &str, again: &str) -> Result<(), Error> {
    // Not the count of signing in: failing there from outside must not keep anyone from a new password.
    let (now, key) = (app.now().as_millisecond(), format!("present:{}", flow::fold_name(&actor.name)));
    let user = app.read(|cx| {
        throttled(cx, &key, NAME_FAILURES, now)?;
        Ok(user::by_name(cx.tx, &actor.name)?)
    })?;
    if !app.password_matches(user.and_then(|user| user.password_hash).as_deref(), present) {
        app.write(move |cx| {
            throttle::record(cx.tx, &key, now)?;
            Ok(throttle::clear_before(cx.tx, now - THROTTLE_MS)?)
        })?;
        return Err(Error::input("present", Reason::WrongPassword));
    }
    if new != again {
        return Err(Error::input("again", Reason::Different));
    }
    people::check_password(new)?;
    let hash = app.hash_password(new)?;
    let name = actor.name.clone();
    app.write(move |cx| {
        throttle::clear(cx.tx, &key)?;
        session::delete_of(cx.tx, &name)?;
        user::update_password(cx.tx, &name, Some(&hash))?;
        Ok(())
    })
}
