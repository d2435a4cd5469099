//! Conditions over facts, on every stack.

mod checked;
mod seen;
mod stacks;

use tenure_core::flow::condition::{Ask, Facts, Unmet};
use tenure_core::person::{Fact, Person, Record, Resource, ResourceId};
use tenure_core::time::Span;

use super::{AttributeTypes, BadCondition, Field, Fields, compile, constant};

/// Who asks for what, and when: facts to change before a condition is asked.
struct Story {
    person: Person,
    resource: Option<Resource>,
    context: Record,
    ask: Ask,
}

fn text(is: &str) -> Fact {
    Fact::Text(is.to_owned())
}

fn story() -> Story {
    let mut person = Person::new("alice".parse().unwrap());
    person.groups = ["sre".to_owned(), "oncall".to_owned()].into();
    person.roles = ["dba".to_owned()].into();
    person.attributes.insert("department".to_owned(), text("engineering"));
    person.attributes.insert("level".to_owned(), Fact::Long(7));
    let resource = Resource {
        id: ResourceId {
            integration: "prod-pg".parse().unwrap(),
            kind: "database".to_owned(),
            name: "orders".to_owned(),
        },
        labels: [("env".to_owned(), "prod".to_owned())].into(),
        owners: vec!["user:bob".parse().unwrap(), "group:data".parse().unwrap()],
        attributes: [("tier".to_owned(), Fact::Long(1))].into(),
    };
    let context = Record::from([
        ("on_call".to_owned(), Fact::Bool(true)),
        ("device".to_owned(), Fact::Record([("managed".to_owned(), Fact::Bool(true))].into())),
        ("deep".to_owned(), deep(30)),
    ]);
    let ask = Ask {
        now: "2026-03-02T09:00:00Z".parse().unwrap(),
        weekday: "mon",
        hour: 10,
        mfa_age: Some(Span::minutes(5)),
        span: Span::hours(1),
        requester: "alice".parse().unwrap(),
        holder: "alice".parse().unwrap(),
        reason: "INC-7 slow checkout".to_owned(),
        extension: 2,
    };
    Story { person, resource: Some(resource), context, ask }
}

/// A record in a record in a record.
fn deep(levels: usize) -> Fact {
    (0..levels).fold(Fact::Long(1), |inner, _| Fact::Record([("a".to_owned(), inner)].into()))
}

fn types() -> AttributeTypes {
    let fields = |of: &[(&str, &str)]| -> Fields {
        of.iter().map(|(name, text)| ((*name).to_owned(), Field::parse(text).unwrap())).collect()
    };
    let mut context = fields(&[("on_call", "bool"), ("note", "string?"), ("tags", "[string]?")]);
    context.insert("device".to_owned(), Field::record(fields(&[("managed", "bool")])));
    let leaf = Field { is: super::Type::Long, required: true };
    let deep = (0..30).fold(leaf, |inner, _| Field::record([("a".to_owned(), inner)].into()));
    context.insert("deep".to_owned(), deep);
    let principal = fields(&[("department", "string"), ("level", "long"), ("region", "string?")]);
    AttributeTypes::new(principal, fields(&[("tier", "long")]), context).unwrap()
}

impl Story {
    fn facts(&self) -> Facts<'_> {
        Facts {
            principal: &self.person,
            resource: self.resource.as_ref().map(|resource| (resource, "read")),
            context: &self.context,
            ask: &self.ask,
        }
    }

    fn asks(&self, text: &str) -> Result<bool, Unmet> {
        compile(text, None).unwrap_or_else(|bad| panic!("{text}: {bad:?}")).holds(&self.facts())
    }

    fn unmet(&self, text: &str) -> String {
        self.asks(text).expect_err(text).message
    }
}

fn bad(text: &str) -> BadCondition {
    compile(text, None).map(|_| ()).expect_err(text)
}
