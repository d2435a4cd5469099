//! The model.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod claims;
mod hosts;
mod scene;
mod sights;
mod store;

use std::time::Duration;

use stateright::{Checker, Model};

use self::hosts::{GUARDED, Guards, Hosts};
use self::scene::Scene;

fn explored(name: &str, scene: Scene, guards: Guards) {
    let hosts = Hosts::new(scene, guards);
    let began = std::time::Instant::now();
    let properties = hosts.properties();
    let checker = hosts.checker().threads(2).timeout(Duration::from_secs(300)).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps, {} deep, {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed(),
    );
    let found = checker.discoveries();
    for property in properties {
        let found = found.get(property.name);
        if property.expectation.discovery_is_failure() {
            if let Some(path) = found {
                let steps = path.clone().into_actions().into_iter().map(|step| format!("\n  {step:?}"));
                panic!("{name}: {} does not hold:{}", property.name, steps.collect::<String>());
            }
        } else {
            assert!(found.is_some(), "{name}: {} is never seen", property.name);
        }
    }
}

#[test]
fn one_place() {
    explored("one place", scene::one_place(), GUARDED);
}
