//! `tenure who`: who could ask for what, who could approve it, which requests nobody ever could.

mod tell;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tenure_port::core::command::Asked;
use tenure_port::core::flow::Flow;
use tenure_port::core::flow::approval_rule::Approval;
use tenure_port::core::flow::beside::Guard;
use tenure_port::core::flow::selector::Selector;
use tenure_port::core::flow::target::Target;
use tenure_port::core::id::PersonId;
use tenure_port::core::person::Resource;
use tenure_port::core::query::who::{Glass, Nobody, Offered, Pair, People, Seats, Under, offered};
use tenure_port::policy::Policy;
use tenure_scenario::file;
use tenure_scenario::read::{self, Directory};
use tenure_scenario::trouble::Unreadable;

use crate::End;
use crate::args::{Who, WhoFormat};
use crate::screen::{BAD, Screen, paint};

/// People held against steps, and requests looked at, in one run: a directory of thousands under hundreds
/// of flows takes seconds, and a hostile one would take for ever.
const WORK_MAX: usize = 1_000_000;

/// What people could do under one flow.
#[derive(Serialize)]
struct Answer {
    flow: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Nothing can be asked while it is withdrawn.
    withdrawn: bool,
    /// For themselves.
    could_ask: Vec<String>,
    /// For whom else somebody could ask.
    on_behalf: BTreeMap<String, Vec<String>>,
    offers: Vec<Offer>,
    /// What guards keep for people to approve, where nobody does under this flow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    guarded: Vec<Offer>,
    /// Nobody needs to approve.
    automatic: bool,
    /// Some requests need nobody's approval.
    fast_lane: bool,
    could_approve: Vec<Approvers>,
    nobody: Vec<InVain>,
    /// What people could take in an emergency, where the flow has glass to break.
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass: Option<Emergency>,
}

/// Who could break the glass of a flow, and who could review that.
#[derive(Serialize)]
struct Emergency {
    could_break: Vec<String>,
    could_review: Vec<String>,
    /// Besides, for each holder their manager.
    managers: BTreeMap<String, Vec<String>>,
    /// Besides, whoever owns what is asked for.
    owner: bool,
    /// Those of the first whom nobody could ever review.
    unreviewed: Vec<String>,
}

#[derive(Serialize)]
struct Offer {
    /// As the file calls it; where it names no resources, as the policy does.
    resource: String,
    permissions: Vec<String>,
}

/// The lists of steps, one of which suffices.
#[derive(Serialize)]
struct Approvers {
    /// The resource that is asked for, where it matters who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    lists: Vec<Vec<Filled>>,
}

/// Who could fill a step.
#[derive(Serialize)]
struct Filled {
    step: String,
    needed: u32,
    people: Vec<String>,
    /// Besides, for each holder their manager.
    managers: BTreeMap<String, Vec<String>>,
    /// Besides, whoever owns what is asked for.
    owner: bool,
}

/// A request that nobody could ever approve.
#[derive(Serialize)]
struct InVain {
    requester: String,
    holder: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    /// The step that stays open; absent where each could be filled, and all together could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    needed: u64,
    left: Vec<String>,
}

pub(crate) fn run(ask: &Who, screen: &mut Screen) -> io::Result<End> {
    let policy = match Policy::files(&ask.policy).map(Policy::from_sources) {
        Ok(Ok(policy)) => policy,
        Ok(Err(problems)) => {
            screen.line(&problems.render(true))?;
            return Ok(End::Wrong);
        }
        Err(unread) => return unreadable(&Unreadable::File(unread), screen),
    };
    let directory = match directory(&ask.people) {
        Ok(directory) => directory,
        Err(unread) => return unreadable(&unread, screen),
    };
    let chosen = |flow: &&Arc<Flow>| ask.flow.as_ref().is_none_or(|id| id.as_str() == flow.id.as_str());
    let flows: Vec<&Arc<Flow>> = policy.flows().values().filter(chosen).collect();
    if let (Some(id), true) = (&ask.flow, flows.is_empty()) {
        let words = format!("there is no flow {} in this policy", tenure_port::policy::problem::quote(id));
        screen.line(&paint(BAD, &words))?;
        return Ok(End::Unread);
    }
    let Some(answers) = answers(&flows, &policy.beside().guards, directory) else {
        let words = "this is too much at once; ask with `--flow` for one flow, or with fewer people";
        screen.line(&paint(BAD, words))?;
        return Ok(End::Unread);
    };
    match ask.format {
        WhoFormat::Text => tell::text(&answers, screen)?,
        WhoFormat::Json => {
            let answers = serde_json::to_string_pretty(&serde_json::json!({ "flows": answers }))?;
            screen.json(&answers)?;
        }
    }
    Ok(End::Well)
}

