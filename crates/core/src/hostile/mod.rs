//! Proofs of a hostile reading: what an impatient person, a sick target, a silent worker or an unlucky instant
//! tries, and what holds nevertheless.

mod beside;
mod bounds;
mod elsewhere;
mod identity;
mod lives;
mod moments;
mod offers;
mod record;
mod removal;
mod silence;
mod sweeps;

use std::collections::BTreeSet;

pub(crate) use self::lives::cases;
use crate::command::{EffectDone, Extend, Request, Verb};
use crate::effect::{Handed, Order};
use crate::fixture::*;
use crate::person::Item;

/// A request for so many minutes.
fn asking(flow: &str, grant: &str, items: &[&str], minutes: u64) -> Request {
    Request { span: Some(mins(minutes)), ..request(flow, grant, items) }
}

/// An extension by so many minutes.
fn by_minutes(grant: &str, minutes: u64) -> Extend {
    Extend { span: Some(mins(minutes)), ..extend(grant) }
}

/// The verdict on what was handed out, by whoever took it.
fn confirmed(handed: &Handed, already: &[&str]) -> Verb {
    let already_held: BTreeSet<Item> = already.iter().map(|text| item(text)).collect();
    let done = done(handed.grant.as_str(), handed.number);
    Verb::EffectDone(EffectDone { worker: handed.worker.clone(), already_held, ..done })
}

/// Alice's next effect of that kind; what comes before it is carried out.
fn next(tenant: &mut Tenant, kind: &str) -> Handed {
    loop {
        let handed = tenant.take("alice").unwrap_or_else(|| panic!("no `{kind}` comes"));
        if handed.kind == kind {
            return handed;
        }
        tenant.system(confirmed(&handed, &[])).unwrap();
    }
}
