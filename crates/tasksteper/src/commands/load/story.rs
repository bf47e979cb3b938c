//! Telling the plan: every step decided by the rules.

use std::sync::Arc;

use app::{
    Error,
    bulk::{Desk, Life, Lives},
    item::Press,
    people,
};
use flow::Actor;
use jiff::Timestamp;
use serde_json::json;

use super::{
    chance::Chance,
    plan::{Kind, Plan, Root, What, steps},
    words,
};

/// Who tells: one for each thread.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) plan: Arc<Plan>,
    pub(super) desk: Desk,
    /// The first number of each flow, in the order of the plan's kinds.
    pub(super) numbers: [i64; 4],
    pub(super) people: Arc<[String]>,
}

/// What an item's steps are told with.
struct Scene {
    kind: Kind,
    chance: Chance,
    /// Who reviews it, who comes after that.
    reviewer: String,
    last: String,
    opened: Option<i64>,
}

impl Teller {
    /// The lives of these roots and of what they open.
    pub(super) fn tell(&mut self, roots: std::ops::Range<usize>) -> Result<Lives, Error> {
        let plan = Arc::clone(&self.plan);
        let mut lives = Lives::default();
        for root in &plan.roots[roots] {
            let family = self.family(&plan, root)?;
            lives.add(&family)?;
        }
        Ok(lives)
    }

    fn family(&mut self, plan: &Plan, root: &Root) -> Result<Vec<Life>, Error> {
        let mut chance = Chance::of(plan.seed, root.index, 6);
        let creator = self.actor(&mut chance);
        let mut fields = words::first(root.kind, &mut chance, root.at);
        if root.kind == Kind::Issue
            && chance.percent(25)
            && let known @ 1.. = plan.cards.partition_point(|at| *at < root.at)
        {
            let number = self.numbers[Kind::Card.index()] + i64::try_from(chance.below(known)).unwrap_or(0);
            fields.insert("device".to_owned(), json!(format!("device_card/{number}")));
        }
        let place = (root.kind.key(), self.numbers[root.kind.index()] + root.place);
        let life = self.desk.create(moment(root.at), &creator, place, &fields)?;
        let opened = root.opens.as_ref().map(|opened| self.numbers[opened.kind.index()] + opened.place);
        let mut scene = self.scene(root.kind, chance, opened);
        let all = steps(root.kind, plan.seed, root.index, root.at, plan.now, root.opens.is_some());
        let (life, child) = self.live(&mut scene, life, &all)?;
        let mut family = vec![life];
        if let (Some(child), Some(opened)) = (child, &root.opens) {
            let mut scene = self.scene(opened.kind, Chance::of(plan.seed, root.index, 7), None);
            let all = steps(opened.kind, plan.seed, root.index, opened.at, plan.now, false);
            family.push(self.live(&mut scene, child, &all)?.0);
        }
        Ok(family)
    }

    fn live(&mut self, scene: &mut Scene, mut life: Life, all: &[(i64, What)]) -> Result<(Life, Option<Life>), Error> {
        let mut child = None;
        for (at, what) in all {
            let at = moment(*at);
            let item = life.item().ok_or(Error::NotFound)?;
            let holder = item.assigned_to.first().unwrap_or(&item.created_by).clone();
            let actor = Actor { name: holder, admin: false, groups: Default::default() };
            match *what {
                What::Press(trigger) => {
                    let press = scene.press(trigger);
                    child = self.desk.press(&mut life, at, &actor, &press, scene.opened)?.or(child);
                }
                What::Save => self.desk.save(&mut life, at, &actor, &words::saved(scene.kind, &mut scene.chance))?,
                What::Comment => {
                    let actor = self.actor(&mut scene.chance);
                    self.desk.comment(&mut life, at, &actor, words::said(&mut scene.chance))?;
                }
                What::HandOver => {
                    let to = scene.chance.pick(&self.people).clone();
                    self.desk.hand_over(&mut life, at, &people::system(), &to)?;
                }
            }
        }
        Ok((life, child))
    }

    fn actor(&self, chance: &mut Chance) -> Actor {
        Actor { name: chance.pick(&self.people).clone(), admin: false, groups: Default::default() }
    }

    fn scene(&self, kind: Kind, mut chance: Chance, opened: Option<i64>) -> Scene {
        let (reviewer, last) = (chance.pick(&self.people).clone(), chance.pick(&self.people).clone());
        Scene { kind, chance, reviewer, last, opened }
    }
}

impl Scene {
    fn press(&mut self, trigger: &str) -> Press {
        let mut fields = words::pressed(self.kind, trigger, &mut self.chance);
        let named = match (self.kind, trigger) {
            (Kind::Issue, "提交审核") => Some(("issue_checker", &self.reviewer)),
            (Kind::Issue, "转SE分析改进") => Some(("issue_se", &self.last)),
            (Kind::Card | Kind::Bug, "提交审核" | "提交评审") => Some(("reviewer", &self.reviewer)),
            (Kind::Improvement, "提交评审") => Some(("reviewer", &self.reviewer)),
            (Kind::Improvement, "采纳") => Some(("implementer", &self.last)),
            _ => None,
        };
        fields.extend(named.map(|(field, who)| (field.to_owned(), json!(who))));
        let says = matches!(trigger, "打回补充信息" | "打回补充" | "打回" | "不采纳" | "验证不通过");
        let comment = says.then(|| words::said(&mut self.chance).to_owned());
        Press { trigger: trigger.to_owned(), revision: None, fields, comment }
    }
}

fn moment(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
