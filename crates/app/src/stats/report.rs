//! What a page of statistics says of a flow: what came and went in a period, what is open, how long it took, which ways
//! were really gone.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use flow::{Actor, By, BySort, Column, Flow, Query, Span};
use indexmap::IndexMap;
use jiff::{ToSpan as _, civil::Date};
use store::stats::{self, Group};

use super::{Counts, asked, counted};
use crate::{
    Error, People, Published, Reading,
    item::{self, LinkedItem},
};

/// What is asked of a flow's statistics.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The first day; none: that of the first item.
    pub from: Option<Date>,
    /// The last day; none: today.
    pub to: Option<Date>,
    /// Which items.
    pub query: String,
    /// What the open ones and the cross table are counted by; empty: what the flow offers first.
    pub by: Vec<String>,
}

/// What a page of statistics says of a flow.
#[derive(Debug, Clone)]
pub struct Report {
    /// The flow.
    pub published: Published,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Filed, closed and open, stretch by stretch.
    pub course: Vec<Stretch>,
    /// How many are open now, by state.
    pub open_by_state: Counts,
    /// By holder.
    pub open_by_holder: Counts,
    /// By the field asked for.
    pub open_by_field: Option<Counts>,
    /// The items filed in the period, by two fields.
    pub cross: Option<Counts>,
    /// How long items stayed, by state.
    pub stays: Vec<Stays>,
    /// How long it took until they were closed, by when they were.
    pub closing: Vec<(Date, Date, Spread)>,
    /// Of all of them together.
    pub closing_all: Spread,
    /// The ways that were gone in the period.
    pub ways: Vec<Way>,
    /// Who has how much.
    pub load: Vec<Load>,
    /// What the items filed in the period link to, most often first, by the flow linked to.
    pub linked: Vec<Recurrence>,
    /// What people see for everyone named.
    pub people: Arc<People>,
}

/// A stretch of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// Items created in it.
    pub filed: i64,
    /// Items closed in it.
    pub closed: i64,
    /// Items created until its end and not closed until then.
    pub open: i64,
}

/// Durations in ms: how many, half and nine tenths of them at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many.
    pub count: i64,
    /// Half of them took at most so long.
    pub median_ms: Option<i64>,
    /// Nine tenths of them took at most so long.
    pub most_ms: Option<i64>,
}

/// The stays in a state that began in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stays {
    /// The state.
    pub state: String,
    /// How many began.
    pub times: i64,
    /// Of how many items.
    pub items: i64,
    /// How many of them go on.
    pub now: i64,
    /// How long those took that ended.
    pub took: Spread,
}

/// A way from state to state that was gone in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// How often.
    pub times: i64,
    /// By how many items.
    pub items: i64,
    /// It is a return.
    pub back: bool,
}

/// What a person has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The person's name; empty: nobody.
    pub who: String,
    /// Items held.
    pub open: i64,
    /// The numbers of those that have been in their state for longer than they may.
    pub overdue: Vec<i64>,
}

/// An item to which several link.
#[derive(Debug, Clone)]
pub struct Recurrence {
    /// The field that links.
    pub field: String,
    /// The item linked to, as far as the actor may see it.
    pub item: LinkedItem,
    /// `flow/number`.
    pub value: String,
    /// How many link to it.
    pub count: i64,
}

/// Items linked to that are named.
const MOST_LINKED: u64 = 20;

impl Asked {
    /// The query of the items for which `term` holds too.
    #[must_use]
    pub fn and(&self, term: &str) -> String {
        and(&self.query, term)
    }
}

/// A query that holds where both do.
#[must_use]
pub fn and(query: &str, term: &str) -> String {
    let query = query.trim();
    if query.is_empty() || term.is_empty() {
        return format!("{query}{term}");
    }
    // without parentheses an `or` in it would reach over the end
    let is_wide = query.split_whitespace().any(|word| word.eq_ignore_ascii_case("or"));
    if is_wide { format!("({query}) {term}") } else { format!("{query} {term}") }
}

