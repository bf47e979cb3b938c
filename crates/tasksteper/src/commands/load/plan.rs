//! What is told: when each item begins, what happens to it when, which number it gets. Made before anything is decided, so
//! that numbers follow time although the items are told one after the other.

use super::chance::Chance;

/// The four flows that come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Issue,
    Card,
    Improvement,
    Bug,
}

/// All of them, in the order of their places in a [`Plan`].
pub(super) const KINDS: [Kind; 4] = [Kind::Issue, Kind::Card, Kind::Improvement, Kind::Bug];

/// Something that happens to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The trigger is pressed by whoever holds the item; by its creator where nobody does.
    Press(&'static str),
    Save,
    Comment,
    HandOver,
}

/// An item that people create; others are opened by one.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// What its chance is drawn from.
    pub(super) index: u64,
    pub(super) at: i64,
    pub(super) kind: Kind,
    /// Place among the items of its flow, from 0.
    pub(super) place: i64,
    pub(super) opens: Option<Opened>,
}

/// An item that pressing a trigger opens.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) at: i64,
    pub(super) kind: Kind,
    pub(super) place: i64,
}

/// All that is told.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) now: i64,
    /// By the time of their creation.
    pub(super) roots: Vec<Root>,
    /// Items of each flow, in the order of [`KINDS`].
    pub(super) counts: [i64; 4],
    /// When each device card was created.
    pub(super) cards: Vec<i64>,
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How long ago the first item was created.
const SPAN: i64 = 6 * 365 * DAY;
/// The offset of the offices' clocks.
const OFFICE: i64 = 8 * HOUR;

impl Kind {
    /// The flow's key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Kind::Issue => "issue_track",
            Kind::Card => "device_card",
            Kind::Improvement => "improvement",
            Kind::Bug => "buglist",
        }
    }

    /// Its place in [`KINDS`].
    pub(super) fn index(self) -> usize {
        KINDS.iter().position(|kind| *kind == self).unwrap_or(0)
    }
}

impl Plan {
    /// Exactly `items` items until `now`.
    pub(super) fn of(items: usize, seed: u64, now: i64) -> Plan {
        let mut roots = begin(items, seed, now);
        // What would be opened after now is not; as many suggestions of the last weeks stand in for it.
        let missing = items - roots.iter().map(|root| 1 + usize::from(root.opens.is_some())).sum::<usize>();
        for number in 0..missing {
            let index = u64::try_from(items + number).unwrap_or(u64::MAX);
            let ago = Chance::of(seed, index, 0).between(0, 30 * DAY);
            roots.push(Root {
                index,
                at: (office(now - ago)).min(now),
                kind: Kind::Improvement,
                place: 0,
                opens: None,
            });
        }
        roots.sort_by_key(|root| (root.at, root.index));
        let mut all: [Vec<(i64, usize, bool)>; 4] = Default::default();
        for (at, root) in roots.iter().enumerate() {
            all[root.kind.index()].push((root.at, at, false));
            if let Some(opened) = &root.opens {
                all[opened.kind.index()].push((opened.at, at, true));
            }
        }
        for of_kind in &mut all {
            of_kind.sort_unstable();
            for (place, (_, root, is_opened)) in (0..).zip(of_kind.iter()) {
                match &mut roots[*root].opens {
                    Some(opened) if *is_opened => opened.place = place,
                    _ => roots[*root].place = place,
                }
            }
        }
        let counts = [0, 1, 2, 3].map(|kind: usize| i64::try_from(all[kind].len()).unwrap_or(i64::MAX));
        let cards = all[Kind::Card.index()].iter().map(|(at, ..)| *at).collect();
        Plan { seed, now, roots, counts, cards }
    }
}

/// The roots, without their places: with what they open, at most `items`.
fn begin(items: usize, seed: u64, now: i64) -> Vec<Root> {
    let mut kinds = Vec::new();
    let mut count = 0;
    while count < items {
        let mut chance = Chance::of(seed, u64::try_from(kinds.len()).unwrap_or(0), 1);
        let kind = match chance.below(100) {
            0..70 => Kind::Issue,
            70..79 => Kind::Card,
            79..93 => Kind::Improvement,
            _ => Kind::Bug,
        };
        let opens = kind == Kind::Issue && chance.percent(10) && count + 1 < items;
        count += 1 + usize::from(opens);
        kinds.push((kind, opens, chance));
    }
    let each = SPAN / i64::try_from(kinds.len()).unwrap_or(1).max(1);
    let root = |(place, (kind, opens, mut chance)): (i64, (Kind, bool, Chance))| {
        let index = u64::try_from(place).unwrap_or(0);
        let at = office(now - SPAN + place * each + chance.between(0, each)).min(now);
        let opens = if opens { opening(seed, index, at, now) } else { None };
        Root { index, at, kind, place: 0, opens }
    };
    (0..).zip(kinds).map(root).collect()
}

/// What pressing 提取改进项 or 提取典型问题 opens, and when.
fn opening(seed: u64, index: u64, at: i64, now: i64) -> Option<Opened> {
    steps(Kind::Issue, seed, index, at, now, true).into_iter().find_map(|(at, what)| {
        let kind = match what {
            What::Press("提取改进项") => Kind::Improvement,
            What::Press("提取典型问题") => Kind::Bug,
            _ => return None,
        };
        Some(Opened { at, kind, place: 0 })
    })
}

