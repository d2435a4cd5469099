//! What the document in force says, as far as whoever picks the next command wants to know: hints, no rules.

use std::sync::Arc;

use serde_json::Value;
use tenure::tenure_core::flow::selector::Selector;
use tenure::tenure_core::id::{FlowId, KitId};
use tenure::{Person, PersonId, Resource, Span, Timestamp};

use super::cast::{Cast, PERMISSIONS, SHELVES, id};
use super::policy::{Document, offers};

/// One flow, as far as it matters for picking.
#[derive(Clone, Debug)]
pub(super) struct Hints {
    pub(super) id: FlowId,
    /// It can be asked for, until it ends.
    pub(super) open: bool,
    pub(super) until: Option<Timestamp>,
    pub(super) who: Vec<Selector>,
    pub(super) except: Vec<Selector>,
    /// Who asks for themselves; everybody where absent.
    pub(super) own: Option<Vec<Selector>>,
    pub(super) others: Vec<Selector>,
    /// Items that it offers: resource and permission by number.
    pub(super) offers: Vec<(usize, usize)>,
    pub(super) whole: bool,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) ahead: u64,
    pub(super) approvers: Vec<Selector>,
    pub(super) login: Option<Option<u64>>,
    pub(super) decider_login: Option<Option<u64>>,
    pub(super) extension: Option<Longer>,
    pub(super) revokers: Vec<Selector>,
    pub(super) glass: Option<Glass>,
    /// How long after a request something happens.
    pub(super) after_request: Vec<u64>,
    /// How long after an approval.
    pub(super) after_approval: Vec<u64>,
    /// How long before an end.
    pub(super) before_end: Vec<u64>,
    /// How long after an extension.
    pub(super) after_extension: Vec<u64>,
}

/// What it says of extensions.
#[derive(Clone, Debug)]
pub(super) struct Longer {
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) others: Vec<Selector>,
    pub(super) approvers: Vec<Selector>,
    pub(super) login: Option<Option<u64>>,
}

/// What it says of emergencies.
#[derive(Clone, Debug)]
pub(super) struct Glass {
    pub(super) who: Vec<Selector>,
    pub(super) max: u64,
    pub(super) reviewers: Vec<Selector>,
}

/// What was read of a document, so that what stays the same is not read again.
#[derive(Debug, Default)]
pub(super) struct Law {
    pub(super) flows: Vec<Arc<Hints>>,
    /// The flows as they are written, and what `scope` means.
    written: Vec<(Value, Arc<Hints>)>,
    scopes: Option<Value>,
}

impl Law {
    /// Flows of the document in force, and those that stood in an earlier one.
    pub(super) fn read(&mut self, document: &Document, cast: &Cast) {
        if document.get("scopes") != self.scopes.as_ref() {
            self.written.clear();
            self.scopes = document.get("scopes").cloned();
        }
        let mut all: Vec<Arc<Hints>> = Vec::new();
        for flow in elements(document.get("flows")) {
            let known =
                self.written.iter().find(|(written, _)| written == flow).map(|(_, hints)| hints.clone());
            if let Some(known) = known {
                all.push(known);
            } else if let Some(hints) = hints(document, flow, cast).map(Arc::new) {
                self.written.retain(|(_, old)| old.id != hints.id);
                self.written.push((flow.clone(), hints.clone()));
                all.push(hints);
            }
        }
        for old in &self.flows {
            if !all.iter().any(|known| known.id == old.id) {
                let gone =
                    if old.open { Arc::new(Hints { open: false, ..Hints::clone(old) }) } else { old.clone() };
                all.push(gone);
            }
        }
        self.flows = all;
    }
}

fn hints(document: &Document, flow: &Value, cast: &Cast) -> Option<Hints> {
    let at = |path: &str| flow.pointer(path);
    let spans = |paths: &[&str]| paths.iter().filter_map(|path| span(at(path))).collect::<Vec<u64>>();
    let max = span(at("/duration/max"))?;
    let approval = at("/approval");
    let mut after_request =
        spans(&["/approval/decide_within", "/approval/automatic/per", "/limits/requests/per"]);
    after_request.extend(tiers(approval));
    let mut after_extension =
        spans(&["/extension/cool_down", "/limits/extensions/per", "/extension/approval/decide_within"]);
    after_extension.extend(tiers(at("/extension/approval")));
    let mut before_end = spans(&["/extension/window"]);
    before_end.extend(elements(at("/notify/before_end")).filter_map(|lead| span(Some(lead))));
    if at("/notify/before_end").is_none() {
        before_end.extend([900_000, 300_000]);
    }
    Some(Hints {
        id: id(at("/id")?.as_str()?),
        open: at("/enabled").is_none_or(|enabled| *enabled != false),
        until: at("/until").and_then(Value::as_str).and_then(|text| text.parse().ok()),
        who: selectors(at("/who/any")),
        except: selectors(at("/who/except")),
        own: at("/requesters/self").filter(|own| **own != true).map(|own| selectors(Some(own))),
        others: selectors(at("/requesters/others")),
        offers: offered(document, flow, cast),
        whole: at("/take").is_some_and(|take| take == "all"),
        min: span(at("/duration/min")).unwrap_or(60_000),
        max,
        ahead: span(at("/start/ahead")).unwrap_or(0),
        approvers: deciders(approval),
        login: login(at("/mfa")),
        decider_login: step_login(approval),
        extension: at("/extension").map(|extension| longer(extension, approval)),
        revokers: selectors(at("/revoke_by")),
        glass: at("/break_glass").map(|glass| Glass {
            who: selectors(glass.get("who")),
            max: span(glass.get("max")).unwrap_or(0),
            reviewers: selectors(glass.get("review_by")),
        }),
        after_request,
        after_approval: spans(&["/activate_within", "/break_glass/review_within", "/extension/total"]),
        before_end,
        after_extension,
    })
}