/// The statistics of a flow.
///
/// # Errors
/// `NotFound`, `BadQuery`; that it was broken off.
pub fn report(cx: &Reading, actor: &Actor, key: &str, asked_for: &Asked) -> Result<Report, Error> {
    let published = cx.flow_for(actor, key)?;
    let flow = &published.flow;
    let by = fields(flow, &asked_for.by)?;
    let query = asked(cx, actor, flow, &asked_for.query)?;
    let count = |text: &str, by: Vec<By>| {
        let query = asked(cx, actor, flow, &asked_for.and(text))?;
        counted(cx, actor, published, &query, by)
    };
    let days = |column: Column| {
        let by = By { column, sort: BySort::Moment(Span::Day) };
        let counts = counted(cx, actor, published, &query, vec![by])?;
        let day = |(groups, count): (Vec<Group>, i64)| match groups[..] {
            [Group::From(day)] => Some((day, count)),
            _ => None,
        };
        Ok::<BTreeMap<Date, i64>, Error>(counts.rows.into_iter().filter_map(day).collect())
    };
    let (filed, closed) = (days(Column::Created)?, days(Column::Closed)?);
    let to = asked_for.to.unwrap_or_else(|| cx.zone.to_datetime(cx.now).date());
    let from = asked_for.from.or(filed.keys().next().copied()).unwrap_or(to).min(to);
    let stretches = stretches(from, to);
    let word = |column: Column| vec![By { column, sort: BySort::Word }];
    let open_by_holder = count("closed=", word(Column::AssignedTo))?;
    let pass = Pass::of(cx, actor, flow, &query, (from, to))?;
    let closing = Closing::of(cx, actor, flow, &asked_for.and(&format!("closed={from}..{to}")), &stretches)?;
    Ok(Report {
        course: course(&stretches, &filed, &closed),
        open_by_state: count("closed=", word(Column::State))?,
        open_by_field: by.first().map(|by| count("closed=", vec![by.clone()])).transpose()?,
        cross: (by.len() == 2).then(|| count(&format!("created={from}..{to}"), by.clone())).transpose()?,
        load: load(cx, flow, &open_by_holder, &pass.overdue)?,
        linked: linked(cx, actor, flow, &asked_for.and(&format!("created={from}..{to}")))?,
        stays: pass.stays(flow),
        ways: pass.ways(flow),
        closing: closing.by_stretch(&stretches),
        closing_all: closing.all(),
        open_by_holder,
        people: cx.people()?,
        published: published.clone(),
        from,
        to,
    })
}

/// The day of the first item of any of these flows that the actor may enter.
///
/// # Errors
/// The store's.
pub fn first_day<'k>(cx: &Reading, actor: &Actor, keys: impl Iterator<Item = &'k str>) -> Result<Option<Date>, Error> {
    let mut first = None;
    for key in keys {
        let published = cx.flow_for(actor, key)?;
        let created = stats::first_created(cx.tx, &published.flow)?;
        first = first.into_iter().chain(created).min();
    }
    Ok(first.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|at| cx.zone.to_datetime(at).date()))
}

/// What to count by: as asked, or the first choice of the flow and its states.
fn fields(flow: &Flow, asked: &[String]) -> Result<Vec<By>, Error> {
    let asked: Vec<&String> = asked.iter().filter(|text| !text.trim().is_empty()).take(2).collect();
    if !asked.is_empty() {
        return Ok(asked.into_iter().map(|text| flow::parse_by(text, flow)).collect::<Result<_, _>>()?);
    }
    let choice = flow.fields.values().find(|field| matches!(field.kind, flow::Kind::Choice(_)));
    Ok(choice
        .into_iter()
        .flat_map(|field| [field.key.as_str(), "state"])
        .map(|by| flow::parse_by(by, flow))
        .collect::<Result<_, _>>()?)
}