/// What happens to an item after its creation at `at`, until `now`. `extracts`: a problem that something is taken out of.
pub(super) fn steps(kind: Kind, seed: u64, index: u64, at: i64, now: i64, extracts: bool) -> Vec<(i64, What)> {
    let mut pace = Pace { chance: Chance::of(seed, index, 2 + u64::from(kind as u8)), at, told: Vec::new() };
    match kind {
        Kind::Issue => pace.issue(extracts),
        Kind::Card => pace.card(),
        Kind::Improvement => pace.improvement(),
        Kind::Bug => pace.bug(),
    }
    // Some are forgotten half way.
    if pace.chance.percent(1) {
        let kept = pace.chance.below(pace.told.len());
        pace.told.truncate(kept);
    }
    pace.told.retain(|(at, _)| *at <= now);
    pace.told
}

/// In working hours, in the same order.
fn office(at: i64) -> i64 {
    let local = at + OFFICE;
    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    day * DAY + 17 * HOUR / 2 + time * 10 / 24 - OFFICE
}

/// One item's steps, as they are thought of.
struct Pace {
    chance: Chance,
    at: i64,
    told: Vec<(i64, What)>,
}

impl Pace {
    /// After so many hours.
    fn then(&mut self, hours: (i64, i64), what: What) {
        self.at += self.chance.between(hours.0 * HOUR, hours.1 * HOUR);
        self.told.push((office(self.at), what));
    }

    fn maybe(&mut self, percent: usize, hours: (i64, i64), what: What) {
        if self.chance.percent(percent) {
            self.then(hours, what);
        }
    }

    fn issue(&mut self, extracts: bool) {
        let updates = [0, 0, 0, 1, 1, 2][self.chance.below(6)];
        for _ in 0..updates {
            self.then((20, 120), What::Press("更新进展"));
        }
        self.maybe(15, (10, 48), What::Comment);
        self.maybe(1, (10, 48), What::HandOver);
        self.then((20, 96), What::Press("提交审核"));
        if self.chance.percent(10) {
            self.then((10, 72), What::Press("打回补充信息"));
            self.then((20, 96), What::Press("提交审核"));
        }
        self.then((10, 72), What::Press("转SE分析改进"));
        if extracts {
            let what = if self.chance.percent(60) { "提取改进项" } else { "提取典型问题" };
            self.then((10, 120), What::Press(what));
        }
        self.maybe(10, (10, 72), What::Save);
        self.then((24, 336), What::Press("问题关闭"));
    }

    fn card(&mut self) {
        self.then((10, 120), What::Press("提交审核"));
        if self.chance.percent(10) {
            self.then((10, 72), What::Press("打回"));
            self.then((20, 96), What::Press("提交审核"));
        }
        self.then((10, 72), What::Press("审核通过"));
        for _ in 0..self.chance.below(4) {
            self.then((2_000, 8_000), What::Press("登记巡检"));
        }
        if self.chance.percent(20) {
            self.then((500, 8_000), What::Press("变更"));
            self.then((20, 96), What::Press("提交审核"));
            self.then((10, 72), What::Press("审核通过"));
        }
        self.maybe(50, (1_000, 20_000), What::Press("退网"));
    }

    fn improvement(&mut self) {
        self.then((10, 168), What::Press("提交评审"));
        if self.chance.percent(10) {
            self.then((10, 120), What::Press("打回补充"));
            self.then((20, 168), What::Press("提交评审"));
        }
        if self.chance.percent(20) {
            self.then((20, 240), What::Press("不采纳"));
            return;
        }
        self.then((20, 240), What::Press("采纳"));
        self.maybe(20, (48, 336), What::Save);
        self.then((168, 1_000), What::Press("提交验证"));
        if self.chance.percent(15) {
            self.then((20, 168), What::Press("验证不通过"));
            self.then((48, 500), What::Press("提交验证"));
        }
        self.maybe(10, (10, 48), What::Comment);
        self.then((20, 168), What::Press("验证通过"));
    }

    fn bug(&mut self) {
        self.maybe(50, (10, 96), What::Save);
        self.then((10, 168), What::Press("提交评审"));
        if self.chance.percent(10) {
            self.then((10, 96), What::Press("打回"));
            self.then((20, 168), What::Press("提交评审"));
        }
        self.then((10, 168), What::Press("归档"));
        if self.chance.percent(5) {
            self.then((1_000, 10_000), What::Press("修订"));
            self.then((20, 168), What::Press("提交评审"));
            self.then((10, 168), What::Press("归档"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn there_are_as_many_as_asked_for_and_numbers_follow_time() {
        for items in [1, 2, 7, 100, 3_000] {
            let plan = Plan::of(items, 1, NOW);
            assert_eq!(plan.counts.iter().sum::<i64>(), i64::try_from(items).unwrap());
            assert!(plan.roots.is_sorted_by_key(|root| root.at));
            for kind in KINDS {
                let own = plan.roots.iter().filter(|root| root.kind == kind).map(|root| (root.place, root.at));
                let opened = plan.roots.iter().filter_map(|root| root.opens.as_ref());
                let opened = opened.filter(|opened| opened.kind == kind).map(|opened| (opened.place, opened.at));
                let mut all: Vec<(i64, i64)> = own.chain(opened).collect();
                all.sort_unstable();
                assert!(all.iter().map(|(place, _)| *place).eq(0..plan.counts[kind.index()]), "no gap, none twice");
                assert!(all.is_sorted_by_key(|(_, at)| *at));
                assert!(all.iter().all(|(_, at)| *at <= NOW));
            }
        }
        assert!(Plan::of(3_000, 1, NOW).roots.iter().any(|root| root.opens.is_some()));
    }

    #[test]
    fn steps_come_one_after_the_other() {
        for kind in KINDS {
            for index in 0..200 {
                let steps = steps(kind, 7, index, office(NOW - SPAN), NOW, index % 2 == 0);
                assert!(steps.is_sorted_by_key(|(at, _)| *at), "{steps:?}");
                assert!(steps.iter().all(|(at, _)| *at >= office(NOW - SPAN)));
            }
        }
    }
}
