//! A long random life of a few people: after every command, every index is right.

use tenure_core::command::Reach;
use tenure_core::effect::Handed;
use tenure_core::id::FlowId;
use tenure_core::person::Person;
use tenure_core::time::Span;

use super::House;
use super::cast::{item, nine, owner, person};
use super::indexes::all_right;
use super::story::{Story, actor, id, request};
use crate::batch::Answered;
use crate::clock::Clock;

const ITEMS: [&str; 4] = ["pg/orders/read", "pg/orders/write", "pg/bills/read", "k8s/prod/admin"];
const FLOWS: [&str; 6] = ["automatic", "automatic", "decided", "limited", "own", "confirmed"];
const COMMANDS: u32 = 300;

/// Numbers that look random and are the same every time (xorshift; Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

pub(super) fn r02_every_index_is_right_after_every_command(house: &impl House) {
    for seed in [1, 0xb0b5_1ed5] {
        let mut story = Story::begin(house);
        let mut dice = Dice(seed);
        let people = [person("alice"), person("bert"), person("carol"), owner("dora")];
        let mut grants = vec!["g0".to_owned()];
        let mut taken: Vec<Handed> = Vec::new();
        let (mut accepted, mut refused) = (0, 0);
        for turn in 0..COMMANDS {
            let minutes = [0, 0, 0, 1, 4, 30][dice.below(6)];
            story.clock.set(story.clock.now().plus(Span::minutes(minutes)));
            let (what, answer) = step(&mut story, &mut dice, &people, &mut grants, &mut taken);
            match answer {
                Some(Answered::Accepted(_)) | None => accepted += 1,
                Some(Answered::Refused(_)) => refused += 1,
                Some(Answered::Fault(fault)) => panic!("turn {turn}, {what}: {fault}"),
            }
            if turn % 60 == 59 {
                story = story.restart();
            }
            if turn % house.looks_every() == 0 {
                all_right(&story, &people, &ITEMS, &format!("turn {turn}, {what}, seed {seed}"));
            }
        }
        assert!(accepted > 100 && refused > 20, "{accepted} accepted, {refused} refused: a dull life");
        assert!(story.clock.now() > nine().plus(Span::hours(12)));
    }
}

/// One random command; nothing where it was not one of the rules' to refuse.
fn step<H: House>(
    story: &mut Story<'_, H>,
    dice: &mut Dice,
    people: &[Person],
    grants: &mut Vec<String>,
    taken: &mut Vec<Handed>,
) -> (String, Option<Answered>) {
    let recent = grants.len().saturating_sub(6);
    let grant = dice.pick(&grants[recent..]);
    // Most often it is the holder who acts, so that not everything is refused.
    let holder = story.stored(&id(&grant)).map(|grant| person(grant.holder().as_str()));
    let who = holder.filter(|_| dice.below(4) > 0).unwrap_or_else(|| dice.pick(people));
    let (verb, answer) = match dice.below(16) {
        0..=3 => {
            let grant = format!("g{}", grants.len());
            let mut items: Vec<_> = ITEMS.into_iter().filter(|_| dice.below(3) == 0).collect();
            items.push(dice.pick(&ITEMS));
            let ahead = [None, None, None, Some(Span::minutes(20))][dice.below(4)];
            let start = ahead.map(|ahead| story.clock.now().plus(ahead));
            let verb = request(&grant, dice.pick(&FLOWS), &items, start);
            grants.push(grant);
            ("request", Some(story.give(&actor(&who), verb)))
        }
        4 | 5 => ("approve", Some(story.approve(&owner("dora"), &grant))),
        6 => ("extend", Some(story.extend(&who, &grant))),
        7 => {
            ("decide an extension", Some(story.decide_extension(&owner("dora"), &grant, dice.below(2) == 0)))
        }
        8 => ("give back", Some(story.give_back(&who, &grant))),
        9 if dice.below(3) == 0 => ("withdraw", Some(story.withdraw(&who, &grant))),
        9 => ("activate", Some(story.activate(&who, &grant))),
        10 if dice.below(3) == 0 => {
            let of = match dice.below(4) {
                0 => Reach::Person(who.id.clone()),
                1 => Reach::Flow(FlowId::new(dice.pick(&FLOWS)).unwrap()),
                2 => Reach::Integration(item(dice.pick(&ITEMS)).resource.integration),
                _ => Reach::Item(item(dice.pick(&ITEMS))),
            };
            ("revoke many and", Some(story.revoke_all(of)))
        }
        10 => ("revoke", Some(story.revoke(&grant))),
        11 => {
            story.settle(&who);
            ("settle", None)
        }
        12 | 13 => {
            taken.extend(story.take(&who.id, None, Span::minutes(5)));
            ("take an effect", None)
        }
        14 => match taken.pop() {
            Some(handed) => ("done", Some(story.done(&handed))),
            None => ("nothing", None),
        },
        _ => match taken.pop() {
            Some(handed) if dice.below(2) == 0 => ("failed", Some(story.failed(&handed))),
            Some(_) => ("a worker died", None),
            None => {
                story.publish(["all", "less"][dice.below(2)]);
                ("publish", None)
            }
        },
    };
    (format!("{verb} {grant} by {}", who.id), answer)
}