/// The days, weeks or months of a period: so many that they can be told apart.
fn stretches(from: Date, to: Date) -> Vec<(Date, Date)> {
    let days = from.until(to).map_or(0, |span| span.get_days());
    let span = match days {
        ..=31 => Span::Day,
        32..=190 => Span::Week,
        _ => Span::Month,
    };
    let mut stretches = Vec::new();
    let mut first = from;
    while first <= to && stretches.len() < 2_000 {
        let last = span.last(span.first(first)).min(to);
        stretches.push((first, last));
        let Ok(next) = last.tomorrow() else { break };
        first = next;
    }
    stretches
}

fn course(stretches: &[(Date, Date)], filed: &BTreeMap<Date, i64>, closed: &BTreeMap<Date, i64>) -> Vec<Stretch> {
    let within =
        |days: &BTreeMap<Date, i64>, first, last| days.range(first..=last).map(|(_, count)| count).sum::<i64>();
    let until = |days: &BTreeMap<Date, i64>, last| days.range(..=last).map(|(_, count)| count).sum::<i64>();
    let stretch = |(first, last): &(Date, Date)| Stretch {
        first: *first,
        last: *last,
        filed: within(filed, *first, *last),
        closed: within(closed, *first, *last),
        open: until(filed, *last) - until(closed, *last),
    };
    stretches.iter().map(stretch).collect()
}

/// What is seen in one pass over the stays.
#[derive(Default)]
struct Pass {
    names: IndexMap<String, Seen>,
    /// By the places of both ends among the names: how often, by how many items, by which last.
    ways: BTreeMap<(usize, usize), (i64, i64, i64)>,
    /// Items that are in their state for too long.
    overdue: HashSet<i64>,
}

#[derive(Default)]
struct Seen {
    times: i64,
    items: i64,
    last: i64,
    now: i64,
    took: Vec<i64>,
}

impl Pass {
    fn of(cx: &Reading, actor: &Actor, flow: &Flow, query: &Query, (from, to): (Date, Date)) -> Result<Pass, Error> {
        let begin = |day: Date| {
            let zoned = day.to_zoned(cx.zone.clone()).map_err(|error| Error::Damaged(error.to_string()))?;
            Ok::<i64, Error>(zoned.timestamp().as_millisecond())
        };
        let period = begin(from)?..begin(to.checked_add(1.day()).unwrap_or(to))?;
        let now = cx.now.as_millisecond();
        let due: Vec<Option<i64>> = flow
            .states
            .values()
            .map(|state| i64::try_from(state.due_minutes?).ok()?.checked_mul(60_000).filter(|_| !state.is_final))
            .collect();
        let mut pass = Pass::default();
        pass.names.extend(flow.states.keys().map(|state| (state.clone(), Seen::default())));
        let mut before: Option<(i64, usize)> = None;
        stats::stays(cx.tx, flow, query, &cx.visibility(actor, flow), |stay| {
            let at = match pass.names.get_index_of(stay.state) {
                Some(at) => at,
                None => pass.names.insert_full(stay.state.to_owned(), Seen::default()).0,
            };
            let left = before.filter(|(number, _)| *number == stay.number).map(|(_, at)| at);
            before = Some((stay.number, at));
            let too_long = due.get(at).copied().flatten().is_some_and(|due| stay.entered + due < now);
            if stay.ended.is_none() && too_long {
                pass.overdue.insert(stay.number);
            }
            if !period.contains(&stay.entered) {
                return;
            }
            if let Some((_, seen)) = pass.names.get_index_mut(at) {
                seen.times += 1;
                seen.items += i64::from(seen.last != stay.number);
                seen.last = stay.number;
                match stay.ended {
                    Some(ended) => seen.took.push(ended - stay.entered),
                    None => seen.now += 1,
                }
            }
            if let Some(left) = left {
                let (times, items, last) = pass.ways.entry((left, at)).or_default();
                *times += 1;
                *items += i64::from(*last != stay.number);
                *last = stay.number;
            }
        })?;
        Ok(pass)
    }

    fn stays(&self, flow: &Flow) -> Vec<Stays> {
        let line = |(state, seen): (&String, &Seen)| Stays {
            state: state.clone(),
            times: seen.times,
            items: seen.items,
            now: seen.now,
            took: Spread::of(seen.took.clone()),
        };
        let shown = |(state, seen): &(&String, &Seen)| seen.times > 0 || flow.states.contains_key(*state);
        self.names.iter().filter(shown).map(line).collect()
    }

