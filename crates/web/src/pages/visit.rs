//! What every page needs of its request, and what stands around every page.

use std::{convert::Infallible, sync::Arc};

use app::{Error, Reading, Writing, signin::Credential, work};
use askama::Template;
use axum::{
    Extension, Json,
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{self, SET_COOKIE},
        request::Parts,
    },
    response::{Html, IntoResponse, Response},
};
use flow::Flow;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::kept::SignInFirst;
use crate::{
    body::BadBody,
    server::{Caller, Failed, Web, preferred},
    view::{Active, Flash, Frame, Live, Me, MenuFlow, Theme, error::ErrorPage},
    words::{Language, Words},
};

/// The cookie with the session's secret.
const SESSION: &str = "tasksteper_session";
/// The cookie with the language of someone who is not signed in.
const LANGUAGE: &str = "tasksteper_language";
/// The cookie with the colour scheme.
const THEME: &str = "tasksteper_theme";
/// The cookie with what has just been done, shown once.
const FLASH: &str = "tasksteper_flash";

/// What every page needs of its request.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The session's secret.
    pub(crate) session: Option<Credential>,
    /// The language that the browser (or its cookie) asks for.
    pub(crate) language: Language,
    /// The colour scheme.
    pub(crate) theme: Theme,
    /// Path and query asked for.
    pub(crate) path: String,
    /// The id of the element that htmx will put the answer into; none: the whole page is asked for.
    pub(crate) target: Option<String>,
    /// htmx asks.
    pub(crate) htmx: bool,
    /// What has just been done: its code, and whom or what it was about.
    flash: Option<(String, String)>,
}

/// The menu: who is signed in, what waits for them, where they may go.
pub(crate) struct Menu {
    name: String,
    display: String,
    admin: bool,
    pending: work::Total,
    flows: Vec<Arc<Flow>>,
}

/// What stands around a page while it is made.
pub(crate) struct Around<'a> {
    visit: &'a Visit,
    menu: Option<&'a Menu>,
    entries: &'a [MenuFlow<'a>],
    /// The words of the page.
    pub(crate) words: &'static Words,
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Visit, Infallible> {
        Ok(Visit::of(&parts.uri, &parts.headers))
    }
}

