//! The people, items and policies of the stories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_core::command::Asked;
use tenure_core::flow::approval_rule::{Approval, Decided, Order, Step, Tier};
use tenure_core::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule, GovernedBy};
use tenure_core::flow::hours::PastClose;
use tenure_core::flow::requirement::ReasonRule;
use tenure_core::flow::target::{Except, Permissions, Take, Target};
use tenure_core::flow::{
    Activation, Counts, Durations, Flow, Kind, Notify, OwnRequests, Parts, Quota, Recipient, Requesters, Who,
};
use tenure_core::id::{FlowId, Integration, PersonId, Revision};
use tenure_core::person::{Item, Person, Record, Resource, ResourceId};
use tenure_core::time::{Span, Timestamp};
use tenure_core::world::Publication;

/// When every story begins.
pub fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

pub fn person(name: &str) -> Person {
    Person::new(PersonId::new(name).unwrap())
}

/// Somebody who may approve.
pub fn owner(name: &str) -> Person {
    let mut person = person(name);
    person.groups = BTreeSet::from(["owners".to_owned()]);
    person
}

/// `pg/orders/read`: integration, name, permission.
pub fn item(text: &str) -> Item {
    let mut parts = text.split('/');
    let mut part = || parts.next().unwrap().to_owned();
    let integration = Integration::new(part()).unwrap();
    let resource = ResourceId { integration, kind: "database".to_owned(), name: part() };
    Item { resource, permission: part() }
}

pub fn asked(text: &str) -> Asked {
    let Item { resource, permission } = item(text);
    let (labels, owners, attributes) = (BTreeMap::new(), Vec::new(), Record::new());
    Asked { resource: Arc::new(Resource { id: resource, labels, owners, attributes }), permission }
}

/// The policy of that name. The name is its text: the same policy is made of it again.
pub fn policy(name: &str) -> Result<Publication, String> {
    let flows = match name {
        "all" => vec![automatic(), decided(), limited(), rationed(), own(), confirmed()],
        // `asked` is changed, and `limited` is gone.
        "less" => vec![automatic(), Parts { enabled: false, revision: revision("decided-2"), ..decided() }],
        other => return Err(format!("`{other}` is no policy of these stories")),
    };
    let flows = flows.into_iter().map(|parts| (parts.id.clone(), Arc::new(Flow::new(parts).unwrap())));
    Ok(Publication {
        revision: revision(name),
        source: Arc::from(name),
        flows: flows.collect(),
        beside: Arc::default(),
    })
}

fn revision(name: &str) -> Revision {
    Revision::new(format!("revision of {name}")).unwrap()
}

/// Anybody, at once, for an hour; twice extendable; may be planned ahead.
fn automatic() -> Parts {
    Parts {
        id: FlowId::new("automatic").unwrap(),
        revision: revision("automatic"),
        title: None,
        description: None,
        labels: BTreeMap::new(),
        enabled: true,
        until: None,
        kind: Kind::Elevation,
        who: Who { any: vec!["everyone".parse().unwrap()], except: Vec::new() },
        requesters: Requesters { own: OwnRequests::Everyone, others: Vec::new() },
        when: Vec::new(),
        what: ["pg", "k8s"].map(target).into(),
        take: Take::Any,
        hours: None,
        past_close: PastClose::Clip,
        duration: Durations { min: Span::minutes(1), default: Span::hours(1), max: Span::hours(4) },
        start_ahead: Span::days(1),
        activation: Activation::OnApproval,
        activate_within: Span::hours(1),
        reason: ReasonRule::default(),
        mfa: None,
        approval: Approval::Automatic,
        extension: Some(extension(ExtensionApproval::Automatic)),
        limits: Counts::default(),
        revoke_by: vec!["group:owners".parse().unwrap()],
        break_glass: None,
        credentials: None,
        notify: Notify { before_end: vec![Span::minutes(15)], to: vec![Recipient::Holder] },
    }
}

/// The same, but owners decide on requests and extensions.
fn decided() -> Parts {
    let step = Step {
        name: "owner".to_owned(),
        approvers: vec!["group:owners".parse().unwrap()],
        needed: 1,
        when: None,
        reason: false,
        mfa: None,
        tell: true,
        escalate: vec![Tier { after: Span::minutes(10), to: vec!["group:chiefs".parse().unwrap()] }],
    };
    let by = Decided {
        decide_within: Span::minutes(30),
        order: Order::InTurn,
        denials: 1,
        automatic: None,
        lists: vec![vec![step]],
    };
    // Some decisions are due before the end, some after it and before the bridge is over, some with it.
    let (bridge, decide_within) = (Some(Span::minutes(20)), Some(Span::minutes(45)));
    let decided = ExtensionApproval::Decided { first: 0, bridge, decide_within, by: DecidedBy::Same };
    Parts {
        id: FlowId::new("decided").unwrap(),
        revision: revision("decided"),
        approval: Approval::Decided(by),
        extension: Some(extension(decided)),
        ..automatic()
    }
}

/// At most two at a time in all, one a person, and one on an item.
fn limited() -> Parts {
    let limits =
        Counts { open_per_person: Some(1), open_per_item: Some(1), open_total: Some(2), ..Counts::default() };
    Parts { id: FlowId::new("limited").unwrap(), revision: revision("limited"), limits, ..automatic() }
}

/// Twice a day, and extended once an hour.
fn rationed() -> Parts {
    let (requests, extensions) =
        (Quota { times: 2, per: Span::days(1) }, Quota { times: 1, per: Span::hours(1) });
    let limits = Counts { requests: Some(requests), extensions: Some(extensions), ..Counts::default() };
    Parts { id: FlowId::new("rationed").unwrap(), revision: revision("rationed"), limits, ..automatic() }
}

/// Its holder begins it.
fn own() -> Parts {
    let activation = Activation::ByHolder;
    Parts { id: FlowId::new("own").unwrap(), revision: revision("own"), activation, ..automatic() }
}

/// Its targets confirm it before it begins.
fn confirmed() -> Parts {
    let activation = Activation::OnConfirmation;
    Parts {
        id: FlowId::new("confirmed").unwrap(),
        revision: revision("confirmed"),
        activation,
        ..automatic()
    }
}

fn target(integration: &str) -> Target {
    Target {
        integration: Some(Integration::new(integration).unwrap()),
        kind: None,
        names: Vec::new(),
        labels: BTreeMap::new(),
        except: Except::default(),
        permissions: Permissions::Any,
    }
}

fn extension(approval: ExtensionApproval) -> ExtensionRule {
    ExtensionRule {
        times: 2,
        span: Durations { min: Span::minutes(1), default: Span::minutes(30), max: Span::hours(1) },
        total: None,
        window: None,
        cool_down: Span::ZERO,
        anchor: Anchor::End,
        governed_by: GovernedBy::Today,
        when: None,
        others: Vec::new(),
        reason: ReasonRule::default(),
        mfa: None,
        approval,
    }
}
