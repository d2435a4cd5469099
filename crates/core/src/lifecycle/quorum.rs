//! Whose consent a decision needs: the steps of one revision of a flow, or of two, one after the other.

use crate::flow::Flow;
use crate::flow::approval_rule::{Decided, Order, Step};

/// Lists of steps; any one list suffices.
pub(crate) struct Quorum<'a> {
    /// Whether steps wait for each other.
    pub(crate) order: Order,
    /// How many denials close it.
    pub(crate) denials: u32,
    pub(crate) lists: Vec<Vec<StepOf<'a>>>,
}

/// A step, and the revision of the flow that asks for it.
#[derive(Clone, Copy)]
pub(crate) struct StepOf<'a> {
    pub(crate) flow: &'a Flow,
    pub(crate) step: &'a Step,
}

impl<'a> Quorum<'a> {
    /// The steps of one revision.
    pub(crate) fn of(flow: &'a Flow, decided: &'a Decided) -> Self {
        let list = |steps: &'a Vec<Step>| steps.iter().map(|step| StepOf { flow, step }).collect();
        let lists = decided.lists.iter().map(list).collect();
        Self { order: decided.order, denials: decided.denials, lists }
    }

    /// The consent of both: each list of the one before each list of the other. What both ask for in the same
    /// words is asked for once.
    pub(crate) fn and(self, other: Self) -> Self {
        let in_turn = [self.order, other.order].contains(&Order::InTurn);
        let order = if in_turn { Order::InTurn } else { Order::Any };
        let denials = self.denials.min(other.denials);
        let same = self.lists.len() == other.lists.len()
            && self.lists.iter().zip(&other.lists).all(|(one, other)| reads_the_same(one, other));
        if same {
            return Self { order, denials, lists: other.lists };
        }
        let pair = |one: &Vec<StepOf<'a>>, two: &Vec<StepOf<'a>>| {
            if reads_the_same(one, two) { two.clone() } else { [one.as_slice(), two].concat() }
        };
        let pairs = self.lists.iter().flat_map(|one| other.lists.iter().map(move |two| pair(one, two)));
        Self { order, denials, lists: pairs.collect() }
    }
}

/// Whether both lists ask the same people for the same. Two conditions are the same where they read the same.
fn reads_the_same(one: &[StepOf<'_>], other: &[StepOf<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_step(one.step, other.step))
}

fn same_step(one: &Step, other: &Step) -> bool {
    // Every field is named, so that a new one is not forgotten here.
    let Step { name, approvers, needed, when, reason, mfa, tell, escalate } = one;
    let source = |step: &Step| step.when.as_deref().map(|when| when.source().to_owned());
    *name == other.name
        && *approvers == other.approvers
        && *needed == other.needed
        && when.as_deref().map(|when| when.source().to_owned()) == source(other)
        && *reason == other.reason
        && *mfa == other.mfa
        && *tell == other.tell
        && escalate.len() == other.escalate.len()
        && escalate.iter().zip(&other.escalate).all(|(one, other)| one == other)
}
