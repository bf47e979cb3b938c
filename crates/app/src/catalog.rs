//! The flows, read once: the published ones as of a snapshot, older versions on demand. A published version never
//! changes, so what was read of one stays true; which is the newest is asked of the store in every transaction.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use flow::{Actor, Flow, Who};
use indexmap::IndexMap;
use store::list::{Visibility, VisibleTo};

use crate::{Error, Reading};

/// The newest version of every flow, by key in the order of their first publication.
#[derive(Debug, Default)]
pub struct Catalog {
    seq: i64,
    flows: IndexMap<String, Published>,
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

/// What was read so far.
#[derive(Default)]
pub(crate) struct Cache {
    newest: Mutex<Arc<Catalog>>,
    versions: Mutex<HashMap<(String, i64), Arc<Flow>>>,
}

impl Cache {
    /// The catalog as of this snapshot.
    pub(crate) fn as_of(&self, tx: &store::Tx) -> Result<Arc<Catalog>, Error> {
        let seq = store::flow_version::seq(tx)?;
        let known = Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner));
        if known.seq == seq && seq != 0 {
            return Ok(known);
        }
        let mut flows = IndexMap::new();
        for row in store::flow_version::current(tx)? {
            let flow = self.version_of(&row.key, row.version, &row.text)?;
            let published = Published { flow, version: row.version, archived: row.archived, text: row.text.into() };
            flows.insert(row.key, published);
        }
        let fresh = Arc::new(Catalog { seq, flows });
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    fn version_of(&self, key: &str, version: i64, text: &str) -> Result<Arc<Flow>, Error> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (key.to_owned(), version);
        if let Some(flow) = versions.get(&id) {
            return Ok(Arc::clone(flow));
        }
        let (flow, problems) = flow::read(&flow::File { name: key, text });
        let flow = flow.ok_or_else(|| {
            let first = problems.first().map(|problem| problem.message.to_string()).unwrap_or_default();
            Error::Damaged(format!("flow {key} version {version}: {first}"))
        })?;
        let flow = Arc::new(flow);
        versions.insert(id, Arc::clone(&flow));
        Ok(flow)
    }

    fn known(&self, key: &str, version: i64) -> Option<Arc<Flow>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&(key.to_owned(), version)).cloned()
    }
}

impl Reading<'_> {
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
        let text = store::flow_version::text(self.tx, key, version)?
            .ok_or_else(|| Error::Damaged(format!("flow {key} has no version {version}")))?;
        self.app.catalog.version_of(key, version, &text)
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
