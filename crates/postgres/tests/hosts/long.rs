//! What people and things are called, as long as it may be.

use tenure_core::command::Verb;
use tenure_store::suite::cast::{item, person};
use tenure_store::suite::story::{accepted, actor, request};
use tenure_store::{HoldsAsk, Store};

use crate::common::{batch, database, given, host, is_sound, ns};

/// What a row of an index holds is bounded, and what people are called is, too: the longest is kept all the same.
#[test]
fn names_of_any_length_that_may_be_are_kept() {
    let Some(database) = database() else { return };
    let store = host(&database);
    // Nothing of it can be packed.
    let mut dice = 7_u64;
    let mut long = |bytes: usize, letters: &[char]| -> String {
        let letter = |_| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            letters[usize::try_from(dice % u64::try_from(letters.len()).unwrap()).unwrap()]
        };
        (0..bytes).map(letter).collect()
    };
    let plain: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let odd: Vec<char> = ('\u{1}'..='\u{1f}').chain(['"', '\\']).collect();
    for (n, letters) in [(0, &plain), (1, &odd)] {
        let who = person(&long(256, &plain));
        let mut asked = item("pg/a/read");
        asked.resource.kind = long(512, letters);
        asked.resource.name = long(512, letters);
        asked.permission = long(256, letters);
        let grant = long(256, &plain);
        let Verb::Request(mut ask) = request(&grant, "automatic", &["pg/a/read"], None) else { panic!() };
        ask.items = vec![asked.resource.permission(&asked.permission)];
        let answer =
            batch(&store, vec![given(&store, &format!("ask {n}"), &actor(&who), Verb::Request(ask))]);
        accepted(answer.unwrap_or_else(|fault| panic!("{n}: {fault}")).remove(0));
        let held = HoldsAsk { person: &who.id, resource: &asked.resource, permission: &asked.permission };
        assert!(store.holds(&ns(), held, store.clock()).unwrap().is_some(), "{n}");
    }
    is_sound(&store);
}
