//! What pages say of grants, items and flows, in words that people use.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tenure::tenure_core::flow::approval_rule::{Approval, Decided, Order, Step};
use tenure::tenure_core::flow::extension_rule::{DecidedBy, ExtensionApproval, ExtensionRule};
use tenure::tenure_core::flow::requirement::MfaRule;
use tenure::tenure_core::flow::selector::Selector;
use tenure::tenure_core::flow::{Activation, Flow};
use tenure::tenure_core::grant::{Enforcement, Outcome, Waiting};
use tenure::tenure_core::id::FlowId;
use tenure::{Engine, Error, Item, Level, PersonId, ResourceId};

use crate::page::words_of;
use crate::portal::Portal;

/// What flows are called: those in force by their titles, others by their ids.
#[derive(Clone, Debug, Default)]
pub struct Titles(BTreeMap<FlowId, String>);

impl Titles {
    /// Those of the policy in force.
    ///
    /// # Errors
    /// The store failed.
    pub fn of(engine: &Engine) -> Result<Self, Error> {
        let Some(policy) = engine.policy()? else { return Ok(Self::default()) };
        Ok(Self(
            policy.flows.iter().filter_map(|(id, flow)| Some((id.clone(), flow.title.clone()?))).collect(),
        ))
    }

    /// What that flow is called.
    #[must_use]
    pub fn get<'a>(&'a self, id: &'a FlowId) -> &'a str {
        self.0.get(id).map_or(id.as_str(), String::as_str)
    }
}

/// What a flow is called.
#[must_use]
pub fn title(flow: &Flow) -> &str {
    flow.title.as_deref().unwrap_or(flow.id.as_str())
}

/// Items by resource, with the permissions on each.
#[must_use]
pub fn items<'a>(items: impl IntoIterator<Item = &'a Item>) -> Markup {
    let mut by_resource: BTreeMap<&ResourceId, Vec<&str>> = BTreeMap::new();
    for item in items {
        by_resource.entry(&item.resource).or_default().push(&item.permission);
    }
    html! {
        ul.items {
            @for (resource, permissions) in &by_resource {
                li { (self::resource(resource)) " " span.permissions { (permissions.join(", ")) } }
            }
        }
    }
}

/// A resource: its name first, then what and where it is.
#[must_use]
pub fn resource(id: &ResourceId) -> Markup {
    html! { strong { (id.name) } " " span.where { (id.kind) " at " (id.integration) } }
}

/// What the targets have confirmed.
#[must_use]
pub const fn enforcement(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::None => "nothing told yet",
        Enforcement::Removed => "removed at the target",
        Enforcement::Applied => "in place at the target",
        Enforcement::Applying => "being put in place",
        Enforcement::Removing => "being removed",
        Enforcement::StuckApplying => "stuck: the target does not take it",
        Enforcement::StuckRemoving => "stuck: the target does not let go",
    }
}

/// What an approved grant waits for.
#[must_use]
pub const fn waiting(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Start => "waits for its planned start",
        Waiting::Hours => "waits for the hours to open",
        Waiting::Holder => "waits for you to begin",
        Waiting::Provisioning => "waits for the target to confirm",
    }
}

/// How a grant ended.
#[must_use]
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Denied => "was denied",
        Outcome::Withdrawn => "was withdrawn",
        Outcome::Undecided => "was not decided in time",
        Outcome::Unused => "was not taken up",
        Outcome::Failed => "could not be given",
        Outcome::Expired => "has ended",
        Outcome::GivenBack => "was given back",
        Outcome::Revoked => "was revoked",
    }
}

/// Somebody, to somebody: “you” to themselves.
#[must_use]
pub fn somebody(portal: &Portal, id: &PersonId, reader: &PersonId) -> String {
    if id == reader { "you".to_owned() } else { portal.name(id) }
}

/// Who approves a request of that flow.
#[must_use]
pub fn approval(approval: &Approval, portal: &Portal) -> String {
    match approval {
        Approval::Automatic => "Nobody needs to approve it.".to_owned(),
        Approval::Decided(decided) => {
            let lane = match &decided.automatic {
                Some(_) => " Sometimes nobody needs to: the policy says when.",
                None => "",
            };
            format!("By {}{lane}", decided_by(decided, portal))
        }
    }
}

fn decided_by(decided: &Decided, portal: &Portal) -> String {
    let then = match decided.order {
        Order::InTurn => ", then ",
        Order::Any => " and ",
    };
    let list =
        |steps: &Vec<Step>| steps.iter().map(|step| self::step(step, portal)).collect::<Vec<_>>().join(then);
    let lists = decided.lists.iter().map(list).collect::<Vec<_>>().join("; or ");
    format!("{lists}, within {}.", words_of(decided.decide_within))
}

fn step(step: &Step, portal: &Portal) -> String {
    let who = step.approvers.iter().map(|selector| self::selector(selector, portal)).collect::<Vec<_>>();
    let who = if who.is_empty() { "nobody".to_owned() } else { who.join(" or ") };
    if step.needed > 1 { format!("{} of {who}", step.needed) } else { who }
}

/// Who is meant.
#[must_use]
pub fn selector(selector: &Selector, portal: &Portal) -> String {
    match selector {
        Selector::Everyone => "anybody".to_owned(),
        Selector::User(id) => portal.name(id),
        Selector::Group(glob) => glob.as_str().replace('-', " "),
        Selector::Role(glob) => format!("a {}", glob.as_str().replace('-', " ")),
        Selector::Manager => "the manager".to_owned(),
        Selector::Owner => "the owner".to_owned(),
    }
}

/// How access under a flow may be extended.
#[must_use]
pub fn extension(rule: Option<&ExtensionRule>, portal: &Portal) -> String {
    let Some(rule) = rule else { return "It cannot be extended.".to_owned() };
    let times = if rule.times == 1 { "Once".to_owned() } else { format!("{} times", rule.times) };
    let mut words = format!("{times}, by {} a click", words_of(rule.span.default));
    if let Some(window) = rule.window {
        words.push_str(&format!(", in the last {}", words_of(window)));
    }
    if let Some(total) = rule.total {
        words.push_str(&format!(", {} in all", words_of(total)));
    }
    words.push('.');
    match &rule.approval {
        ExtensionApproval::Automatic => {}
        ExtensionApproval::Decided { first, by, .. } => {
            let whom = match by {
                DecidedBy::Same => "whoever approves the request".to_owned(),
                DecidedBy::Steps(decided) => decided_by(decided, portal).trim_end_matches('.').to_owned(),
            };
            let after =
                if *first == 0 { "Each".to_owned() } else { format!("After the first {first}, each") };
            words.push_str(&format!(" {after} needs a yes by {whom}."));
        }
    }
    words
}

/// What login is asked for.
#[must_use]
pub fn login(rule: &MfaRule) -> String {
    let level = rule.level.map_or("a login", |level| match level {
        Level::Aal1 => "a login",
        Level::Aal2 => "a login with two factors",
        Level::Aal3 => "a login with a hardware key",
    });
    rule.max_age
        .map_or_else(|| level.to_owned(), |age| format!("{level}, no longer than {} ago", words_of(age)))
}

/// When approved access begins.
#[must_use]
pub const fn begins(activation: Activation) -> &'static str {
    match activation {
        Activation::OnApproval => "It begins when it is approved.",
        Activation::ByHolder => "It begins when its holder says so.",
        Activation::OnConfirmation => "It begins when the target has confirmed.",
    }
}
