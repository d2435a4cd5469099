use super::*;
use crate::command::{Request, Verb};
use crate::fixture::*;
use crate::flow::approval_rule::Tier;
use crate::flow::{BreakGlass, Parts};
use crate::refusal::Code;

fn ann() -> Person {
    Person { manager: Some(person_id("max")), ..member("ann", &["sre"]) }
}

/// Ann's other account.
fn ann_bot() -> Person {
    Person { acts_for: Some(person_id("ANN")), ..member("ann-bot", &["sre", "boss"]) }
}

fn cast() -> Vec<Person> {
    vec![
        ann(),
        ann_bot(),
        member("bea", &["sre"]),
        member("max", &["boss"]),
        member("out", &["sre", "out"]),
        member("desk", &["desk"]),
    ]
}

fn approved_by(approvers: &[&str], needed: u32) -> Parts {
    let mut parts = parts("db");
    let step = Step { needed, ..step("only", approvers) };
    parts.approval = Approval::Decided(decided(vec![step]));
    parts
}

/// After a minute these may decide too.
fn escalated_to(approvers: &[&str], needed: u32, to: &[&str]) -> Parts {
    let mut parts = approved_by(approvers, needed);
    ruling(&mut parts).lists[0][0].escalate = vec![Tier { after: mins(1), to: selectors(to) }];
    parts
}

/// Flows that differ in who asks, holds and approves.
fn flows() -> Vec<Parts> {
    let mut flows = vec![
        automatic("db"),
        approved_by(&["group:sre"], 1),
        approved_by(&["group:sre"], 2),
        approved_by(&["group:sre"], 3),
        approved_by(&["manager"], 1),
        approved_by(&["manager", "user:bea"], 1),
        approved_by(&["group:boss"], 2),
        approved_by(&["owner"], 1),
        approved_by(&["user:nobody"], 1),
        escalated_to(&["user:nobody"], 1, &["group:boss"]),
        escalated_to(&["manager"], 2, &["user:bea", "owner"]),
        escalated_to(&["group:boss"], 3, &["user:nobody"]),
    ];
    for parts in &mut flows {
        parts.who.except = selectors(&["group:out"]);
        parts.requesters.others = selectors(&["group:desk", "manager"]);
    }
    let mut only_others = approved_by(&["group:sre", "group:boss"], 2);
    only_others.requesters.own = crate::flow::OwnRequests::Nobody;
    only_others.requesters.others = selectors(&["everyone"]);
    flows.push(only_others);
    flows
}

fn item() -> Asked {
    let mut item = asked("pg/orders/read");
    let mut orders = Resource::clone(&item.resource);
    orders.owners = selectors(&["user:bea", "group:boss"]);
    item.resource = std::sync::Arc::new(orders);
    item
}

/// What is answered is what then happens: everybody asks for everybody, and everybody approves.
#[test]
fn who_could_is_who_can() {
    let (cast, items) = (cast(), [item()]);
    for parts in flows() {
        let (rule, people) = (flow(parts.clone()), People::new(cast.clone()));
        let under = Under::new(&rule, &people, Some(&items));
        let requests: Vec<Pair<'_>> = under.requests().collect();
        let mut tenant = Tenant::new([parts]);
        for requester in &cast {
            for holder in &cast {
                let id = format!("{}-{}", requester.id, holder.id);
                let ask = Request {
                    items: items.to_vec(),
                    holder: Some(holder.clone()),
                    ..request("db", &id, &[])
                };
                let refused = tenant.code(requester, Verb::Request(Box::new(ask)));
                let pair =
                    requests.iter().find(|pair| *pair.requester == requester.id && *pair.holder == holder.id);
                let Some(pair) = pair else {
                    let barred = [Code::RequesterNotAllowed, Code::PersonNotEligible];
                    assert!(refused.is_some_and(|code| barred.contains(&code)), "{id}: {refused:?}");
                    continue;
                };
                let nobody = under.nobody(*pair);
                if refused == Some(Code::ApprovalNobody) {
                    assert!(nobody.is_some(), "{id}");
                    continue;
                }
                assert_eq!(refused, None, "{id}");
                tenant.later(mins(1));
                for decider in &cast {
                    let _ = tenant.code(decider, Verb::Approve(approve(&id)));
                }
                let active = tenant.look(&id).stage == "active";
                assert_eq!(active, nobody.is_none(), "{id} {:?}: {nobody:?}", rule.approval);
                let _ = tenant.system(revoke(&id));
            }
        }
    }
}

fn alone(parts: Parts, people: Vec<Person>, items: Option<&[Asked]>) -> Option<(Option<String>, u64, usize)> {
    let (rule, people) = (flow(parts), People::new(people));
    let under = Under::new(&rule, &people, items);
    let pair = under.requests().next().unwrap();
    let nobody = under.nobody(pair)?;
    Some((nobody.step.map(str::to_owned), nobody.needed, nobody.left.len()))
}

#[test]
fn steps_together_need_different_people() {
    let mut parts = approved_by(&["user:max"], 1);
    ruling(&mut parts).lists[0].push(step("second", &["group:boss"]));
    let two = [ann(), member("max", &["boss"])];
    assert_eq!(alone(parts.clone(), two.to_vec(), None), Some((None, 2, 1)));
    let three = [two.to_vec(), vec![member("mia", &["boss"])]].concat();
    assert_eq!(alone(parts, three, None), None);
}

