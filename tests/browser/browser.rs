//! A person at a browser: what their hands do and what their eyes see.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use thirtyfour::prelude::*;

use crate::chromium::Chromium;

/// The key that sends a form, among what is typed.
pub(crate) const ENTER: char = '\u{e007}';
/// How long a page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A person at a browser. What it does is waited for, so that tests read from top to bottom.
pub(crate) struct Person {
    page: Page,
    runtime: tokio::runtime::Runtime,
}

macro_rules! as_a_person {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) $(-> $gives:ty)?;)*) => {
        $($(#[$doc])* pub(crate) fn $name(&self, $($argument: $kind),*) $(-> $gives)? {
            self.runtime.block_on(self.page.$name($($argument),*))
        })*
    };
}

impl Person {
    /// Opens a browser. Without `script`, pages run no JavaScript.
    pub(crate) fn new(base: &str, script: bool) -> Person {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let page = runtime.block_on(Page::new(base, script));
        Person { page, runtime }
    }

    /// Opens a browser and signs in, with the password of the test installations.
    pub(crate) fn signed_in(base: &str, name: &str, script: bool) -> Person {
        let person = Person::new(base, script);
        person.open("/login");
        person.fill("用户名", name);
        person.fill("密码", "pass-word-1");
        person.press("登录");
        person.sees("我发起的");
        person
    }

    /// Types into the input of this label, in place of what stands there.
    pub(crate) fn fill(&self, label: &str, text: impl AsRef<str>) {
        self.runtime.block_on(self.page.fill(label, text.as_ref()));
    }

    as_a_person! {
        /// Opens a page.
        open(path: &str);
        /// The path of the page.
        path() -> String;
        /// Waits until the page shows the text.
        sees(text: &str);
        /// Waits until the page no longer shows the text.
        sees_no(text: &str);
        /// What the page shows.
        text() -> String;
        /// What stands in the input of this label.
        value(label: &str) -> String;
        /// Chooses a word in the select of this label.
        choose(label: &str, word: &str);
        /// Picks a person or an item in the picker of this label: types, and takes the first that is offered.
        pick(label: &str, text: &str);
        /// Presses the button of these words.
        press(words: &str);
        /// Types into the element of this XPath, in place of what stands there, and goes on to the next.
        fill_at(path: &str, text: &str);
        /// What stands in the input of this XPath.
        value_at(path: &str) -> String;
        /// Whether the page shows the element of this XPath now.
        shows(path: &str) -> bool;
        /// Waits until there is no button of these words.
        has_no_button(words: &str);
        /// Follows the link of these words.
        follow(words: &str);
        /// Clicks the element of this XPath.
        click(path: &str);
        /// Follows the link of these words by the keyboard.
        follow_by_key(words: &str);
        /// Waits until the page shows the element of this XPath.
        finds(path: &str);
        /// Takes what stands at the first XPath by the mouse, and holds it over what stands at the second.
        hold(path: &str, over: &str);
        /// Lets go of what is held.
        let_go();
        /// Takes what stands at the first XPath by the mouse, and lets it go over what stands at the second.
        drag(path: &str, over: &str);
        /// Makes the window this large.
        resize(width: u32, height: u32);
        /// How wide the page is, and how wide the window.
        widths() -> (i64, i64);
        /// Takes a picture of the page.
        picture(file: &Path);
        /// Gives the file to the input of this label.
        attach(label: &str, file: &Path);
        /// Lets no request pass that fits one of the patterns.
        block(patterns: &[&str]);
        /// Lets the page wait so long for what it fetches by itself because it has heard of a change.
        delay_what_is_heard(milliseconds: u32);
        /// Puts the window away.
        leave();
        /// Looks at the window again.
        come_back();
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let driver = self.page.driver().clone();
        // A browser that is gone already needs no closing.
        let _ = self.runtime.block_on(driver.quit());
    }
}

/// The browser's one window, driven asynchronously.
struct Page {
    chromium: Chromium,
    base: String,
    script: bool,
}

impl Page {
    /// Opens a browser. Without `script`, pages run no JavaScript.
    async fn new(base: &str, script: bool) -> Page {
        let page = Page { chromium: Chromium::start().await, base: base.to_owned(), script };
        if !script {
            page.tool("Emulation.setScriptExecutionDisabled", serde_json::json!({"value": true})).await;
        }
        page
    }

    fn driver(&self) -> &WebDriver {
        &self.chromium.driver
    }

    /// Opens a page.
    async fn open(&self, path: &str) {
        self.driver().goto(format!("{}{path}", self.base)).await.expect("the page opens");
    }

    /// The path of the page.
    async fn path(&self) -> String {
        let url = self.driver().current_url().await.expect("an address");
        url.path().to_owned()
    }

