//! The demo: a policy, six people, and a short story under way.
//!
//! Checkout is down. Maria repairs the shop's databases; Jonas let her in and she has gone on once. Priya has asked to
//! help and waits for Jonas. Sam looks something up for a customer. Ten minutes are left of Maria's access.

use std::collections::BTreeMap;

use tenure::tenure_policy::document::Format;
use tenure::{Approve, Engine, Extend, Person, PersonId, Policy, Request, Span, Timestamp, View};

use crate::clock::RunningClock;
use crate::people::{Book, Directory};

/// The people, and what there is.
pub const PEOPLE: &str = include_str!("../demo/people.json");
/// What they may ask for.
pub const POLICY: &str = include_str!("../demo/policy.yaml");
/// How long before the demo begins its story does.
pub const STORY: Span = Span::minutes(84);

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Tells the story up to that instant, and lets the clock run from there.
///
/// # Errors
/// The policy has problems, the rules say no, the store failed: the demo is not what it says it is.
pub fn tell(engine: &Engine, clock: &RunningClock, until: Timestamp, speed: u32) -> Result<(), Trouble> {
    let began = until.minus(STORY);
    let story = Story { engine, clock, began, book: Book::from_json(PEOPLE)? };
    clock.stand_at(began);
    engine.publish(&Policy::from_text(POLICY, Format::Yaml)?, &story.person("noor")?, began)?;
    story.play()?;
    clock.run_since(until, speed);
    Ok(())
}

/// When the story of this store began; none where none was told.
///
/// # Errors
/// The store failed.
pub fn began(engine: &Engine) -> Result<Option<Timestamp>, Trouble> {
    Ok(engine.records(0, 1)?.first().map(|first| first.recorded_at))
}

struct Story<'a> {
    engine: &'a Engine,
    clock: &'a RunningClock,
    began: Timestamp,
    book: Book,
}

impl Story<'_> {
    fn play(&self) -> Result<(), Trouble> {
        let sam = self.ask(0, "sam", "customer-records", "crm/segment/retail-north", "read", |ask| {
            ask.span(Span::hours(2))
                .reason("Ada cannot see her last order")
                .fields(BTreeMap::from([("ticket".to_owned(), "SUP-4471".to_owned())]))
        });
        sam?;
        let maria = self.ask(1, "maria", "orders-db", "prod-pg/database/orders", "read write", |ask| {
            ask.span(Span::hours(1)).reason("INC-2291 checkout times out, something holds a lock on orders")
        })?;
        let now = self.at(4);
        self.engine
            .approve(Approve::new(maria.id.clone(), &self.person("jonas")?).command_id("story-yes"), now)?;
        let now = self.at(52);
        let offer = self.engine.offer(maria.id.clone(), &self.person("maria")?, now)?;
        let more = Extend::new(maria.id, &self.person("maria")?).if_ends_at(offer.ends_at);
        self.engine.extend(more.command_id("story-more"), now)?;
        self.ask(80, "priya", "orders-db", "prod-pg/database/shipping", "read write", |ask| {
            ask.span(Span::minutes(90)).reason("INC-2291 shipping retries pile up behind the lock")
        })?;
        Ok(())
    }

    /// Somebody asks, so many minutes into the story.
    fn ask(
        &self,
        minutes: u64,
        who: &str,
        flow: &str,
        resource: &str,
        permissions: &str,
        more: impl FnOnce(Request) -> Request,
    ) -> Result<View, Trouble> {
        let known = self.book.resources().into_iter().find(|known| known.resource.id.to_string() == resource);
        let resource = known.ok_or("the story speaks of a resource that is not there")?.resource;
        let items = permissions.split(' ').map(|permission| resource.permission(permission));
        let ask =
            Request::new(flow, &self.person(who)?).items(items).command_id(format!("story-{who}-{minutes}"));
        Ok(self.engine.request(more(ask), self.at(minutes))?)
    }

    fn at(&self, minutes: u64) -> Timestamp {
        let at = self.began.plus(Span::minutes(minutes));
        self.clock.stand_at(at);
        at
    }

    fn person(&self, id: &str) -> Result<Person, Trouble> {
        let listed = self.book.person(&PersonId::new(id)?);
        Ok(listed.ok_or("the story speaks of somebody who is not there")?.person)
    }
}