impl Visit {
    /// What a request says of itself.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Visit {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let flash = cookie(headers, FLASH).map(|said| {
            let said = percent_decode_str(said).decode_utf8_lossy().into_owned();
            let (code, about) = said.split_once(' ').unwrap_or((&said, ""));
            (code.to_owned(), about.to_owned())
        });
        Visit {
            session: cookie(headers, SESSION).map(|secret| Credential::Session(secret.to_owned())),
            language: cookie(headers, LANGUAGE).and_then(Language::from_tag).unwrap_or_else(|| preferred(headers)),
            theme: Theme::from_tag(cookie(headers, THEME).unwrap_or_default()),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            target: text("hx-target"),
            htmx: text("hx-request").is_some_and(|value| value == "true"),
            flash,
        }
    }

    /// Makes a page from a use case that reads.
    pub(crate) async fn page(
        self,
        web: &Web,
        make: impl FnOnce(&Reading, &Caller, &Around) -> Result<Response, Error> + Send + 'static,
    ) -> Response {
        let visit = Arc::new(self);
        let made = web.read_as(visit.session.clone(), visit.language, visit.clone().around(make)).await;
        visit.made(web, made).await
    }

    /// [`Visit::page`] of a use case that may look at very much.
    pub(crate) async fn long_page(
        self,
        web: &Web,
        make: impl FnOnce(&Reading, &Caller, &Around) -> Result<Response, Error> + Send + 'static,
    ) -> Response {
        let visit = Arc::new(self);
        let made = web.read_long(visit.session.clone(), visit.language, visit.clone().around(make)).await;
        visit.made(web, made).await
    }

    /// Puts around a page what stands around every page.
    fn around(
        self: Arc<Self>,
        make: impl FnOnce(&Reading, &Caller, &Around) -> Result<Response, Error> + Send + 'static,
    ) -> impl FnOnce(&Reading, &Caller) -> Result<Response, Error> + Send + 'static {
        move |cx, caller| {
            let menu = Menu::of(cx, caller)?;
            let entries = menu.entries();
            let around = Around { visit: &self, menu: Some(&menu), entries: &entries, words: caller.words };
            make(cx, caller, &around)
        }
    }

    async fn made(&self, web: &Web, made: Result<Response, Failed>) -> Response {
        match made {
            Ok(response) => self.finish(response),
            Err(failed) => self.failed(web, failed).await,
        }
    }

    /// How far something is that this person has begun under `mark`, or `null` when it is not under way here.
    pub(crate) async fn progress(
        &self,
        web: &Web,
        mark: String,
        may: impl FnOnce(&Reading, &Caller) -> Result<(), Error> + Send + 'static,
    ) -> Response {
        let known = web.look_as(self.session.clone(), self.language, move |cx, caller| {
            may(cx, caller)?;
            Ok(caller.signed.actor.name.clone())
        });
        match known.await {
            Ok(who) => Json(web.progress.of(&who, &mark)).into_response(),
            Err(failed) => self.failed(web, failed).await,
        }
    }

    /// Runs a use case that writes; a failure is a page already.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        web: &Web,
        mut use_case: impl FnMut(&Writing, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Response> {
        let written = web.write_as(self.session.clone(), self.language, move |cx, caller| use_case(cx, caller)).await;
        match written {
            Ok(done) => Ok(done),
            Err(failed) => Err(self.failed(web, failed).await),
        }
    }

    /// The page for a use case that did not happen; who is not signed in is sent to do that.
    pub(crate) async fn failed(&self, web: &Web, failed: Failed) -> Response {
        if matches!(failed.error, Error::NotSignedIn) {
            return self.to_sign_in();
        }
        let no_room = matches!(&failed.error, Error::Store(store) if store.no_room());
        let problem = crate::api::Problem::from_error(failed.error, failed.words);
        let too_long = problem.took_too_long();
        if problem.status() == StatusCode::SERVICE_UNAVAILABLE && !no_room && !too_long {
            return self.unavailable(&problem, failed.words);
        }
        let says_more = no_room || too_long || matches!(problem.status().as_u16(), 403 | 409 | 422 | 429);
        let text = says_more.then(|| problem.detail().to_owned());
        let mut response = self.error(web, problem.status(), text).await;
        if let Some(seconds) = problem.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The page for records that do not answer; they are not asked for what stands around it.
    fn unavailable(&self, problem: &crate::api::Problem, words: &'static Words) -> Response {
        let mut page = ErrorPage::of(self.bare("", words), problem.status().as_u16());
        page.f.title.clone_from(&page.heading);
        if problem.outcome_unknown() {
            problem.detail().clone_into(&mut page.text);
        }
        let drawn = rendered(&page).unwrap_or_else(|_| problem.status().into_response());
        let mut response = (problem.status(), drawn).into_response();
        if let Some(seconds) = problem.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The page for a body that cannot be read; where it can be shown again, [`super::kept`] does that instead.
    pub(crate) async fn bad_body(&self, web: &Web, bad: BadBody) -> Response {
        (Extension(bad), self.error(web, bad.status(), None).await).into_response()
    }

    /// The page of an error, with the menu of whoever is signed in; `text`: its words, if not the status's usual ones.
    pub(crate) async fn error(&self, web: &Web, status: StatusCode, text: Option<String>) -> Response {
        let drawn = self.open_page(web, |around| {
            let mut page = ErrorPage::of(around.frame("", Active::None), status.as_u16());
            page.f.title.clone_from(&page.heading);
            if let Some(text) = text {
                page.text = text;
            }
            if matches!(status.as_u16(), 400 | 413) {
                page.way = Some((local(&self.path).to_owned(), around.words.word("back-form").to_owned()));
            }
            rendered(&page)
        });
        (status, drawn.await.unwrap_or_else(|_| status.into_response())).into_response()
    }

    /// A page for whoever it is, with the menu of whoever is signed in.
    pub(crate) async fn open_page(
        &self,
        web: &Web,
        make: impl FnOnce(&Around) -> Result<Response, Error>,
    ) -> Result<Response, Error> {
        let menu = web
            .read_as(self.session.clone(), self.language, |cx, caller| Ok((Menu::of(cx, caller)?, caller.words)))
            .await;
        let (menu, words) = match menu {
            Ok((menu, words)) => (Some(menu), words),
            Err(failed) => (None, failed.words),
        };
        let entries = menu.as_ref().map(Menu::entries).unwrap_or_default();
        make(&Around { visit: self, menu: menu.as_ref(), entries: &entries, words })
    }

    /// A page for someone who need not be signed in.
    pub(crate) fn bare<'a>(&'a self, title: &str, words: &'static Words) -> Frame<'a> {
        Around { visit: self, menu: None, entries: &[], words }.frame(title, Active::None)
    }

    /// To another page of ours, after something was done: `said` is a code of [`Flash::done`] and what it was about.
    pub(crate) fn go(&self, web: &Web, to: &str, said: Option<(&str, &str)>) -> Response {
        let mut response = redirect(to, self.htmx);
        if let Some((code, about)) = said {
            let text = format!("{code} {about}");
            let text = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            add_cookie(&mut response, web, FLASH, &text, Some(60));
        }
        response
    }

    /// To the page to sign in, which leads back here.
    pub(crate) fn to_sign_in(&self) -> Response {
        let to = match self.path.as_str() {
            "/" | "/logout" => "/login".to_owned(),
            path => format!("/login?next={}", utf8_percent_encode(path, NON_ALPHANUMERIC)),
        };
        let next = SignInFirst { next: self.path.clone() };
        (Extension(next), redirect(&to, self.htmx)).into_response()
    }

    /// Says this on the page that follows: a code of [`Flash::done`].
    pub(crate) fn say(&mut self, code: &str) {
        self.flash = Some((code.to_owned(), String::new()));
    }

    /// What was said once is not said again.
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        if self.flash.is_some() && response.status() == StatusCode::OK && !self.htmx {
            let gone = format!("{FLASH}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
            if let Ok(value) = HeaderValue::try_from(gone) {
                response.headers_mut().append(SET_COOKIE, value);
            }
        }
        response
    }
}

impl Menu {
    fn of(cx: &Reading, caller: &Caller) -> Result<Menu, Error> {
        let signed = &caller.signed;
        Ok(Menu {
            name: signed.actor.name.clone(),
            display: signed.display.clone(),
            admin: signed.actor.admin,
            pending: work::pending_count(cx, &signed.actor)?,
            flows: work::entered(cx, &signed.actor)?,
        })
    }

    fn entries(&self) -> Vec<MenuFlow<'_>> {
        self.flows.iter().map(|flow| MenuFlow { key: &flow.key, name: &flow.name }).collect()
    }
}

impl<'a> Around<'a> {
    /// What stands around the page.
    pub(crate) fn frame(&self, title: &str, active: Active<'a>) -> Frame<'a> {
        let said = self.visit.flash.as_ref().filter(|_| !self.visit.htmx);
        Frame {
            words: self.words,
            title: title.to_owned(),
            theme: self.visit.theme,
            path: &self.visit.path,
            me: self.menu.map(|menu| Me {
                name: &menu.name,
                display: &menu.display,
                admin: menu.admin,
                pending: menu.pending,
                flows: self.entries,
            }),
            active,
            flash: said.and_then(|(code, about)| Flash::done(self.words, code, about)),
            live: None,
        }
    }

    /// [`Around::frame`] of a page that hears of changes from this address while it is open.
    pub(crate) fn live_frame(&self, cx: &Reading, title: &str, active: Active<'a>, address: String) -> Frame<'a> {
        Frame { live: Some(Live { address, at: cx.now.as_millisecond() }), ..self.frame(title, active) }
    }

    /// The request.
    pub(crate) fn visit(&self) -> &'a Visit {
        self.visit
    }
}

/// A template as a page.
pub(crate) fn rendered(template: &impl Template) -> Result<Response, Error> {
    Ok(Html(drawn(template)?).into_response())
}

/// A page, or a part of one, as text.
pub(crate) fn drawn(template: &impl Template) -> Result<String, Error> {
    // Most pages fit, so that the text is not copied while it grows.
    let mut text = String::with_capacity(64 * 1024);
    match template.render_into(&mut text) {
        Ok(()) => Ok(text),
        Err(error) => Err(Error::Damaged(format!("a page cannot be drawn: {error}"))),
    }
}

/// Opens a session in the browser.
pub(crate) fn with_session(mut response: Response, web: &Web, secret: &str) -> Response {
    add_cookie(&mut response, web, SESSION, secret, Some(400 * 24 * 3600));
    response
}

/// Ends the session in the browser.
pub(crate) fn without_session(mut response: Response, web: &Web) -> Response {
    add_cookie(&mut response, web, SESSION, "", Some(0));
    response
}

/// Remembers the language or the colour scheme in the browser.
pub(crate) fn with_preferences(
    mut response: Response,
    web: &Web,
    language: Option<Language>,
    theme: Option<Theme>,
) -> Response {
    if let Some(language) = language {
        add_cookie(&mut response, web, LANGUAGE, language.tag(), Some(400 * 24 * 3600));
    }
    if let Some(theme) = theme {
        add_cookie(&mut response, web, THEME, theme.tag().unwrap_or("system"), Some(400 * 24 * 3600));
    }
    response
}

/// Forgets the language remembered in the browser: it asks for its own again.
pub(crate) fn without_language(mut response: Response, web: &Web) -> Response {
    add_cookie(&mut response, web, LANGUAGE, "", Some(0));
    response
}

/// A path of ours, so that no link leads people from here to somewhere else.
pub(crate) fn local(path: &str) -> &str {
    let fine = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\n', '\r', '\t'])
        && !path.chars().any(char::is_control);
    if fine { path } else { "/" }
}

fn redirect(to: &str, htmx: bool) -> Response {
    let location = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    if htmx {
        (StatusCode::NO_CONTENT, [(HeaderName::from_static("hx-redirect"), location)]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    }
}

fn add_cookie(response: &mut Response, web: &Web, name: &str, value: &str, age_s: Option<i64>) {
    let secure = if web.config.is_secure() { "; Secure" } else { "" };
    let age = age_s.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}
