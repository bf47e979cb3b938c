//! Who a name of the original is here. There, holders and creators were whatever somebody typed.

use std::collections::{BTreeMap, HashMap};

use app::people::UserView;

use super::super::Refusal;

/// The people of this installation, and whom they are told to stand for.
pub(super) struct People {
    names: HashMap<String, String>,
    displays: HashMap<String, Option<String>>,
    mapped: HashMap<String, String>,
    everybody: Option<String>,
    /// Names that are nobody's, and how often they were met.
    pub(super) unknown: BTreeMap<String, usize>,
}

impl People {
    /// `map`: `NAME=USER`, of which `*` is every name that is not known.
    pub(super) fn new(users: &[UserView], map: &[String]) -> Result<People, Refusal> {
        let mut people = People {
            names: users.iter().map(|user| (flow::fold_name(&user.name), user.name.clone())).collect(),
            displays: HashMap::new(),
            mapped: HashMap::new(),
            everybody: None,
            unknown: BTreeMap::new(),
        };
        for user in users {
            // Two who look the same are neither.
            let known = people.displays.entry(flow::fold_name(&user.display));
            known.and_modify(|known| *known = None).or_insert_with(|| Some(user.name.clone()));
        }
        for given in map {
            let Some((name, user)) = given.rsplit_once('=') else {
                return Err(Refusal::Usage(format!("--map {given}: write NAME=USER")));
            };
            let Some(user) = people.names.get(&flow::fold_name(user)).cloned() else {
                return Err(Refusal::Refused(format!("--map {given}: there is no user {user:?}")));
            };
            if name.trim() == "*" {
                people.everybody = Some(user);
            } else {
                people.mapped.insert(flow::fold_name(name.trim()), user);
            }
        }
        Ok(people)
    }

    /// The user that is meant; one that is not known is counted.
    pub(super) fn find(&mut self, name: &str) -> Option<String> {
        let folded = flow::fold_name(name.trim());
        let display = || self.displays.get(&folded).cloned().flatten();
        let found = self.mapped.get(&folded).or_else(|| self.names.get(&folded)).cloned().or_else(display);
        let found = found.or_else(|| self.everybody.clone());
        if found.is_none() {
            *self.unknown.entry(name.trim().to_owned()).or_default() += 1;
        }
        found
    }
}
