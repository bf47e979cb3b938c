//! The words on the pages, in each language. They stand in `locales/<language>/*.ftl`.
//!
//! Words without arguments, and times up to a month ago, are formatted once; the rest when asked for.

mod said;

use std::{collections::HashMap, fmt::Display, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rustc_hash::FxHashMap;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Chinese (zh-CN), the default.
    Chinese,
    /// English.
    English,
}

/// The words of one language.
pub struct Words {
    /// Which.
    pub language: Language,
    /// A page asks fifty times and more, always for keys of ours: a quick hash will do.
    plain: FxHashMap<&'static str, String>,
    /// What stands before and after the one argument of words that only show it: as often.
    around: FxHashMap<&'static str, (&'static str, &'static str)>,
    bundle: FluentBundle<FluentResource>,
    /// By English pattern, what `flow` says: none in English.
    said: HashMap<String, String>,
    minutes_ago: Vec<String>,
    hours_ago: Vec<String>,
    days_ago: Vec<String>,
}

/// The files of a language: those of the pages, and those of the refusals.
const FILES: [(Language, &[&str]); 2] = [
    (
        Language::Chinese,
        &[
            include_str!("../locales/zh-CN/pages.ftl"),
            include_str!("../locales/zh-CN/refusals.ftl"),
            include_str!("../locales/zh-CN/picture.ftl"),
            include_str!("../locales/zh-CN/migrate.ftl"),
            include_str!("../locales/zh-CN/trying.ftl"),
            include_str!("../locales/zh-CN/design.ftl"),
        ],
    ),
    (
        Language::English,
        &[
            include_str!("../locales/en/pages.ftl"),
            include_str!("../locales/en/refusals.ftl"),
            include_str!("../locales/en/picture.ftl"),
            include_str!("../locales/en/migrate.ftl"),
            include_str!("../locales/en/trying.ftl"),
            include_str!("../locales/en/design.ftl"),
        ],
    ),
];

static CHINESE: LazyLock<Words> = LazyLock::new(|| load(&FILES[0]));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| load(&FILES[1]));

