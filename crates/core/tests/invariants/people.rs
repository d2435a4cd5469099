//! Who there is, what they may ask for, and the policies that come and go.

use crate::fixture::*;
use crate::flow::approval_rule::{Lane, Order, Tier};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::{Activation, CredentialKind, Credentials, Kind, Parts, Quota};
use crate::id::PersonId;
use crate::person::Person;
use crate::time::{Span, Timestamp};

/// Everybody: `bot` is alice, `ci` is bob, and `al` is alice under her other id. The host knows that of each.
pub(crate) const PEOPLE: [&str; 6] = ["alice", "bob", "carol", "bot", "ci", "al"];
pub(crate) const FLOWS: [&str; 8] = ["auto", "db", "two", "late", "ask", "own", "slow", "apart"];
pub(crate) const ITEMS: [&str; 3] = ["pg/a/read", "pg/b/read", "aws/a/read"];
/// How often one person may ask under `ask`, extend under `auto`, and take the fast lane of `two`, whatever
/// policy is in force.
pub(crate) const REQUESTS: Quota = Quota { times: 2, per: Span::minutes(12) };
pub(crate) const EXTENSIONS: Quota = Quota { times: 3, per: Span::minutes(15) };
pub(crate) const LANE: Quota = Quota { times: 1, per: Span::minutes(20) };
/// How many policies there are to be put in force.
pub(crate) const POLICIES: u8 = 9;

pub(crate) fn someone(number: u8) -> Person {
    let id = PEOPLE[usize::from(number) % PEOPLE.len()];
    let mut person = member(id, &["sre", "boss"]);
    match id {
        "alice" => drop(person.aliases.insert(person_id("AL"))),
        "al" => drop(person.aliases.insert(person_id("alice"))),
        "bob" => drop(person.groups.remove("sre")),
        "bot" => person.acts_for = Some(person_id("alice")),
        "ci" => person.acts_for = Some(person_id("bob")),
        "carol" => person.manager = Some(person_id("bob")),
        _ => {}
    }
    person
}

/// The human behind an id. It is written down here, and not computed as the rules do.
pub(crate) fn human(id: &PersonId) -> &'static str {
    match id.as_str() {
        "alice" | "bot" | "al" => "alice",
        "bob" | "ci" => "bob",
        "carol" => "carol",
        other => panic!("nobody knows `{other}`"),
    }
}

/// The policy of that number, with what it may bound set near this moment.
pub(crate) fn policy(number: u8, now: Timestamp) -> Vec<Parts> {
    let mut flows = vec![auto(), db(), two(), late(), ask(), own(), slow(), apart()];
    match number % POLICIES {
        0 | 7 => {}
        1 => flows.iter_mut().for_each(|flow| flow.until = Some(now.plus(mins(7)))),
        2 => flows[3].until = Some(now.minus(MS)),
        3 => {
            flows[0].extension = None;
            flows[1].enabled = false;
        }
        4 => drop(flows.drain(2..)),
        5 => {
            rule(&mut flows[0]).total = Some(mins(30));
            rule(&mut flows[0]).times = 1;
            rule(&mut flows[2]).governed_by = GovernedBy::Granted;
        }
        8 => {
            for flow in &mut flows {
                rule(flow).governed_by = GovernedBy::Stricter;
                rule(flow).total = Some(mins(50));
            }
            let by = DecidedBy::Steps(decided(vec![step("named", &["user:carol", "user:bob"])]));
            let (decide_within, bridge) = (Some(mins(4)), Some(mins(2)));
            let approval = ExtensionApproval::Decided { first: 1, bridge, decide_within, by };
            rule(&mut flows[4]).approval = approval;
        }
        _ => {
            for flow in &mut flows {
                flow.until = Some(now);
            }
        }
    }
    flows
}

