//! A history of two flows, written down by the engine itself, and what it comes to.

use std::sync::Arc;

use tenure::tenure_policy::document::Format;
use tenure::{
    Approve, Deny, Engine, Error, Extend, GiveBack, ManualClock, MemoryStore, Person, Policy, Request,
    Resource, Span, Take, Timestamp,
};

use super::*;

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {default: 1h, max: 4h}
    activate_within: 1h
    activation: by_holder
    approval: {decide_within: 1d, steps: [{approvers: [group:owners]}]}
    extension: {times: 3, span: {default: 30m, max: 1h}}
  - id: logs
    who: {any: [group:sre]}
    what: [{integration: logs, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";

struct House {
    clock: Arc<ManualClock>,
    engine: Engine,
    alice: Person,
    bob: Person,
    mallory: Person,
}

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn person(id: &str, group: &str) -> Person {
    let mut person = Person::new(id.parse().unwrap());
    person.groups.insert(group.to_owned());
    person
}

fn resource(integration: &str) -> Resource {
    let text = format!(r#"{{"integration": "{integration}", "type": "t", "name": "n"}}"#);
    serde_json::from_str(&text).unwrap()
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(nine()));
        let engine = Engine::over(Arc::new(MemoryStore::with_clock(clock.clone())));
        let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
        engine.publish(&policy, person("admin", "admins"), nine()).unwrap();
        let (alice, bob) = (person("alice", "sre"), person("bob", "owners"));
        Self { clock, engine, alice, bob, mallory: person("mallory", "none") }
    }

    fn at(&self, minutes: u64) -> Timestamp {
        let now = nine().plus(Span::minutes(minutes));
        self.clock.set(now);
        now
    }

    fn ask(&self, grant: &str, flow: &str, minutes: u64) {
        let integration = if flow == "db" { "pg" } else { "logs" };
        let ask = Request::new(flow, &self.alice).item(resource(integration).permission("read"));
        self.engine.request(ask.grant(grant.to_owned()), self.at(minutes)).unwrap();
    }

    fn approve(&self, grant: &str, minutes: u64) {
        self.engine.approve(Approve::new(grant, &self.bob), self.at(minutes)).unwrap();
    }

    fn activate(&self, grant: &str, minutes: u64) {
        self.engine.activate(tenure::Activate::new(grant, &self.alice), self.at(minutes)).unwrap();
    }

    fn extend(&self, grant: &str, span: u64, minutes: u64) -> Result<(), Error> {
        let extend = Extend::new(grant, &self.alice).span(Span::minutes(span));
        self.engine.extend(extend, self.at(minutes)).map(|_| ())
    }

    fn reports(&self) -> Reports {
        let mut reports = Reports::default();
        reports.read_on(&self.engine, self.engine.clock()).unwrap();
        reports
    }

    /// Ten requests: nine approved after 1, 2 … 9 minutes and one denied. Of the nine, two are extended (one of them
    /// twice), one was never begun; all are over, but the target has heard of none of the ends.
    fn history(&self) {
        for number in 1..=9_u64 {
            let (grant, asked) = (format!("g{number}"), number * 1_000);
            self.ask(&grant, "db", asked);
            self.approve(&grant, asked + number);
            if number == 9 {
                continue;
            }
            self.activate(&grant, asked + number);
            if number <= 2 {
                self.extend(&grant, 60, asked + 20).unwrap();
            }
            if number == 1 {
                self.extend(&grant, 30, asked + 30).unwrap();
            }
            if number == 3 {
                self.engine.give_back(GiveBack::new("g3", &self.alice), self.at(asked + 30)).unwrap();
            }
        }
        self.ask("g10", "db", 10_000);
        self.engine.deny(Deny::new("g10", &self.bob), self.at(10_001)).unwrap();
        self.ask("l1", "logs", 11_000);
    }
}

fn tally(reports: &Reports, flow: &str) -> Tally {
    reports.flows().find(|(id, _)| id.as_str() == flow).unwrap().1.clone()
}

#[test]
fn a_history_comes_to_these_numbers() {
    let house = House::new();
    house.history();
    house.engine.sweep(house.at(20_000)).unwrap();
    let reports = house.reports();
    let db = tally(&reports, "db");
    assert_eq!((db.requests, db.began, db.automatic, db.emergencies), (10, 8, 0, 0));
    assert_eq!(db.approval.count(), 9);
    let minutes = |span: Option<Span>| span.map(|span| span.as_millis().div_ceil(60_000));
    assert_eq!(minutes(db.approval.median()), Some(5));
    assert_eq!(minutes(db.approval.percentile(90)), Some(9));
    assert_eq!((db.extended, db.extensions.count()), (2, 3));
    assert_eq!(db.extensions.sum(), Span::minutes(150));
    assert_eq!(db.extended_share().unwrap().to_string(), "25.0 %");
    assert_eq!(db.unused().unwrap(), Share { part: 1, whole: 9 });
    assert_eq!(db.unused().unwrap().to_string(), "11.1 %");
    let ended = [Outcome::Denied, Outcome::Unused, Outcome::GivenBack, Outcome::Expired];
    assert_eq!(ended.map(|outcome| db.ended_as(outcome)), [1, 1, 1, 7]);
    let logs = tally(&reports, "logs");
    assert_eq!((logs.requests, logs.automatic, logs.approval.count()), (1, 1, 0));
    assert_eq!((logs.unused(), logs.extended_share()), (Some(Share { part: 0, whole: 1 }), Share::of(0, 1)));
    assert!(reports.open.is_empty(), "what is over is not kept: {:?}", reports.open);
}

#[test]
fn refusals_stand_under_their_flow_where_the_record_names_one() {
    let house = House::new();
    house.ask("l1", "logs", 0);
    house.extend("l1", 10, 1).unwrap_err();
    // Of a grant that is over the engine knows the flow.
    house.extend("l1", 10, 100).unwrap_err();
    let ask = Request::new("logs", &house.mallory).item(resource("logs").permission("read"));
    house.engine.request(ask, house.at(101)).unwrap_err();
    // Nobody makes a flow by asking for it.
    let ask = Request::new("invented", &house.mallory).item(resource("logs").permission("read"));
    house.engine.request(ask, house.at(102)).unwrap_err();
    let reports = house.reports();
    let named =
        |codes: &BTreeMap<Code, u64>| codes.iter().map(|(c, n)| format!("{c} {n}")).collect::<Vec<_>>();
    let logs = named(&tally(&reports, "logs").refusals);
    assert_eq!(logs, ["person.not_eligible 1", "grant.expired 1", "extension.not_allowed 1"]);
    assert_eq!(named(reports.nowhere()), ["flow.unknown 1"]);
    assert_eq!(reports.flows().count(), 1);
}

#[test]
fn a_minute_of_refusals_counts_as_many_as_there_were() {
    let house = House::new();
    for _ in 0..50 {
        let ask = Request::new("invented", &house.mallory).item(resource("logs").permission("read"));
        house.engine.request(ask, house.at(0)).unwrap_err();
    }
    house.engine.sweep(house.at(2)).unwrap();
    assert_eq!(house.reports().nowhere().get(&Code::FlowUnknown), Some(&50));
}

#[test]
fn reading_on_is_the_same_as_reading_all_at_once() {
    let house = House::new();
    let mut on = Reports::default();
    house.ask("g1", "db", 0);
    on.read_on(&house.engine, house.at(0)).unwrap();
    assert_eq!(on.open.len(), 1);
    house.approve("g1", 7);
    on.read_on(&house.engine, house.at(7)).unwrap();
    on.read_on(&house.engine, house.at(7)).unwrap();
    house.activate("g1", 7);
    house.engine.sweep(house.at(1_000)).unwrap();
    on.read_on(&house.engine, house.at(1_000)).unwrap();
    let whole = house.reports();
    assert_eq!(tally(&on, "db"), tally(&whole, "db"));
    assert_eq!(on.position(), whole.position());
    assert_eq!(tally(&on, "db").approval.count(), 1);
}

#[test]
fn what_is_over_and_not_taken_away_is_counted_until_the_target_has_confirmed() {
    let house = House::new();
    let work = |minutes| {
        house.engine.sweep(house.at(minutes)).unwrap();
        loop {
            let taken = house.engine.take_effects("w", Span::minutes(1), house.at(minutes)).unwrap();
            if taken.is_empty() {
                break;
            }
            for effect in taken {
                house.engine.effect_done(effect.id, house.at(minutes)).unwrap();
            }
        }
    };
    house.ask("l1", "logs", 0);
    work(0);
    assert!(left_behind(&house.engine, house.at(59)).unwrap().is_empty());
    // Time alone ends it; nothing has to be swept.
    let left = left_behind(&house.engine, house.at(61)).unwrap();
    let logs = left.get("logs").unwrap();
    assert_eq!((logs.grants, logs.stuck, logs.since), (1, 0, Some(nine().plus(Span::minutes(60)))));
    work(62);
    assert!(left_behind(&house.engine, house.at(63)).unwrap().is_empty());
    // And one that has failed too often.
    house.ask("l2", "logs", 100);
    work(100);
    house.engine.sweep(house.at(200)).unwrap();
    let take = Take::new("w", Span::minutes(1)).at("logs".to_owned());
    let taken = house.engine.take(&take, house.at(200)).unwrap();
    for effect in taken {
        house.engine.effect_failed(tenure::Failed::new(effect.id, "no").last(true), house.at(200)).unwrap();
    }
    let left = left_behind(&house.engine, house.at(201)).unwrap();
    assert_eq!(left.get("logs").map(|left| (left.grants, left.stuck)), Some((1, 1)));
}

#[test]
fn sheets_say_the_same_and_no_cell_is_a_formula() {
    let house = House::new();
    house.history();
    house.extend("l1", 10, 11_001).unwrap_err();
    house.engine.sweep(house.at(20_000)).unwrap();
    let reports = house.reports();
    let left = left_behind(&house.engine, house.at(20_000)).unwrap();
    let sheet = sheet::flows(&reports, &left).unwrap();
    let lines: Vec<&str> = sheet.lines().collect();
    assert_eq!(lines.len(), 3);
    let cells = |line: usize| lines[line].split(',').map(str::to_owned).collect::<Vec<_>>();
    let cell = |line: usize, name: &str| {
        let at = cells(0).iter().position(|head| head == name).unwrap();
        cells(line)[at].clone()
    };
    assert_eq!(cells(0).len(), cells(1).len());
    assert_eq!(
        (cell(1, "flow"), cell(1, "requests"), cell(1, "extensions")),
        ("db".into(), "10".into(), "3".into())
    );
    assert_eq!((cell(1, "unused_per_mille"), cell(1, "extension_sum_s")), ("111".into(), "9000".into()));
    assert_eq!(
        (cell(2, "flow"), cell(2, "refusals"), cell(2, "approval_median_s")),
        ("logs".into(), "1".into(), String::new())
    );
    assert_eq!(sheet::refusals(&reports).unwrap(), "flow,code,times\nlogs,extension.not_allowed,1\n");
}
