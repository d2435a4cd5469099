//! Who could take access in an emergency, and who could look at it afterwards.

use std::collections::BTreeMap;

use super::{Known, Under};
use crate::flow::selector::Selector;
use crate::id::PersonId;
use crate::lifecycle::eligible;
use crate::query;

/// The glass of a flow: who could break it, and who could review that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass<'a> {
    /// Those who could break it, each for themselves.
    pub could_break: Vec<&'a PersonId>,
    /// Those who could review, whoever broke it.
    pub could_review: Vec<&'a PersonId>,
    /// Managers who could review besides, each with those of their people who could break it.
    pub managers: BTreeMap<&'a PersonId, Vec<&'a PersonId>>,
    /// Whether the owner of every item could review besides.
    pub owner: bool,
    /// Those who could break it and whom nobody could review: their next emergency would find it shut.
    pub unreviewed: Vec<&'a PersonId>,
}

impl<'a> Under<'a> {
    /// What these people could do in an emergency; nothing where the flow has no glass. Owners who are not
    /// known here are taken to be there.
    #[must_use]
    pub fn glass(&self) -> Option<Glass<'a>> {
        let rule = self.flow.break_glass.as_ref()?;
        let known = &self.people.known;
        let means = |known: &&'a Known, selector: &Selector| {
            eligible::regards(selector, &known.person, None, std::iter::empty())
        };
        let reviews = |known: &&'a Known| rule.review_by.iter().any(|selector| means(known, selector));
        let reviewers: Vec<&'a Known> = known.iter().filter(reviews).collect();
        let mut glass = Glass {
            could_break: Vec::new(),
            could_review: reviewers.iter().map(|known| &known.person.id).collect(),
            managers: BTreeMap::new(),
            owner: rule.review_by.contains(&Selector::Owner),
            unreviewed: Vec::new(),
        };
        for holder in known.iter().filter(|known| query::may_break_glass(self.flow, &known.person)) {
            let manager =
                holder.person.manager.as_ref().filter(|_| rule.review_by.contains(&Selector::Manager));
            let manager = manager.and_then(|id| known.get(self.people.index(id)?));
            let other = |known: &&'a Known| !known.names.same_human(&holder.names);
            let id = &holder.person.id;
            glass.could_break.push(id);
            if let Some(manager) = manager.filter(|manager| other(manager)) {
                glass.managers.entry(&manager.person.id).or_default().push(id);
            } else if !glass.owner && !reviewers.iter().any(other) {
                glass.unreviewed.push(id);
            }
        }
        Some(glass)
    }
}
