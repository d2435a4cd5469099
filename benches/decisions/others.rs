//! The same seven conditions, decided by engines of conditions over the facts of one grant.
//!
//! `holds`: person, integration, type, name and permission are the grant's; it has begun; it has not ended.
//! `extend`: the actor is the holder; the grant runs; an extension is left; none is pending; the window is open; the
//! span is not too long; the new end is within the total.

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression,
};
use serde::Serialize;

/// Now, in the facts of both: in seconds, since Casbin's numbers have 32 bits.
const NOW: i64 = 1_772_442_000;
const HOUR: i64 = 3_600;

/// A policy and a request of Cedar, both made before anything is measured.
pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

impl Cedar {
    pub(crate) fn holds() -> Self {
        Self::new(
            "context.person == context.holder && context.integration == \"prod-pg\" && context.type == \"database\"
             && context.name == \"orders\" && context.permission == \"read\"
             && context.since <= context.now && context.now < context.until",
            &[("since", NOW), ("now", NOW), ("until", NOW + HOUR)],
        )
    }

    pub(crate) fn extend() -> Self {
        Self::new(
            "context.person == context.holder && context.stage == \"active\" && context.used < 100
             && context.pending == 0 && context.end - context.window <= context.now
             && context.span <= context.max && context.end + context.span <= context.since + context.total",
            &[
                ("since", NOW),
                ("now", NOW),
                ("end", NOW + HOUR),
                ("window", 10 * HOUR),
                ("span", HOUR / 60),
                ("max", HOUR),
                ("total", 720 * HOUR),
                ("used", 3),
                ("pending", 0),
            ],
        )
    }

    fn new(conditions: &str, numbers: &[(&str, i64)]) -> Self {
        let texts = [
            ("person", "person-1@corp.example"),
            ("holder", "person-1@corp.example"),
            ("integration", "prod-pg"),
            ("type", "database"),
            ("name", "orders"),
            ("permission", "read"),
            ("stage", "active"),
        ];
        let texts =
            texts.map(|(name, text)| (name.to_owned(), RestrictedExpression::new_string(text.to_owned())));
        let numbers = numbers
            .iter()
            .map(|(name, number)| ((*name).to_owned(), RestrictedExpression::new_long(*number)));
        let context = Context::from_pairs(texts.into_iter().chain(numbers)).unwrap();
        let uid = |text: &str| text.parse::<EntityUid>().unwrap();
        let (person, action, item) = (uid("Person::\"1\""), uid("Action::\"use\""), uid("Item::\"orders\""));
        let cedar = Self {
            authorizer: Authorizer::new(),
            policies: format!("permit(principal, action, resource) when {{ {conditions} }};")
                .parse()
                .unwrap(),
            entities: Entities::empty(),
            request: Request::new(person, action, item, context, None).unwrap(),
        };
        assert!(cedar.decide(), "the conditions hold");
        cedar
    }

    pub(crate) fn decide(&self) -> bool {
        let response = self.authorizer.is_authorized(&self.request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

/// A model and a request of Casbin, both made before anything is measured.
pub(crate) struct Casbin {
    enforcer: Enforcer,
    ask: Ask,
    grant: Grant,
}

#[derive(Clone, Debug, Hash, Serialize)]
struct Ask {
    person: String,
    integration: String,
    kind: String,
    name: String,
    permission: String,
    now: i64,
    span: i64,
}

#[derive(Clone, Debug, Hash, Serialize)]
struct Grant {
    holder: String,
    integration: String,
    kind: String,
    name: String,
    permission: String,
    stage: String,
    since: i64,
    ends: i64,
    window: i64,
    max: i64,
    total: i64,
    used: i64,
    pending: i64,
}

impl Casbin {
    pub(crate) fn holds() -> Self {
        Self::new(
            "r.ask.person == r.grant.holder && r.ask.integration == r.grant.integration
             && r.ask.kind == r.grant.kind && r.ask.name == r.grant.name && r.ask.permission == r.grant.permission
             && r.grant.since <= r.ask.now && r.ask.now < r.grant.ends",
        )
    }

    pub(crate) fn extend() -> Self {
        Self::new(
            "r.ask.person == r.grant.holder && r.grant.stage == \"active\" && r.grant.used < 100
             && r.grant.pending == 0 && r.grant.ends - r.grant.window <= r.ask.now
             && r.ask.span <= r.grant.max && r.grant.ends + r.ask.span <= r.grant.since + r.grant.total",
        )
    }

    fn new(conditions: &str) -> Self {
        let conditions = conditions.split_whitespace().collect::<Vec<_>>().join(" ");
        let model = format!(
            "[request_definition]\nr = ask, grant\n[policy_definition]\np = any\n\
             [policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = {conditions}\n"
        );
        let enforcer = pollster::block_on(async {
            let model = DefaultModel::from_str(&model).await.unwrap();
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
            enforcer.add_policy(vec!["any".to_owned()]).await.unwrap();
            enforcer
        });
        let text = str::to_owned;
        let ask = Ask {
            person: text("person-1@corp.example"),
            integration: text("prod-pg"),
            kind: text("database"),
            name: text("orders"),
            permission: text("read"),
            now: NOW,
            span: HOUR / 60,
        };
        let grant = Grant {
            holder: ask.person.clone(),
            integration: ask.integration.clone(),
            kind: ask.kind.clone(),
            name: ask.name.clone(),
            permission: ask.permission.clone(),
            stage: text("active"),
            since: NOW,
            ends: NOW + HOUR,
            window: 10 * HOUR,
            max: HOUR,
            total: 720 * HOUR,
            used: 3,
            pending: 0,
        };
        let casbin = Self { enforcer, ask, grant };
        assert!(casbin.decide(), "the conditions hold");
        casbin
    }

    pub(crate) fn decide(&self) -> bool {
        self.enforcer.enforce((self.ask.clone(), self.grant.clone())).unwrap()
    }
}