#[test]
fn one_list_suffices() {
    let mut parts = approved_by(&["user:ann"], 1);
    assert_eq!(alone(parts.clone(), cast(), None), Some((Some("only".to_owned()), 1, 0)));
    ruling(&mut parts).lists.push(vec![step("other", &["group:boss"])]);
    assert_eq!(alone(parts, cast(), None), None);
}

#[test]
fn owners_of_unknown_items_are_taken_to_be_there() {
    let parts = approved_by(&["owner"], 1);
    assert_eq!(alone(parts.clone(), cast(), None), None);
    let unowned = asked("pg/orders/read");
    assert_eq!(alone(parts, cast(), Some(&[unowned])), Some((Some("only".to_owned()), 1, 0)));
}

#[test]
fn what_is_offered_of_a_resource() {
    let mut parts = parts("db");
    let resource = asked("pg/orders/read").resource;
    assert_eq!(offered(&flow(parts.clone()), &resource), Offered::Any);
    parts.what[0].permissions = Permissions::Named(vec!["write".to_owned(), "read".to_owned()]);
    assert_eq!(offered(&flow(parts.clone()), &resource), Offered::Named(BTreeSet::from(["read", "write"])));
    let other = asked("gcp/orders/read").resource;
    assert_eq!(offered(&flow(parts), &other), Offered::Named(BTreeSet::new()));
}

/// Everybody breaks the glass, and everybody reviews: what is answered is what then happens.
#[test]
fn who_could_break_the_glass_is_who_can() {
    let reviewers: [&[&str]; 6] =
        [&["group:boss"], &["user:bea"], &["manager"], &["manager", "user:bea"], &["owner"], &["group:sre"]];
    let items = [item()];
    for (reviewers, own) in reviewers.into_iter().flat_map(|one| [(one, true), (one, false)]) {
        let mut parts = automatic("db");
        parts.who.any = selectors(&["user:nobody"]);
        parts.who.except = selectors(&["group:out"]);
        if !own {
            parts.requesters.own = crate::flow::OwnRequests::Only(selectors(&["user:bea"]));
        }
        let (who, review_by) = (selectors(&["group:sre"]), selectors(reviewers));
        parts.break_glass = Some(BreakGlass { who, review_by, ..glass() });
        let (rule, people) = (flow(parts.clone()), People::new(cast()));
        let told = Under::new(&rule, &people, None).glass().unwrap();
        let mut tenant = Tenant::new([parts]);
        for holder in &cast() {
            let id = holder.id.to_string();
            let ask = Request { items: items.to_vec(), ..emergency("db", &id, &[]) };
            let taken = tenant.code(holder, Verb::Request(Box::new(ask))).is_none();
            assert_eq!(taken, told.could_break.contains(&&holder.id), "{id}");
            if !taken {
                continue;
            }
            let could = |by: &Person| {
                let manages = told.managers.get(&by.id).is_some_and(|holders| holders.contains(&&holder.id));
                let owns = told.owner && ["bea", "max", "ann-bot"].contains(&by.id.as_str());
                told.could_review.contains(&&by.id) || manages || owns
            };
            let reviewed =
                cast().iter().filter(|by| could(by)).any(|by| tenant.code(by, review(&id)).is_none());
            assert_eq!(reviewed, !told.unreviewed.contains(&&holder.id), "{id}, reviewed by {reviewers:?}");
            let others = cast().into_iter().filter(|by| !could(by));
            assert!(others.into_iter().all(|by| tenant.code(&by, review(&id)).is_some()), "{id}");
        }
    }
    let (rule, people) = (flow(automatic("db")), People::new(cast()));
    assert_eq!(Under::new(&rule, &people, None).glass(), None, "no glass, nobody breaks it");
}

#[test]
fn what_a_guard_covers_is_kept_for_people_to_approve() {
    let orders = asked("pg/orders/read").resource;
    let named = |names: &'static [&'static str]| Offered::Named(names.iter().copied().collect());
    let of = |names: &[&str]| {
        let mut guard = guard("production", "pg");
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        guard.what[0].permissions = crate::flow::target::Permissions::Named(names);
        guard
    };
    let bounds = || {
        let mut guard = guard("short", "pg");
        (guard.require.steps, guard.require.max) = (false, Some(mins(1)));
        guard
    };
    for (offered, guard, free, kept) in [
        (named(&["read", "write"]), of(&["write"]), named(&["read"]), named(&["write"])),
        (named(&["read"]), guard("all", "pg"), named(&[]), named(&["read"])),
        (named(&["read"]), guard("other", "aws"), named(&["read"]), named(&[])),
        (named(&["read"]), bounds(), named(&["read"]), named(&[])),
        (Offered::Any, guard("all", "pg"), named(&[]), Offered::Any),
        (Offered::Any, of(&["write"]), Offered::Any, named(&[])),
    ] {
        assert_eq!(offered.parted(&orders, &[guard]), (free, kept));
    }
}