    /// Waits until the page shows the text.
    async fn sees(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().await.contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} on {}:\n{}", self.path().await, self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page no longer shows the text.
    async fn sees_no(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.text().await.contains(text) {
            assert!(Instant::now() < deadline, "still {text:?} on {}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the page shows.
    async fn text(&self) -> String {
        // the driver's own way looks at the style of every node of the page
        let script = "return document.body ? document.body.innerText.replaceAll('\\t', ' ') : ''";
        match self.driver().execute(script, Vec::new()).await {
            Ok(text) => text.convert().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The first element of this XPath that is shown now.
    async fn shown(&self, path: &str) -> Option<WebElement> {
        let script = "const found = document.evaluate(arguments[0], document, null, 7, null);
            for (let at = 0; at < found.snapshotLength; at++) {
                const one = found.snapshotItem(at), seen = one.closest('select') ?? one;
                const is_shown = seen.checkVisibility({ opacityProperty: true, visibilityProperty: true });
                if (is_shown && seen.getClientRects().length) return one;
            }
            return null;";
        let found = self.driver().execute(script, vec![path.into()]).await.ok()?;
        found.element().ok()
    }

    /// The input that this label labels.
    async fn labelled(&self, label: &str) -> WebElement {
        let words = quoted(label);
        let any = "*[self::textarea or self::input or self::select]";
        let own = format!("//label[normalize-space(.)={words}]");
        self.find(&format!("//{any}[@aria-label={words}] | //{any}[@id={own}/@for] | {own}//{any}")).await
    }

    /// Types into the input of this label, in place of what stands there. What a page draws anew meanwhile is found again.
    async fn fill(&self, label: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let input = self.labelled(label).await;
            let typed = async {
                input.clear().await?;
                input.send_keys(text).await
            };
            let Err(error) = typed.await else { return };
            assert!(is_passing(&error) && Instant::now() < deadline, "{label}: {error}");
        }
    }

    /// Types into the element of this XPath, in place of what stands there, and goes on to the next. What a page draws anew
    /// meanwhile is found again.
    async fn fill_at(&self, path: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let input = self.find(path).await;
            let typed = async {
                input.clear().await?;
                input.send_keys(text).await?;
                input.send_keys(Key::Tab + "").await
            };
            let Err(error) = typed.await else { return };
            assert!(is_passing(&error) && Instant::now() < deadline, "{path}: {error}");
        }
    }

    /// What stands in the input of this XPath.
    async fn value_at(&self, path: &str) -> String {
        self.find(path).await.prop("value").await.expect("a property").unwrap_or_default()
    }

    /// Whether the page shows the element of this XPath now.
    async fn shows(&self, path: &str) -> bool {
        self.shown(path).await.is_some()
    }

    /// What stands in the input of this label.
    async fn value(&self, label: &str) -> String {
        self.labelled(label).await.prop("value").await.expect("a property").unwrap_or_default()
    }

    /// Chooses a word in the select of this label.
    async fn choose(&self, label: &str, word: &str) {
        let path = format!(".//option[normalize-space(.)={}]", quoted(word));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let select = self.labelled(label).await;
            let chosen = async { select.find(By::XPath(path.clone())).await?.click().await };
            let Err(error) = chosen.await else { return };
            assert!(is_passing(&error) && Instant::now() < deadline, "{label}: {word}: {error}");
        }
    }

    /// Picks a person or an item in the picker of this label: types, and takes the first that is offered.
    async fn pick(&self, label: &str, text: &str) {
        let input = self.labelled(label).await;
        if !self.script {
            input.clear().await.expect("it is emptied");
            input.send_keys(text).await.expect("it is typed into");
            return;
        }
        input.click().await.expect("it is opened");
        input.send_keys(text).await.expect("it is typed into");
        // What is offered is drawn anew while the search goes on: only what stands still can be taken.
        let offered =
            "//*[contains(@class,'ts-dropdown') and not(contains(@style,'display: none'))]//*[@data-selectable]";
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = self.find(offered).await.click().await {
            assert!(Instant::now() < deadline, "{label}: {error}");
        }
    }

    /// Presses the button of these words.
    async fn press(&self, words: &str) {
        self.click(&format!("//button[normalize-space(.)={}]", quoted(words))).await;
    }

    /// Waits until there is no button of these words.
    async fn has_no_button(&self, words: &str) {
        let (path, deadline) = (format!("//button[normalize-space(.)={}]", quoted(words)), Instant::now() + PATIENCE);
        while self.shows(&path).await {
            assert!(Instant::now() < deadline, "still {words:?} on {}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Follows the link of these words.
    async fn follow(&self, words: &str) {
        self.click(&format!("//a[normalize-space(.)={}]", quoted(words))).await;
    }

    /// Follows the link of these words by the keyboard: no pointer is near it.
    async fn follow_by_key(&self, words: &str) {
        let link = self.find(&format!("//a[normalize-space(.)={}]", quoted(words))).await;
        link.send_keys(ENTER.to_string()).await.expect("the key is taken");
    }

    /// Clicks the element of this XPath. What a page draws anew between finding and clicking is found again, and what lies
    /// under a bar is scrolled from under it, as a person would.
    async fn click(&self, path: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.find(path).await;
            let Err(error) = found.click().await else { return self.answered(&found).await };
            assert!(is_passing(&error) && Instant::now() < deadline, "{path}: {error}");
            // one that is gone by now is found again
            let _ = found.scroll_into_view().await;
        }
    }

    /// Waits for the page that a click brings, which the driver does not always do: with a script until what was sent is
    /// answered, without one until what was clicked is gone. A click that brings none, such as one on a part of the page that
    /// folds, takes a moment longer.
    async fn answered(&self, clicked: &WebElement) {
        let deadline = Instant::now() + Duration::from_secs(2);
        let is_leading = self.script || clicked.tag_name().await.is_ok_and(|tag| tag == "a" || tag == "button");
        while is_leading && Instant::now() < deadline {
            let is_waiting = match self.script {
                true => self.shows("//form[@data-sent]").await,
                false => clicked.is_enabled().await.is_ok(),
            };
            if !is_waiting {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the element of this XPath.
    async fn find(&self, path: &str) -> WebElement {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.shown(path).await {
                return found;
            }
            assert!(Instant::now() < deadline, "no {path} on {}:\n{}", self.path().await, self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page shows the element of this XPath.
    async fn finds(&self, path: &str) {
        self.find(path).await;
    }

    /// Takes an element by the mouse, and holds it over another.
    async fn hold(&self, path: &str, over: &str) {
        let (card, place) = (self.find(path).await, self.find(over).await);
        let chain = self.driver().action_chain().move_to_element_center(&card).click_and_hold().move_by_offset(20, 10);
        chain.move_to_element_center(&place).move_by_offset(3, 3).perform().await.expect("it is held");
    }

    /// Lets go of what is held.
    async fn let_go(&self) {
        self.driver().action_chain().release().perform().await.expect("it is let go");
    }

    /// Takes an element by the mouse, and lets it go over another.
    async fn drag(&self, path: &str, over: &str) {
        self.hold(path, over).await;
        self.let_go().await;
    }

    /// Makes the window this large.
    async fn resize(&self, width: u32, height: u32) {
        self.driver().set_window_rect(0, 0, width, height).await.expect("the window's size");
    }

    /// How wide the page is, and how wide the window.
    async fn widths(&self) -> (i64, i64) {
        let script = "return [document.documentElement.scrollWidth, window.innerWidth]";
        let widths = self.driver().execute(script, Vec::new()).await.expect("the widths");
        widths.convert().expect("two numbers")
    }

    /// Lets the page wait so long for what it fetches by itself because it has heard of a change: `html` has the attribute
    /// `data-heard` then, `of` at first and `out` in the end.
    async fn delay_what_is_heard(&self, milliseconds: u32) {
        // what a person has asked for says which part of the page it is for
        let script = "const fetch = window.fetch.bind(window), wait = arguments[0], page = document.documentElement;
            window.fetch = async (address, options) => {
                const answer = await fetch(address, options);
                if (options?.headers?.['HX-Request-Type']) return answer;
                page.dataset.heard = 'of';
                await new Promise((go) => setTimeout(go, wait));
                setTimeout(() => (page.dataset.heard = 'out'), 300);
                return answer;
            }";
        self.driver().execute(script, vec![milliseconds.into()]).await.expect("it is taken");
    }

    /// Puts the window away.
    async fn leave(&self) {
        self.driver().minimize_window().await.expect("it is put away");
    }

    /// Looks at the window again.
    async fn come_back(&self) {
        self.resize(1440, 900).await;
    }

    /// Gives the file to the input of this label.
    async fn attach(&self, label: &str, file: &Path) {
        let path = file.to_str().expect("a path in letters").to_owned();
        self.labelled(label).await.send_keys(path).await.expect("the file is taken");
    }

    /// Lets no request pass that fits one of the patterns.
    async fn block(&self, patterns: &[&str]) {
        self.tool("Network.enable", serde_json::json!({})).await;
        self.tool("Network.setBlockedURLs", serde_json::json!({"urls": patterns})).await;
    }

    /// Gives the browser a command for this page.
    async fn tool(&self, command: &str, params: serde_json::Value) {
        let session = self.driver().session_id().to_string();
        let address = format!("http://127.0.0.1:{}/session/{session}/goog/cdp/execute", self.chromium.port);
        let asked = serde_json::json!({"cmd": command, "params": params});
        let answer = reqwest::Client::new().post(&address).json(&asked).send().await;
        assert!(answer.expect("an answer").status().is_success(), "{command}");
    }

    /// Takes a picture of the page.
    async fn picture(&self, file: &Path) {
        self.driver().screenshot(file).await.expect("a picture");
    }
}

/// What a page that is just drawn anew, or a bar over it, puts in the way: a person tries again.
fn is_passing(error: &WebDriverError) -> bool {
    let said = error.to_string();
    ["stale", "intercepted", "not interactable"].iter().any(|way| said.contains(way))
}

/// A text as an XPath literal.
fn quoted(text: &str) -> String {
    assert!(!text.contains('\''), "{text}");
    format!("'{text}'")
}