fn short(mut parts: Parts) -> Parts {
    (parts.duration.default, parts.duration.max) = (mins(20), mins(60));
    parts.notify.before_end = vec![mins(15), mins(5)];
    let rule = rule(&mut parts);
    (rule.span.min, rule.span.default, rule.span.max) = (mins(1), mins(10), mins(30));
    parts.requesters.others = selectors(&["user:carol", "manager"]);
    parts
}

fn auto() -> Parts {
    let mut parts = short(automatic("auto"));
    rule(&mut parts).times = 3;
    rule(&mut parts).total = Some(mins(75));
    parts.limits.extensions = Some(EXTENSIONS);
    parts
}

fn db() -> Parts {
    let mut parts = short(parts("db"));
    ruling(&mut parts).decide_within = mins(30);
    parts.limits.open_total = Some(4);
    let rule = rule(&mut parts);
    rule.window = Some(mins(15));
    rule.cool_down = mins(3);
    rule.approval = ExtensionApproval::Decided {
        first: 0,
        bridge: None,
        decide_within: Some(mins(5)),
        by: DecidedBy::Same,
    };
    parts
}

fn ask() -> Parts {
    let mut parts = short(automatic("ask"));
    parts.limits.requests = Some(REQUESTS);
    rule(&mut parts).times = 3;
    let mut named = step("named", &["user:bob", "user:carol"]);
    named.escalate = vec![in_the_end(3)];
    let by = DecidedBy::Steps(decided(vec![named]));
    let (decide_within, bridge) = (Some(mins(6)), Some(mins(4)));
    rule(&mut parts).approval = ExtensionApproval::Decided { first: 0, bridge, decide_within, by };
    parts
}

/// After so many minutes every boss may decide.
fn in_the_end(minutes: u64) -> Tier {
    Tier { after: mins(minutes), to: selectors(&["group:boss"]) }
}

fn two() -> Parts {
    let mut parts = short(parts("two"));
    parts.start_ahead = mins(60);
    parts.limits.open_per_item = Some(3);
    parts.limits.open_per_person = Some(2);
    let decided = ruling(&mut parts);
    decided.automatic = Some(Lane { when: None, quota: Some(LANE) });
    (decided.order, decided.denials) = (Order::Any, 2);
    let mut named = step("named", &["user:carol", "user:bob"]);
    named.escalate = vec![in_the_end(4), in_the_end(9)];
    decided.lists[0].push(named);
    let rule = rule(&mut parts);
    (rule.anchor, rule.times) = (Anchor::Now, 3);
    let ExtensionApproval::Decided { by, .. } = extension_by(&["group:boss"]) else { panic!("steps decide") };
    let bridge = Some(mins(8));
    rule.approval = ExtensionApproval::Decided { first: 1, bridge, decide_within: None, by };
    parts
}

fn late() -> Parts {
    let mut parts = short(automatic("late"));
    parts.start_ahead = mins(240);
    parts.hours = Some(open_daily(10, 12));
    parts.activate_within = mins(30);
    parts
}

/// Its holder begins it, in open hours, and what was handed out is rotated.
fn own() -> Parts {
    let mut parts = short(automatic("own"));
    (parts.start_ahead, parts.hours) = (mins(60), Some(open_daily(9, 10)));
    (parts.activation, parts.activate_within) = (Activation::ByHolder, mins(25));
    parts.credentials = Some(Credentials { kind: CredentialKind::Password, rotate_on_end: true });
    parts
}

/// Its targets confirm it first.
fn slow() -> Parts {
    let mut parts = short(automatic("slow"));
    (parts.start_ahead, parts.hours) = (mins(60), Some(open_daily(9, 11)));
    (parts.activation, parts.activate_within) = (Activation::OnConfirmation, mins(15));
    parts
}

/// The same, with an account of each grant's own.
fn apart() -> Parts {
    let mut parts = slow();
    (parts.id, parts.kind, parts.hours) = (flow_id("apart"), Kind::Ephemeral, None);
    parts.credentials = Some(Credentials { kind: CredentialKind::Token, rotate_on_end: true });
    parts
}
