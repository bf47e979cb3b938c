//! The flows, read once: the published ones as of a snapshot, older versions on demand. A published version never
//! changes, so what was read of one stays true; which is the newest is asked of the store in every transaction.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use flow::{Actor, Flow, Who};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use store::{
    flow_version::Retyped,
    list::{Visibility, VisibleTo},
};

use crate::{Error, Reading};

/// The newest version of every flow, by key in the order of their first publication.
#[derive(Debug, Default)]
pub struct Catalog {
    seq: i64,
    /// A page asks for every line: a quick hash, for keys that administrators choose.
    flows: IndexMap<String, Published, FxBuildHasher>,
}

/// The newest version of a flow.
#[derive(Debug, Clone)]
pub struct Published {
    /// The definition.
    pub flow: Arc<Flow>,
    /// 1, 2, …
    pub version: i64,
    /// Out of use: its items can only be read.
    pub archived: bool,
    /// The file, byte for byte.
    pub text: Arc<str>,
    picture: Arc<OnceLock<String>>,
    kept: Arc<Kept>,
}

/// Texts by their names.
type Kept = Mutex<BTreeMap<(&'static str, &'static str), Arc<str>>>;

impl Published {
    /// A text that is made of the definition alone, known by these two words: made when it is first asked for, and kept as long
    /// as the definition is.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn kept<E>(
        &self,
        what: (&'static str, &'static str),
        make: impl FnOnce() -> Result<String, E>,
    ) -> Result<Arc<str>, E> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&what).cloned();
        if let Some(text) = known {
            return Ok(text);
        }
        let text: Arc<str> = make()?.into();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(what, Arc::clone(&text));
        Ok(text)
    }

    /// Its states and the ways between them, as SVG for a page; drawn when it is first asked for.
    #[must_use]
    pub fn picture(&self) -> &str {
        self.picture.get_or_init(|| flow::picture(&self.flow, None).svg(false))
    }
}

impl Catalog {
    /// The flow of that key, archived or not.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Published> {
        self.flows.get(key)
    }

    /// Every flow, archived ones too.
    pub fn all(&self) -> impl Iterator<Item = &Published> {
        self.flows.values()
    }

    /// The flows in use.
    pub fn in_use(&self) -> impl Iterator<Item = &Published> {
        self.flows.values().filter(|published| !published.archived)
    }

    /// The flow whose items are `<prefix>_<number>`.
    #[must_use]
    pub fn by_prefix(&self, prefix: &str) -> Option<&Published> {
        self.flows.values().find(|published| published.flow.item_prefix == prefix)
    }
}

/// What people see for everyone, and what the rules ask of them, as of a snapshot.
#[derive(Debug)]
pub struct People {
    seq: i64,
    /// By the name as registered, and by the folded one. A quick hash, as with the flows.
    displays: FxHashMap<String, String>,
    /// By the folded name.
    users: FxHashMap<String, flow::UserFact>,
}

impl People {
    /// What people see for a name, in whatever case; none: it is no user's.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.displays.get(name).or_else(|| self.displays.get(&flow::fold_name(name)));
        found.map(String::as_str)
    }

    /// [`People::get`], or the name itself.
    #[must_use]
    pub fn display<'a>(&'a self, name: &'a str) -> &'a str {
        self.get(name).unwrap_or(name)
    }

    fn read(tx: &store::Tx, seq: i64) -> Result<People, Error> {
        let (mut displays, mut users) = (FxHashMap::default(), FxHashMap::default());
        for (user, display) in store::user::everyone(tx)? {
            let folded = flow::fold_name(&user.name);
            if folded != user.name {
                displays.insert(folded.clone(), display.clone());
            }
            displays.insert(user.name.clone(), display);
            users.insert(folded, user);
        }
        Ok(People { seq, displays, users })
    }
}

/// What was read so far.
#[derive(Default)]
pub(crate) struct Cache {
    newest: Mutex<Arc<Catalog>>,
    people: Mutex<Option<Arc<People>>>,
    versions: Mutex<HashMap<(String, i64), Arc<Flow>>>,
}

impl Cache {
    /// The catalog as of this snapshot. It is kept for others only if `keep`: what a transaction that writes sees may never
    /// come to be, and something else under the same numbers.
    pub(crate) fn as_of(&self, tx: &store::Tx, seq: i64, keep: bool) -> Result<Arc<Catalog>, Error> {
        let known = Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner));
        if known.seq == seq && seq != 0 {
            return Ok(known);
        }
        let mut flows = IndexMap::default();
        for row in store::flow_version::current(tx)? {
            let flow = self.version_of(&row.key, row.version, (&row.text, &row.retyped), keep)?;
            let published = Published {
                flow,
                version: row.version,
                archived: row.archived,
                text: row.text.into(),
                picture: Arc::default(),
                kept: Arc::default(),
            };
            flows.insert(row.key, published);
        }
        let fresh = Arc::new(Catalog { seq, flows });
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        // an older snapshot's is of no use to anyone else
        if keep && newest.seq < seq {
            *newest = Arc::clone(&fresh);
        }
        Ok(fresh)
    }

    /// Everyone as of this snapshot, if they were read before.
    fn known_people(&self, seq: i64) -> Option<Arc<People>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|known| known.seq == seq)
    }

    /// Everyone as of this snapshot: read again when someone was added, disabled or is seen otherwise.
    fn people(&self, tx: &store::Tx, seq: i64) -> Result<Arc<People>, Error> {
        if let Some(known) = self.known_people(seq) {
            return Ok(known);
        }
        let fresh = Arc::new(People::read(tx, seq)?);
        let mut kept = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        // An older snapshot's are of no use to anyone else.
        if kept.as_ref().is_none_or(|kept| kept.seq < seq) {
            *kept = Some(Arc::clone(&fresh));
        }
        Ok(fresh)
    }

    fn version_of(
        &self,
        key: &str,
        version: i64,
        (text, retyped): (&str, &Retyped),
        keep: bool,
    ) -> Result<Arc<Flow>, Error> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (key.to_owned(), version);
        if let Some(flow) = versions.get(&id) {
            return Ok(Arc::clone(flow));
        }
        let damaged = |first| Error::Damaged(format!("flow {key} version {version}: {first}"));
        let flow = Arc::new(retyped.rules(key, text).map_err(damaged)?);
        if keep {
            versions.insert(id, Arc::clone(&flow));
        }
        Ok(flow)
    }

    fn known(&self, key: &str, version: i64) -> Option<Arc<Flow>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&(key.to_owned(), version)).cloned()
    }
}

