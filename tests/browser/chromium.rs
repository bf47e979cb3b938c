//! Chromium without windows, one for each person, and its driver, which starts it and ends it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use thirtyfour::{ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver};

/// A browser with one page and nothing kept of earlier ones: its driver gives it a profile of its own.
pub(crate) struct Chromium {
    pub(crate) driver: WebDriver,
    /// Where the driver listens, on loopback.
    pub(crate) port: String,
    chromedriver: Child,
}

impl Chromium {
    /// Starts one, 1440×900.
    pub(crate) async fn start() -> Chromium {
        let (chromedriver, port) = chromedriver();
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(shell()).expect("a binary");
        for argument in [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=zh-CN",
            "--accept-lang=zh-CN,zh",
            "--window-size=1440,900",
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("a browser");
        Chromium { driver, port, chromedriver }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

/// The shell of Chromium: a whole one would draw windows around its pages, which costs many times what the pages do. Debian's
/// command is a script around it, which would be ended in its place.
fn shell() -> &'static str {
    ["/usr/lib/chromium/chromium-headless-shell", "/usr/bin/chromium-headless-shell"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("chromium-headless-shell is there; scripts/install-test-deps.sh installs it")
}

/// Starts a driver: it, and its port.
fn chromedriver() -> (Child, String) {
    let mut process = Command::new("chromedriver")
        .args(["--port=0", "--allowed-ips=127.0.0.1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts; scripts/install-test-deps.sh installs it");
    let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split("successfully on port ").nth(1).map(|rest| rest.trim_end_matches('.').to_owned()))
        .expect("chromedriver says its port");
    std::thread::spawn(move || lines.for_each(drop));
    (process, port)
}
