//! Any piece of Chinese and any beginning of a word is found, and nothing else; and an index never misses what a text holds.

use proptest::prelude::*;

use super::*;

fn is_in(needle: &str, text: &str) -> bool {
    Needle::new(needle).is_in(&keep(text))
}

#[test]
fn what_people_type_is_found() {
    let found = [
        ("线缆", "单板线缆松动"),
        ("缆松", "单板线缆松动"),
        ("动", "单板线缆松动"),
        ("crc", "端口 CRC错包"),
        ("CRC错包", "端口 crc 错包"),
        ("ERR-1234", "报错 err-1234。"),
        ("1234", "报错 err-1234。"),
        ("err", "报错 ERR1234"),
        ("v1.2", "升级到 V1.2.3 后"),
        ("10ge", "10GE口不通"),
        ("ge", "10GE口不通"),
        ("单板 重启", "单板  重启"),
        ("单板 重启", "单板重启"),
        ("link down", "Link\nDown: GE0/0/1"),
        ("ｃｒｃ", "CRC"),
        ("mhz", "2㎒"),
        ("É", "e\u{301}tat"),
        ("c++", "C++ 代码"),
    ];
    for (needle, text) in found {
        assert!(is_in(needle, text), "{needle:?} in {text:?}");
    }
}

#[test]
fn nothing_else_is_found() {
    let not = [
        ("线缆", "线 缆"),
        ("缆线", "单板线缆"),
        ("rc", "CRC"),
        ("单板 重启", "重启 单板"),
        ("单板重启", "单板。重启"),
        ("v1.2", "v1 2"),
        ("link down", "link up, down"),
        ("c++", "cable"),
        ("++", "c++"),
        ("", "a"),
    ];
    for (needle, text) in not {
        assert!(!is_in(needle, text), "{needle:?} in {text:?}");
    }
}

#[test]
fn the_tokens_of_a_text() {
    let all = |text: &str| tokens(&keep(text)).into_iter().collect::<Vec<_>>();
    assert_eq!(all("单板线缆 CRC"), ["crc", "单板", "板线", "线缆", "缆"]);
    assert_eq!(all("10GE ERR-1234"), ["10ge", "1234", "err", "ge"]);
    assert_eq!(all("x10ge灯"), ["10ge", "ge", "x10ge", "灯"]);
    assert_eq!(all(&"a".repeat(30)), ["a".repeat(20)]);
    assert!(all("——！").is_empty());
}

#[test]
fn hits_stand_where_the_words_do() {
    let marked = |text: &str, words: &[&str]| {
        let needles: Vec<Needle> = words.iter().map(|word| Needle::new(word)).collect();
        hits(text, &needles).into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked("端口 CRC错包, crcs", &["crc", "错包"]), ["CRC错包", "crc"]);
    assert_eq!(marked("单板 重启，单板重启", &["单板 重启"]), ["单板 重启", "单板重启"]);
    assert_eq!(marked("ＣＲＣ 2㎒", &["crc", "mhz"]), ["ＣＲＣ", "㎒"]);
    assert!(marked("重启 单板", &["单板 重启", "!"]).is_empty());
}

/// Whether an index that knows these tokens would give the text.
fn gives(tokens: &BTreeSet<String>, needle: &Needle) -> bool {
    let has = |wanted: &Wanted| {
        tokens.contains(&wanted.token) || wanted.prefix && tokens.iter().any(|token| token.starts_with(&wanted.token))
    };
    !needle.is_blank() && needle.wanted().iter().all(has)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_index_misses_nothing(text in "[单板线缆a-cA1-3 .\\-Ａ]{0,24}", needle in "[单板线缆a-cA1-3 .\\-]{1,5}") {
        let needle = Needle::new(&needle);
        let kept = keep(&text);
        let known = tokens(&kept);
        if needle.is_in(&kept) {
            prop_assert!(gives(&known, &needle), "{:?} {:?}", needle, known);
        }
        if needle.is_token() {
            prop_assert_eq!(needle.is_in(&kept), gives(&known, &needle), "{:?} {:?}", needle, known);
        }
        prop_assert_eq!(needle.is_in(&kept), !hits(&text, std::slice::from_ref(&needle)).is_empty());
    }

    #[test]
    fn any_piece_of_a_text_is_found(text in "[单板线缆a-c1-3 .]{1,20}", start in 0_usize..20, length in 2_usize..6) {
        let letters: Vec<char> = text.chars().collect();
        let piece: String = letters.iter().skip(start).take(length).collect();
        if piece.chars().count() >= 2 && piece.chars().all(|letter| Class::of(letter) == Class::Wide) {
            prop_assert!(is_in(&piece, &text));
        }
        for word in text.split([' ', '.']) {
            prop_assert!(Needle::new(word).is_blank() || is_in(word, &text), "{}", word);
        }
    }

    #[test]
    fn any_text_is_kept(text in "\\PC{0,60}") {
        let kept = keep(&text);
        prop_assert!(tokens(&kept).iter().all(|token| token.chars().all(|letter| !letter.is_ascii_punctuation() && letter != EDGE && letter != ' ')));
        let needle = Needle::new(&text);
        prop_assert!(needle.is_blank() || needle.is_in(&kept));
        for range in hits(&text, &[needle]) {
            prop_assert!(text.get(range).is_some());
        }
    }
}