fn longer(extension: &Value, approval: Option<&Value>) -> Longer {
    let rule = extension.get("approval");
    let steps = rule.and_then(|rule| rule.get("steps"));
    let same = rule.is_some_and(|rule| rule == "same") || steps.is_some_and(|steps| steps == "same");
    let rule = if same { approval } else { rule };
    let default = span(extension.pointer("/span/default")).unwrap_or(60_000);
    Longer {
        min: span(extension.pointer("/span/min")).unwrap_or(60_000),
        max: span(extension.pointer("/span/max")).unwrap_or(default),
        others: selectors(extension.get("others")),
        approvers: deciders(rule),
        login: login(extension.get("mfa")),
    }
}

fn offered(document: &Document, flow: &Value, cast: &Cast) -> Vec<(usize, usize)> {
    let resources: Vec<(usize, &Resource)> =
        (0..).zip(cast.resources.iter().map(AsRef::as_ref)).take(SHELVES).collect();
    let mut all = Vec::new();
    for (resource, facts) in resources {
        for (permission, word) in (0..).zip(PERMISSIONS) {
            if offers(document, flow, facts, word) {
                all.push((resource, permission));
            }
        }
    }
    all
}

/// All steps that a rule has, under whichever list.
fn steps(rule: Option<&Value>) -> Vec<&Value> {
    let mut all = elements_of(rule.and_then(|rule| rule.get("steps")));
    for list in elements_of(rule.and_then(|rule| rule.get("any_of"))) {
        all.extend(elements_of(list.get("steps")));
    }
    all
}

fn elements_of(value: Option<&Value>) -> Vec<&Value> {
    elements(value).collect()
}

fn deciders(rule: Option<&Value>) -> Vec<Selector> {
    let mut all = Vec::new();
    for step in steps(rule) {
        all.extend(selectors(step.get("approvers")));
        for tier in elements(step.get("escalate")) {
            all.extend(selectors(tier.get("to")));
        }
    }
    all
}

fn tiers(rule: Option<&Value>) -> Vec<u64> {
    let tiers = steps(rule).into_iter().flat_map(|step| elements_of(step.get("escalate")));
    tiers.filter_map(|tier| span(tier.get("after"))).collect()
}

fn step_login(rule: Option<&Value>) -> Option<Option<u64>> {
    steps(rule).into_iter().find_map(|step| login(step.get("mfa")))
}

fn login(rule: Option<&Value>) -> Option<Option<u64>> {
    rule.map(|rule| span(rule.get("max_age")))
}

fn span(value: Option<&Value>) -> Option<u64> {
    let span: Span = value?.as_str()?.parse().ok()?;
    Some(span.as_millis())
}

fn selectors(value: Option<&Value>) -> Vec<Selector> {
    elements(value).filter_map(Value::as_str).filter_map(|text| text.parse().ok()).collect()
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Who is looked for, and in view of whose access.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) holder: Option<&'a Person>,
    pub(super) owners: &'a [Selector],
}

impl Hints {
    /// Whether it can be asked for now.
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        self.open && self.until.is_none_or(|until| now < until)
    }
}

/// Whether these mean that person.
pub(super) fn means(selectors: &[Selector], person: &Person, whose: Whose<'_>) -> bool {
    selectors.iter().any(|selector| match selector {
        Selector::Manager => {
            let manager = whose.holder.and_then(|holder| holder.manager.as_ref());
            manager.is_some_and(|manager| same(manager, &person.id))
        }
        Selector::Owner => whose.owners.iter().any(|owner| owner.includes(person)),
        Selector::Everyone | Selector::User(_) | Selector::Group(_) | Selector::Role(_) => {
            selector.includes(person)
        }
    })
}

fn same(one: &PersonId, other: &PersonId) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// Whether two are the same human, as far as a glance tells.
pub(super) fn same_human(one: &Person, other: &Person) -> bool {
    fn all(person: &Person) -> impl Iterator<Item = &PersonId> {
        std::iter::once(&person.id).chain(&person.aliases).chain(&person.acts_for)
    }
    all(one).any(|mine| all(other).any(|theirs| same(mine, theirs)))
}

/// An instant that a document writes.
#[must_use]
pub(super) fn untils(document: &Document) -> Vec<Timestamp> {
    elements(document.get("flows"))
        .filter_map(|flow| flow.get("until").and_then(Value::as_str))
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// The kits that a document has, with their flows.
pub(super) fn kits(document: &Document) -> Vec<(KitId, Vec<FlowId>)> {
    let flow = |item: &Value| item.get("flow").and_then(Value::as_str).map(id);
    elements(document.get("kits"))
        .filter_map(|kit| {
            Some((id(kit.get("id")?.as_str()?), elements(kit.get("items")).filter_map(flow).collect()))
        })
        .collect()
}
