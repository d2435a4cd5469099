use crate::command::{EffectDone, Request, TakeEffect, Verb, Which};
use crate::effect::{Handed, Order};
use crate::fixture::*;
use crate::flow::{Activation, CredentialKind, Credentials, Parts};
use crate::grant::Enforcement;
use crate::id::Integration;
use crate::refusal::Code;

const A: &str = "pg/a/read";
const B: &str = "aws/b/read";

/// Alice's next effect at that target, by that worker.
fn takes(tenant: &mut Tenant, at: &str, by: &str) -> Handed {
    let Verb::TakeEffect(take) = take("alice") else { panic!("taking is taking") };
    let which = Which::At(Integration::new(at).unwrap());
    let taken = tenant.system(Verb::TakeEffect(TakeEffect { which, worker: worker(by), ..take }));
    taken.unwrap().handed.unwrap()
}

fn rotating(parts: &mut Parts) {
    parts.credentials = Some(Credentials { kind: CredentialKind::Password, rotate_on_end: true });
}

#[test]
fn a_credential_is_made_worthless_after_what_used_it_is_gone() {
    let mut flow = automatic("db");
    rotating(&mut flow);
    let mut tenant = Tenant::new([flow]);
    tenant.asks(&alice(), request("db", "g1", &[A, B]));
    tenant.deliver("alice");
    let answer = tenant.at(5).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["deprovision", "deprovision", "rotate", "rotate", "notify:ended"]);
    for at in ["aws", "pg"] {
        let removal = takes(&mut tenant, at, "w1");
        assert_eq!(removal.kind, "deprovision");
        tenant.system(Verb::EffectDone(done("g1", removal.number))).unwrap();
    }
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removing, "the password is still good");
    let rotation = takes(&mut tenant, "pg", "w1");
    let Order::Rotate { credential, items, keep, .. } = &rotation.order else { panic!("{rotation:?}") };
    assert_eq!((*credential, items.as_slice(), keep.len()), (CredentialKind::Password, &[item(A)][..], 0));
    tenant.system(Verb::EffectDone(done("g1", rotation.number))).unwrap();
    tenant.deliver("alice");
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
}

#[test]
fn a_rotation_names_whoever_needs_the_new_credential() {
    let mut flow = automatic("db");
    rotating(&mut flow);
    let mut tenant = Tenant::new([flow]);
    tenant.asks(&alice(), request("db", "g1", &[A]));
    tenant.asks(&alice(), Request { span: Some(mins(120)), ..request("db", "g2", &[A]) });
    tenant.deliver("alice");
    let answer = tenant.at(5).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["adjust", "rotate", "notify:ended"]);
    let rotation = tenant.deliver("alice").into_iter().find(|handed| handed.kind == "rotate").unwrap();
    let Order::Rotate { keep, .. } = rotation.order else { panic!() };
    assert_eq!((keep[0].by.as_str(), keep[0].until), ("g2", at(120)));
}

#[test]
fn nothing_is_rotated_that_was_never_handed_out() {
    let mut flow = automatic("db");
    rotating(&mut flow);
    let mut tenant = Tenant::new([flow.clone()]);
    tenant.asks(&alice(), request("db", "g1", &[A]));
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let kinds: Vec<String> = tenant.deliver("alice").into_iter().map(|handed| handed.kind).collect();
    assert_eq!(kinds, ["notify:active", "notify:ended"]);
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::None);
    for (ended, rotates) in [("revoked", true), ("withdrawn", false)] {
        let mut flow = flow.clone();
        flow.activation = Activation::OnConfirmation;
        flow.revoke_by = selectors(&["group:boss"]);
        let mut tenant = Tenant::new([flow]);
        tenant.asks(&alice(), request("db", "g1", &[A, B]));
        takes(&mut tenant, "pg", "w1");
        let answer = match ended {
            "revoked" => tenant.ask(&bob(), revoke("g1")),
            _ => tenant.ask(&alice(), withdraw("g1")),
        };
        let made = effects(&answer.unwrap().events);
        let rotations = made.iter().filter(|kind| *kind == "rotate").count();
        assert_eq!(rotations, usize::from(rotates), "{ended}: at the one target that was told, {made:?}");
    }
}

#[test]
fn a_silent_rotation_is_done_again_and_that_is_all() {
    let mut flow = automatic("db");
    rotating(&mut flow);
    let mut tenant = Tenant::new([flow]);
    tenant.asks(&alice(), request("db", "g1", &[A]));
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let removal = takes(&mut tenant, "pg", "w1");
    tenant.system(Verb::EffectDone(done("g1", removal.number))).unwrap();
    let slow = takes(&mut tenant, "pg", "w1");
    tenant.clock = slow.lease_until;
    let again = takes(&mut tenant, "pg", "w2");
    assert_eq!((again.kind.as_str(), again.number), ("rotate", slow.number));
    tenant.system(Verb::EffectDone(EffectDone { worker: worker("w2"), ..done("g1", again.number) })).unwrap();
    let late = tenant.system(Verb::EffectDone(done("g1", slow.number))).unwrap_err();
    assert_eq!(late.code, Code::EffectUnknown);
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
}
