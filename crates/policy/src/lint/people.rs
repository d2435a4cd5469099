//! Who gets access by asking, and steps that nobody is left to fill.

use std::collections::BTreeSet;

use tenure_core::flow::approval_rule::{Approval, Step};
use tenure_core::flow::beside::Guard;
use tenure_core::flow::selector::Selector;
use tenure_core::flow::{Flow, Quota, Who};

use super::{About, Lint, lists, rules};

pub(super) fn lint(about: &mut About<'_, '_, '_>, flow: &Flow, guards: &[Guard]) {
    open_door(about, flow, guards);
    unreviewed(about, flow);
    for (at, rule) in rules(flow) {
        let lists = lists(at, rule);
        for (path, steps) in &lists {
            too_few(about, path, steps);
        }
        let stuck: Vec<_> = lists
            .iter()
            .filter_map(|(path, steps)| steps.iter().enumerate().find_map(|one| stuck(flow, path, one)))
            .collect();
        // Where one list suffices, it takes all of them to be stuck.
        if stuck.len() == lists.len() {
            for (path, message) in stuck {
                let help = "add approvers who do not ask themselves, such as `manager` or another group";
                about.add(Lint::MayDeadlock, &path, message, help);
            }
        }
    }
}

/// Everybody, by asking.
fn open_door(about: &mut About<'_, '_, '_>, flow: &Flow, guards: &[Guard]) {
    let everyone = flow.who.any.iter().any(|one| matches!(one, Selector::Everyone));
    let (path, often) = match (&flow.approval, open_lane(flow)) {
        (Approval::Automatic, _) => ("approval", String::new()),
        (Approval::Decided(_), Some(quota)) => {
            ("approval.automatic", format!(", {} in `{}`", times(quota.times), quota.per))
        }
        (Approval::Decided(_), None) => return,
    };
    let closing = guards.iter().filter(|guard| guard.require.steps);
    let closed = |target| closing.clone().any(|guard| guard.covers_all(target));
    if everyone && !flow.what.iter().all(closed) {
        let message = format!("everyone gets this access by asking for it{often}");
        let help = "name who may hold it under `who`, or let somebody approve";
        about.add(Lint::OpenDoor, path, message, help);
    }
}

/// How often the fast lane is open to anybody: without a condition, it is.
pub(super) fn open_lane(flow: &Flow) -> Option<Quota> {
    let lane = match &flow.approval {
        Approval::Automatic => None,
        Approval::Decided(rule) => rule.automatic.as_ref(),
    };
    lane.filter(|lane| lane.when.is_none()).and_then(|lane| lane.quota)
}

pub(super) fn times(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// A step that needs more people than it names, or steps that together do: nobody fills two places.
fn too_few(about: &mut About<'_, '_, '_>, path: &str, steps: &[Step]) {
    let help = "name more people, or need fewer";
    let mut found = false;
    let (mut needed, mut named, mut counted) = (0_u64, BTreeSet::new(), 0_usize);
    for (n, step) in steps.iter().enumerate() {
        let Some(people) = step.named_people() else { continue };
        if count(people.len()) < u64::from(step.needed) {
            found = true;
            let whom = match people.len() {
                0 => "nobody is".to_owned(),
                1 => "1 person is".to_owned(),
                more => format!("{more} people are"),
            };
            let at = if step.needed > 1 { "needed" } else { "approvers" };
            let message = format!("the step needs {}, and {whom} named, so it is never filled", step.needed);
            about.add(Lint::TooFewApprovers, &format!("{path}[{n}].{at}"), message, help);
        }
        needed = needed.saturating_add(u64::from(step.needed));
        named.extend(people.into_iter().map(|person| person.as_str().to_ascii_lowercase()));
        counted = counted.saturating_add(1);
    }
    if !found && counted > 1 && count(named.len()) < needed {
        let message = format!(
            "{counted} of these steps need {needed} different people together and name {}: nobody decides twice",
            named.len()
        );
        about.add(Lint::TooFewApprovers, path, message, help);
    }
}

/// A step that only the eligible can fill: where one of them asks, one fewer is left. Named people can be
/// counted; a group that asks and approves may have no more members than are needed.
fn stuck(flow: &Flow, path: &str, (n, step): (usize, &Step)) -> Option<(String, String)> {
    let selectors: Vec<&Selector> = step.everybody().collect();
    if selectors.is_empty() || !selectors.iter().all(|one| only_eligible(&flow.who, one)) {
        return None;
    }
    let path = format!("{path}[{n}].approvers");
    let needed = u64::from(step.needed);
    let message = match step.named_people().map(|people| count(people.len())) {
        Some(named) if named != needed => return None,
        Some(_) => format!(
            "whoever of these asks finds nobody left: the step needs {needed}, and nobody decides on their own access"
        ),
        None => {
            let few =
                if needed == 1 { "nobody else".to_owned() } else { format!("fewer than {needed} others") };
            format!(
                "only people who may ask themselves can fill this step, and nobody decides on their own \
                 access: with {few} among them it stays open"
            )
        }
    };
    Some((path, message))
}

/// Glass that only those may review who may break it: nobody reviews their own, and what is unreviewed shuts it.
fn unreviewed(about: &mut About<'_, '_, '_>, flow: &Flow) {
    let Some(rule) = &flow.break_glass else { return };
    let breaks = |reviewer: &Selector| only_meant(&rule.who, &flow.who.except, reviewer);
    if !rule.review_by.iter().all(breaks) {
        return;
    }
    let named: Option<BTreeSet<_>> = rule.review_by.iter().map(Selector::user).collect();
    let message = match named.map(|people| people.len()) {
        Some(1) => "whoever of these breaks the glass finds nobody left to review it",
        Some(_) => return,
        None => {
            "only people who may break the glass may review it, and nobody reviews their own: with nobody \
             else among them it is shut after the first time"
        }
    };
    let help = "add reviewers who do not break it themselves, such as `manager` or another group";
    about.add(Lint::MayDeadlock, "break_glass.review_by", message.to_owned(), help);
}

/// Whether whoever is meant is eligible. That everyone is eligible says nothing about a group.
fn only_eligible(who: &Who, approver: &Selector) -> bool {
    only_meant(&who.any, &who.except, approver)
}

fn only_meant(any: &[Selector], except: &[Selector], approver: &Selector) -> bool {
    let asks = |eligible: &Selector| match (eligible, approver) {
        (Selector::Everyone, Selector::User(_)) => true,
        (Selector::Everyone, _) => false,
        (_, _) => covers(eligible, approver),
    };
    any.iter().any(asks) && !except.iter().any(|except| covers(except, approver))
}

/// Whether everybody whom the second means is meant by the first too, for certain. `manager` and `owner`
/// are other people for each request.
pub(super) fn covers(wide: &Selector, narrow: &Selector) -> bool {
    match (wide, narrow) {
        (Selector::Everyone, _) => true,
        (Selector::User(one), Selector::User(other)) => one == other,
        (Selector::Group(wide), Selector::Group(narrow)) | (Selector::Role(wide), Selector::Role(narrow)) => {
            let literal = !narrow.as_str().contains(['*', '?']);
            wide == narrow || (literal && wide.matches(narrow.as_str())) || wide.as_str() == "*"
        }
        (
            Selector::User(_) | Selector::Group(_) | Selector::Role(_) | Selector::Manager | Selector::Owner,
            _,
        ) => false,
    }
}

fn count(people: usize) -> u64 {
    u64::try_from(people).unwrap_or(u64::MAX)
}
