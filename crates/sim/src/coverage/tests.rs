use super::*;
use crate::step::Step;
use crate::subject::Subject;
use crate::workload::Workload;

/// So many steps of a world, counted.
fn played(seed: u64, steps: u32) -> Coverage {
    let mut world = Workload::new(seed);
    let mut subject = Subject::new(world.clock());
    let mut coverage = Coverage::new();
    for _ in 0..steps {
        let step = world.next_step();
        match &step {
            Step::Call { clock, call } => {
                let at = call.now().unwrap_or(*clock).max(*clock);
                let before = call.grant().and_then(|grant| subject.look(*clock, grant, at));
                let answer = subject.answer(*clock, call.as_ref().clone());
                coverage.count(call, before.as_ref(), at, &answer);
                world.saw(&step, &answer);
            }
            Step::Restart => subject.restart().unwrap(),
        }
    }
    coverage
}

#[test]
fn what_is_seen_can_be_reached() {
    let mut all = Coverage::new();
    for seed in 0..6 {
        all.merge(&played(seed, 400));
    }
    assert_eq!(all.unexpected(), []);
    assert!(all.cells().len() > 200, "{}", all.cells().len());
    let (accepted, given) = all.commands();
    assert!(accepted * 100 > given * 35, "{accepted} of {given} commands are accepted");
}

#[test]
fn an_empty_cell_is_told() {
    let nothing = Coverage::new().empty_reachable();
    let cell = |verb, standing, came| Cell { verb, standing, came };
    for reachable in [
        cell("extend", Standing::Bridged, Came::Refused(Code::ExtensionPending)),
        cell("extend", Standing::Active, Came::Refused(Code::ExtensionTooSoon)),
        cell("approve", Standing::Failed, Came::Refused(Code::RequestClosed)),
        cell("withdraw", Standing::Hours, Came::Ok),
        cell("review", Standing::GivenBack, Came::Refused(Code::ReviewRepeated)),
        cell("request", Standing::None, Came::Clock),
        cell("deny", Standing::Active, Came::Repeated),
    ] {
        assert!(nothing.contains(&reachable), "{reachable}");
    }
    for never in [
        cell("extend", Standing::Pending, Came::Ok),
        cell("withdraw", Standing::Active, Came::Ok),
        cell("activate", Standing::Pending, Came::Repeated),
        cell("give_back", Standing::Active, Came::Repeated),
        cell("look", Standing::Active, Came::Clock),
        cell("approve", Standing::Pending, Came::Broken),
    ] {
        assert!(!nothing.contains(&never), "{never}");
    }
    let seen = played(3, 300);
    let seen_cell = *seen.cells().keys().find(|cell| nothing.contains(cell)).unwrap();
    assert!(!seen.empty_reachable().contains(&seen_cell));
    assert!(seen.empty_reachable().len() < nothing.len());
}

#[test]
fn every_code_is_one_that_some_command_is_refused_with() {
    let told: BTreeSet<Code> = Coverage::new()
        .empty_reachable()
        .into_iter()
        .filter_map(|cell| match cell.came {
            Came::Refused(code) => Some(code),
            Came::Ok | Came::Repeated | Came::Clock | Came::Broken => None,
        })
        .collect();
    let never: Vec<&str> =
        Code::ALL.iter().filter(|code| !told.contains(code)).map(|code| code.as_str()).collect();
    // A document with problems is answered as such, and no workload writes one.
    assert_eq!(never, ["policy.invalid"]);
}