fn directory(path: &Path) -> Result<Directory, Unreadable> {
    let (text, format) = file::text(path)?;
    read::directory(&path.display().to_string(), &text, format)
}

fn unreadable(unread: &Unreadable, screen: &mut Screen) -> io::Result<End> {
    screen.line(&unread.render(true))?;
    Ok(match unread {
        Unreadable::File(_) => End::Unread,
        Unreadable::Document(_) => End::Wrong,
    })
}

/// What these people could do under each of the flows; nothing where that is too much at once.
fn answers(flows: &[&Arc<Flow>], guards: &[Guard], directory: Directory) -> Option<Vec<Answer>> {
    let people = People::new(directory.people);
    let mut left = WORK_MAX;
    flows.iter().map(|flow| answer(flow, guards, &people, &directory.resources, &mut left)).collect()
}

fn answer(
    flow: &Flow,
    guards: &[Guard],
    people: &People,
    resources: &[(String, Resource)],
    left: &mut usize,
) -> Option<Answer> {
    let known: Vec<(&str, Asked, Offered<'_>)> = resources
        .iter()
        .filter_map(|(name, resource)| {
            let offered = offered(flow, resource);
            let permission = match &offered {
                Offered::Any => "",
                Offered::Named(names) => names.first()?,
            };
            Some((name.as_str(), resource.permission(permission), offered))
        })
        .collect();
    let (automatic, fast_lane) = match &flow.approval {
        Approval::Automatic => (true, false),
        Approval::Decided(rule) => (false, rule.automatic.is_some()),
    };
    let mut answer = Answer {
        flow: flow.id.to_string(),
        title: flow.title.clone(),
        withdrawn: !flow.enabled,
        could_ask: Vec::new(),
        on_behalf: BTreeMap::new(),
        offers: Vec::new(),
        guarded: Vec::new(),
        automatic,
        fast_lane,
        could_approve: Vec::new(),
        nobody: Vec::new(),
        break_glass: None,
    };
    let (free, kept) = offers(flow, guards, &known, !resources.is_empty());
    let all_kept = free.is_empty() && !kept.is_empty();
    answer.fast_lane &= !all_kept;
    if automatic {
        (answer.offers, answer.guarded) = (free, kept);
    } else {
        answer.offers = offers(flow, &[], &known, !resources.is_empty()).0;
    }
    if answer.withdrawn || (automatic && all_kept) {
        return Some(answer);
    }
    // Whoever owns the items may approve: then it matters which they are.
    let cases: Vec<Option<(&str, &Asked)>> = if owners_approve(flow) && !known.is_empty() {
        known.iter().map(|(name, asked, _)| Some((*name, asked))).collect()
    } else {
        vec![None]
    };
    for (number, case) in cases.into_iter().enumerate() {
        *left = left.checked_sub(people.len().saturating_mul(steps(flow).max(1)))?;
        let items = case.map(|(_, asked)| std::slice::from_ref(asked));
        let under = Under::new(flow, people, items);
        let requests: Vec<Pair<'_>> = under.requests().take(left.saturating_add(1)).collect();
        *left = left.checked_sub(requests.len())?;
        if number == 0 {
            requests.iter().for_each(|pair| answer.asks(*pair));
            answer.break_glass = under.glass().filter(|_| !all_kept).map(|glass| Emergency::of(&glass));
        }
        answer.approved(&under, &requests, case.map(|(name, _)| name));
    }
    Some(answer)
}

/// What is offered of the resources that are known, or else what the policy says: what is had without people
/// approving it where the flow says so, and what guards keep for them.
fn offers(
    flow: &Flow,
    guards: &[Guard],
    known: &[(&str, Asked, Offered<'_>)],
    by_resource: bool,
) -> (Vec<Offer>, Vec<Offer>) {
    if !by_resource {
        let kept =
            |target: &&Target| guards.iter().any(|guard| guard.require.steps && guard.covers_all(target));
        let (kept, free): (Vec<&Target>, Vec<&Target>) = flow.what.iter().partition(kept);
        let told = |targets: Vec<&Target>| targets.into_iter().map(tell::target).collect();
        return (told(free), told(kept));
    }
    let offer = |name: &str, offered: &Offered<'_>| Offer {
        resource: name.to_owned(),
        permissions: match offered {
            Offered::Any => vec!["*".to_owned()],
            Offered::Named(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        },
    };
    let (mut free, mut kept) = (Vec::new(), Vec::new());
    for (name, asked, offered) in known {
        let (open, guarded) = offered.clone().parted(&asked.resource, guards);
        free.extend((!open.is_empty()).then(|| offer(name, &open)));
        kept.extend((!guarded.is_empty()).then(|| offer(name, &guarded)));
    }
    (free, kept)
}

fn owners_approve(flow: &Flow) -> bool {
    let Approval::Decided(rule) = &flow.approval else { return false };
    rule.lists.iter().flatten().any(|step| step.everybody().any(|one| *one == Selector::Owner))
}

fn steps(flow: &Flow) -> usize {
    match &flow.approval {
        Approval::Automatic => 0,
        Approval::Decided(rule) => rule.lists.iter().map(Vec::len).sum(),
    }
}

impl Answer {
    fn asks(&mut self, pair: Pair<'_>) {
        if pair.requester == pair.holder {
            self.could_ask.push(pair.holder.to_string());
        } else {
            let holders = self.on_behalf.entry(pair.requester.to_string()).or_default();
            holders.push(pair.holder.to_string());
        }
    }

    /// Who could approve these requests, and which of them nobody could.
    fn approved(&mut self, under: &Under<'_>, requests: &[Pair<'_>], resource: Option<&str>) {
        if !self.automatic {
            let filled = |seats: &Seats<'_>| Filled::of(under, seats, requests);
            let lists = under.lists().iter().map(|seats| seats.iter().map(filled).collect()).collect();
            self.could_approve.push(Approvers { resource: resource.map(str::to_owned), lists });
        }
        for pair in requests {
            if let Some(nobody) = under.nobody(*pair) {
                self.nobody.push(InVain::of(*pair, &nobody, resource));
            }
        }
    }
}

impl Filled {
    fn of(under: &Under<'_>, seats: &Seats<'_>, requests: &[Pair<'_>]) -> Self {
        let mut managers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in requests.iter().filter(|_| seats.manager) {
            let Some(manager) = under.manager(*pair) else { continue };
            let holders = managers.entry(manager.to_string()).or_default();
            // Requests come holder by holder.
            if holders.last().is_none_or(|last| *last != pair.holder.as_str()) {
                holders.push(pair.holder.to_string());
            }
        }
        Self {
            step: seats.step.name.clone(),
            needed: seats.step.needed,
            people: under.fixed(seats).map(ToString::to_string).collect(),
            managers,
            owner: seats.owner,
        }
    }
}

impl Emergency {
    fn of(glass: &Glass<'_>) -> Self {
        let ids = |ids: &[&PersonId]| ids.iter().map(ToString::to_string).collect();
        Self {
            could_break: ids(&glass.could_break),
            could_review: ids(&glass.could_review),
            managers: glass.managers.iter().map(|(id, holders)| (id.to_string(), ids(holders))).collect(),
            owner: glass.owner,
            unreviewed: ids(&glass.unreviewed),
        }
    }
}

impl InVain {
    fn of(pair: Pair<'_>, nobody: &Nobody<'_>, resource: Option<&str>) -> Self {
        Self {
            requester: pair.requester.to_string(),
            holder: pair.holder.to_string(),
            resource: resource.map(str::to_owned),
            step: nobody.step.map(str::to_owned),
            needed: nobody.needed,
            left: nobody.left.iter().map(ToString::to_string).collect(),
        }
    }
}