    fn ways(&self, flow: &Flow) -> Vec<Way> {
        let name = |at: usize| self.names.get_index(at).map(|(name, _)| name.clone()).unwrap_or_default();
        let way = |(&(from, to), &(times, items, _)): (&(usize, usize), &(i64, i64, i64))| {
            let (from, to) = (name(from), name(to));
            let is_it = |row: &&flow::Transition| row.dest == to && row.sources.contains(&from);
            let back = flow.transitions.iter().filter(is_it).any(|row| row.back);
            Way { from, to, times, items, back }
        };
        self.ways.iter().map(way).collect()
    }
}

impl Spread {
    fn of(mut durations: Vec<i64>) -> Spread {
        durations.sort_unstable();
        let count = durations.len();
        let at_most = |tenths: usize| durations.get((count * tenths).div_ceil(10).saturating_sub(1)).copied();
        Spread { count: i64::try_from(count).unwrap_or(i64::MAX), median_ms: at_most(5), most_ms: at_most(9) }
    }
}

/// How long items took until they were closed, by stretch.
struct Closing(Vec<Vec<i64>>);

impl Closing {
    fn of(cx: &Reading, actor: &Actor, flow: &Flow, query: &str, stretches: &[(Date, Date)]) -> Result<Closing, Error> {
        let query = asked(cx, actor, flow, query)?;
        let mut ends = Vec::new();
        for (_, last) in stretches {
            let next = last.tomorrow().and_then(|day| day.to_zoned(cx.zone.clone()));
            ends.push(next.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()));
        }
        let mut took = vec![Vec::new(); stretches.len()];
        stats::closings(cx.tx, flow, &query, &cx.visibility(actor, flow), |created, closed| {
            let at = ends.partition_point(|end| *end <= closed);
            if let Some(took) = took.get_mut(at) {
                took.push(closed - created);
            }
        })?;
        Ok(Closing(took))
    }

    fn by_stretch(&self, stretches: &[(Date, Date)]) -> Vec<(Date, Date, Spread)> {
        let both = stretches.iter().zip(&self.0);
        both.map(|((first, last), took)| (*first, *last, Spread::of(took.clone()))).collect()
    }

    fn all(&self) -> Spread {
        Spread::of(self.0.concat())
    }
}

/// Who has how much; the overdue of those who hold something.
fn load(cx: &Reading, flow: &Flow, open: &Counts, overdue: &HashSet<i64>) -> Result<Vec<Load>, Error> {
    let mut late: HashMap<String, Vec<i64>> = HashMap::new();
    if !overdue.is_empty() {
        stats::holders(cx.tx, &flow.key, |number, who| {
            if overdue.contains(&number) {
                late.entry(who.to_owned()).or_default().push(number);
            }
        })?;
    }
    let line = |(groups, open): &(Vec<Group>, i64)| {
        let who = match &groups[..] {
            [Group::Word(who)] => who.clone(),
            _ => String::new(),
        };
        Load { overdue: late.remove(&who).unwrap_or_default(), who, open: *open }
    };
    Ok(open.rows.iter().map(line).collect())
}

/// What the items link to that the query finds.
fn linked(cx: &Reading, actor: &Actor, flow: &Flow, query: &str) -> Result<Vec<Recurrence>, Error> {
    let query = asked(cx, actor, flow, query)?;
    let visible = cx.visibility(actor, flow);
    let mut all = Vec::new();
    for field in flow.fields.values().filter(|field| matches!(field.kind, flow::Kind::Item { .. })) {
        for (other, number, count) in stats::linked(cx.tx, flow, &field.key, &query, &visible, MOST_LINKED)? {
            let item = item::linked(cx, actor, &other, number)?;
            all.push(Recurrence { field: field.key.clone(), item, value: format!("{other}/{number}"), count });
        }
    }
    Ok(all)
}