impl Reading<'_> {
    /// What people see for everyone.
    pub(crate) fn people(&self) -> Result<Arc<People>, Error> {
        match self.people_seq {
            Some(seq) if self.keeps => self.app.catalog.people(self.tx, seq),
            _ => match self.known_people() {
                Some(known) => Ok(known),
                None => Ok(Arc::new(People::read(self.tx, 0)?)),
            },
        }
    }

    fn known_people(&self) -> Option<Arc<People>> {
        self.app.catalog.known_people(self.people_seq?)
    }

    /// What is known of the users of these names: by the name in lower case, the absent ones left out.
    pub(crate) fn users(&self, folded: &BTreeSet<String>) -> Result<BTreeMap<String, flow::UserFact>, Error> {
        let Some(people) = self.known_people() else {
            return Ok(store::user::known(self.tx, folded)?);
        };
        Ok(folded.iter().filter_map(|name| Some((name.clone(), people.users.get(name)?.clone()))).collect())
    }

    /// What people see for each of these users; a name that is none is left out.
    pub(crate) fn displays(&self, names: &BTreeSet<String>) -> Result<Names, Error> {
        let known = if self.keeps { Some(self.people()?) } else { self.known_people() };
        let Some(people) = known else {
            return Ok(store::user::displays(self.tx, names)?);
        };
        Ok(names.iter().filter_map(|name| Some((name.clone(), people.get(name)?.to_owned()))).collect())
    }

    /// Version `version` of the flow `key`: the rules of the items that were made under it.
    pub(crate) fn version(&self, key: &str, version: i64) -> Result<Arc<Flow>, Error> {
        if let Some(published) = self.flows.get(key)
            && published.version == version
        {
            return Ok(Arc::clone(&published.flow));
        }
        if let Some(flow) = self.app.catalog.known(key, version) {
            return Ok(flow);
        }
        let (text, retyped) = store::flow_version::source(self.tx, key, version)?
            .ok_or_else(|| Error::Damaged(format!("flow {key} has no version {version}")))?;
        self.app.catalog.version_of(key, version, (&text, &retyped), self.keeps)
    }

    /// The flow `key`, if the actor may create an item of it or see any.
    pub(crate) fn flow_for(&self, actor: &Actor, key: &str) -> Result<&Published, Error> {
        let published = self.flows.get(key).ok_or(Error::NotFound)?;
        if self.may_enter(actor, published)? { Ok(published) } else { Err(Error::NotFound) }
    }

    /// Whether the actor may create an item of the flow or see any.
    pub(crate) fn may_enter(&self, actor: &Actor, published: &Published) -> Result<bool, Error> {
        if !published.archived && flow::may_create(&published.flow, actor) {
            return Ok(true);
        }
        match self.visibility(actor, &published.flow) {
            Visibility::All => Ok(true),
            some => {
                let (seen, _) = store::list::count(self.tx, &published.flow, &flow::Query::default(), &some, 1)?;
                Ok(seen > 0)
            }
        }
    }

    /// Which items of the flow the actor may see, for lists: the same words as [`flow::may_see`].
    pub(crate) fn visibility(&self, actor: &Actor, flow: &Flow) -> Visibility {
        let anyway = |who: &Who| match who {
            Who::Anyone => true,
            Who::User(name) => flow::fold_name(name) == flow::fold_name(&actor.name),
            Who::Group(group) => actor.groups.contains(group),
            _ => false,
        };
        if actor.admin || flow.view.iter().any(anyway) {
            return Visibility::All;
        }
        let mut rules = VisibleTo { user: actor.name.clone(), ..Default::default() };
        for who in &flow.view {
            match who {
                Who::AssignedTo => rules.holder = true,
                Who::CreatedBy => rules.creator = true,
                Who::Field(key) => rules.fields.push(key.clone()),
                Who::Anyone | Who::User(_) | Who::Group(_) => {}
            }
        }
        Visibility::Rules(rules)
    }

    /// Whether the actor may see this item.
    pub(crate) fn may_see(&self, actor: &Actor, key: &str, item: &flow::Item) -> bool {
        self.flows.get(key).is_some_and(|published| flow::may_see(&published.flow, item, actor))
    }
}

/// Display names by user name.
pub type Names = BTreeMap<String, String>;