impl Language {
    /// `zh-CN` or `en`: for `lang`, cookies and settings.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// The language of a setting or a cookie.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Language> {
        match tag {
            "zh-CN" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// The language that a browser's `Accept-Language` asks for first; Chinese when it asks for none that we have.
    #[must_use]
    pub fn preferred(accept: &str) -> Language {
        let mut best = (Language::Chinese, 0.0_f32);
        for part in accept.split(',') {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|text| text.trim().parse().ok()).unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let language = match () {
                () if primary.eq_ignore_ascii_case("zh") => Language::Chinese,
                () if primary.eq_ignore_ascii_case("en") => Language::English,
                () => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Its words.
    #[must_use]
    pub fn words(self) -> &'static Words {
        match self {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

impl Words {
    /// Itself: for a template's block that is drawn with a whole frame, or with the words alone.
    #[must_use]
    pub fn words(&'static self) -> &'static Words {
        self
    }

    /// Words without arguments. A key that is not there shows itself (a test sees to it that none is missing).
    #[must_use]
    pub fn word<'a>(&'a self, key: &'a str) -> &'a str {
        self.plain.get(key).map_or(key, String::as_str)
    }

    /// Words with one argument.
    pub fn one(&self, key: &str, name: &'static str, value: impl Display) -> String {
        match self.around.get(key) {
            Some((before, after)) => format!("{before}{value}{after}"),
            None => self.say(key, &[(name, &value)]),
        }
    }

    /// Words with two arguments.
    pub fn two(&self, key: &str, a: (&'static str, &dyn Display), b: (&'static str, &dyn Display)) -> String {
        self.say(key, &[a, b])
    }

    /// Words with arguments. What reads as a whole number counts as one, so that plurals fit.
    #[must_use]
    pub fn say(&self, key: &str, arguments: &[(&'static str, &dyn Display)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut args = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            let text = value.to_string();
            let value = match text.parse::<i32>() {
                Ok(number) if number.to_string() == text => FluentValue::from(number),
                _ => FluentValue::from(text),
            };
            args.set(*name, value);
        }
        self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }

    /// `12 分钟前`; `None` when it is a month or more ago, where a date says more.
    #[must_use]
    pub fn ago(&self, seconds: i64) -> Option<&str> {
        let (list, index) = match seconds {
            ..60 => return Some(self.word("time-now")),
            60..3_600 => (&self.minutes_ago, seconds / 60),
            3_600..86_400 => (&self.hours_ago, seconds / 3_600),
            _ => (&self.days_ago, seconds / 86_400),
        };
        usize::try_from(index).ok().and_then(|index| list.get(index)).map(String::as_str)
    }
}

/// Every key of a file, in its order.
fn keys(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter_map(|line| {
        let (key, _) = line.split_once(" =")?;
        key.starts_with(|first: char| first.is_ascii_lowercase()).then_some(key)
    })
}

/// The words of a file that show one argument between two texts and do nothing else with it.
fn around(file: &'static str) -> impl Iterator<Item = (&'static str, (&'static str, &'static str))> {
    let follows = file.lines().skip(1).map(|line| line.starts_with([' ', '}'])).chain([false]);
    file.lines().zip(follows).filter_map(|(line, goes_on)| {
        let (key, text) = line.split_once(" = ")?;
        let (before, rest) = text.split_once("{ $")?;
        let (name, after) = rest.split_once(" }")?;
        let is_name = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
        let is_all = !goes_on && is_name && !before.contains(['{', '}']) && !after.contains(['{', '}']);
        (is_all && key.starts_with(|first: char| first.is_ascii_lowercase())).then_some((key, (before, after)))
    })
}

fn load((language, files): &(Language, &[&'static str])) -> Words {
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    for file in *files {
        // What does not parse, or stands twice, is left out: the test below sees every key formatted.
        let resource = match FluentResource::try_new((*file).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let _ = bundle.add_resource(resource);
    }
    let mut plain = FxHashMap::default();
    for key in files.iter().flat_map(|file| keys(file)) {
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { continue };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
        if errors.is_empty() {
            plain.insert(key, text);
        }
    }
    let said = match language {
        Language::Chinese => said::patterns(include_str!("../locales/zh-CN/flow-check.po")),
        Language::English => HashMap::new(),
    };
    let around = files.iter().flat_map(|file| around(file)).collect();
    let (minutes_ago, hours_ago, days_ago) = (vec![], vec![], vec![]);
    let mut words = Words { language: *language, plain, around, bundle, said, minutes_ago, hours_ago, days_ago };
    words.minutes_ago = (0..60).map(|n| words.one("time-minutes-ago", "n", n)).collect();
    words.hours_ago = (0..24).map(|n| words.one("time-hours-ago", "n", n)).collect();
    words.days_ago = (0..30).map(|n| words.one("time-days-ago", "n", n)).collect();
    words
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn what_only_shows_an_argument_says_the_same_without_the_library() {
        for (language, files) in &FILES {
            let words = language.words();
            assert!(words.around.len() > 20, "{}", words.around.len());
            for key in words.around.keys() {
                let line =
                    files.iter().flat_map(|file| file.lines()).find(|line| line.starts_with(&format!("{key} = ")));
                let name =
                    line.and_then(|line| line.split("{ $").nth(1)).and_then(|rest| rest.split(" }").next()).unwrap();
                let name: &'static str = String::from(name).leak();
                for value in ["7", "【20261119】某局点", "<b>", "-0.5", ""] {
                    assert_eq!(words.one(key, name, value), words.say(key, &[(name, &value)]), "{key}");
                }
            }
        }
    }

    /// Every template and source, one text.
    fn sources() -> String {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let mut text = String::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    text.push_str(&fs::read_to_string(path).unwrap());
                }
            }
        }
        text
    }

    /// The keys asked for: what follows `word("`, `one("`, `two("`, `say("`, blanks allowed.
    fn asked(text: &str) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for call in ["word(", "one(", "two(", "say("] {
            for (at, _) in text.match_indices(call) {
                let Some(rest) = text[at + call.len()..].trim_start().strip_prefix('"') else { continue };
                let key: String = rest.chars().take_while(|&c| c != '"').collect();
                if key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') && !key.is_empty() {
                    keys.insert(key);
                }
            }
        }
        keys
    }

    #[test]
    fn every_language_has_the_words_used_and_no_others() {
        let sources = sources();
        let used = asked(&sources);
        for (language, files) in FILES {
            let list: Vec<&str> = files.iter().flat_map(|file| keys(file)).collect();
            let present: BTreeSet<String> = list.iter().map(|key| (*key).to_owned()).collect();
            assert_eq!(list.len(), present.len(), "{language:?} says something twice");
            let missing: Vec<_> = used.difference(&present).collect();
            assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
            let idle: Vec<_> = present.iter().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
            assert!(idle.is_empty(), "{language:?} has words that nothing uses: {idle:?}");
        }
    }

    #[test]
    fn every_language_says_the_same_with_the_same_arguments() {
        let arguments = |file: &'static str| -> Vec<(String, BTreeSet<String>)> {
            let mut all = Vec::new();
            let mut key = String::new();
            for line in file.lines() {
                if let Some((found, _)) = line.split_once(" =").filter(|(key, _)| keys_like(key)) {
                    key = found.to_owned();
                    all.push((key.clone(), BTreeSet::new()));
                }
                for (at, _) in line.match_indices('$') {
                    let name = line[at + 1..].chars().take_while(char::is_ascii_lowercase).collect();
                    if let Some((last, names)) = all.last_mut()
                        && *last == key
                    {
                        names.insert(name);
                    }
                }
            }
            all.sort();
            all
        };
        for (chinese, english) in FILES[0].1.iter().zip(FILES[1].1) {
            assert_eq!(arguments(chinese), arguments(english));
        }
    }

    fn keys_like(key: &str) -> bool {
        key.starts_with(|first: char| first.is_ascii_lowercase())
    }

    #[test]
    fn every_pattern_can_be_read() {
        for (language, files) in FILES {
            for file in files {
                assert!(FluentResource::try_new((*file).to_owned()).is_ok(), "{language:?}");
            }
            let words = language.words();
            for key in files.iter().flat_map(|file| keys(file)) {
                let pattern = words.bundle.get_message(key).and_then(|message| message.value());
                assert!(pattern.is_some(), "{language:?}: {key}");
            }
        }
    }

    #[test]
    fn the_words_of_the_original_stay() {
        let words = Language::Chinese.words();
        let check = |key, text| assert_eq!(words.word(key), text);
        check("current-project", "当前项目");
        check("create-item", "创建条目");
        check("all-items", "所有条目");
        check("menu-home", "首页");
        check("back-home", "返回首页");
        check("back-project", "返回项目首页");
        check("pending-items", "待处理条目");
        check("id-mark", "【ID】");
        check("summary", "概要");
        check("state", "当前状态");
        check("holder", "当前处理人");
        check("reporter", "报告人");
        check("create", "创建");
        check("save", "保存");
        check("user-name", "用户名");
        check("password", "密码");
        check("login", "登录");
        check("menu-pending", "待办");
        check("menu-done", "已办");
        check("menu-created", "我发起的");
    }

    #[test]
    fn plurals_and_arguments() {
        let english = Language::English.words();
        assert_eq!(english.one("total", "n", 1), "1 item");
        assert_eq!(english.one("total", "n", "258"), "258 items");
        assert_eq!(english.one("total", "n", "10000+"), "10000+ items");
        let chinese = Language::Chinese.words();
        assert_eq!(
            chinese.one("wrong-no-user", "given", "<a> \u{202e}x"),
            "没有名叫“<a> \u{202e}x”的用户，请从列表中选择"
        );
        assert_eq!(chinese.one("wrong-no-user", "given", "007"), "没有名叫“007”的用户，请从列表中选择");
    }

    #[test]
    fn the_browser_is_asked_for_its_language() {
        let check = |accept, language| assert_eq!(Language::preferred(accept), language, "{accept}");
        check("", Language::Chinese);
        check("fr, de;q=0.5", Language::Chinese);
        check("en-US,en;q=0.9,zh-CN;q=0.8", Language::English);
        check("zh-TW, en;q=0.8", Language::Chinese);
        check("de, en;q=0.2", Language::English);
    }
}
