//! What a condition is shown: the facts that it mentions, as Cedar values.

use cedar_policy::RestrictedExpression;
use tenure_core::flow::condition::{Ask, Unmet};
use tenure_core::limits::NESTING_MAX;
use tenure_core::person::{Fact, Person, Record, Resource};
use tenure_core::time::Span;

use super::caps::Mentions;
use super::types::{AttributeTypes, CONTEXT_FIELDS, Fields, PRINCIPAL_FIELDS, RESOURCE_FIELDS, Type};

/// Values by name.
pub(super) type Pairs = Vec<(String, RestrictedExpression)>;

/// What one condition looks at. The rest of the facts is not converted for it: a person may be in thousands
/// of groups, and few conditions ask for them.
pub(super) struct Sight {
    mentions: Mentions,
    principal: Fields,
    resource: Fields,
    context: Fields,
}

impl Sight {
    pub(super) fn new(mentions: Mentions, types: Option<&AttributeTypes>) -> Self {
        let seen = |fields: &Fields| -> Fields {
            fields
                .iter()
                .filter(|(name, _)| mentions.name(name))
                .map(|(name, field)| (name.clone(), field.clone()))
                .collect()
        };
        let declared = |of: fn(&AttributeTypes) -> &Fields| types.map(of).map(seen).unwrap_or_default();
        Self {
            principal: declared(AttributeTypes::principal),
            resource: declared(AttributeTypes::resource),
            context: declared(AttributeTypes::context),
            mentions,
        }
    }

    pub(super) fn principal(&self, person: &Person) -> Result<Pairs, Unmet> {
        let mut pairs =
            self.attributes("principal", &person.attributes, &PRINCIPAL_FIELDS, &self.principal)?;
        self.show(&mut pairs, "id", || text(person.id.as_str()));
        self.show(&mut pairs, "groups", || texts(&person.groups));
        self.show(&mut pairs, "roles", || texts(&person.roles));
        if let Some(manager) = &person.manager {
            self.show(&mut pairs, "manager", || text(manager.as_str()));
        }
        Ok(pairs)
    }

    pub(super) fn resource(&self, resource: &Resource, permission: &str) -> Result<Pairs, Unmet> {
        let mut pairs =
            self.attributes("resource", &resource.attributes, &RESOURCE_FIELDS, &self.resource)?;
        self.show(&mut pairs, "integration", || text(resource.id.integration.as_str()));
        self.show(&mut pairs, "type", || text(&resource.id.kind));
        self.show(&mut pairs, "name", || text(&resource.id.name));
        self.show(&mut pairs, "permission", || text(permission));
        self.show(&mut pairs, "owners", || texts(resource.owners.iter().map(ToString::to_string)));
        if self.mentions.name("labels") {
            let labels = resource.labels.iter().map(|(name, value)| (name.clone(), text(value)));
            pairs.push(("labels".to_owned(), record(labels)?));
        }
        Ok(pairs)
    }

    pub(super) fn context(&self, facts: &Record, asked: &Ask) -> Result<Pairs, Unmet> {
        let mut pairs = self.attributes("context", facts, &CONTEXT_FIELDS, &self.context)?;
        if self.mentions.name("ask") {
            pairs.push(("ask".to_owned(), self.ask(asked)?));
        }
        Ok(pairs)
    }

    /// `context.ask`. Times and spans are of Cedar's own types, so that they compare and add up.
    fn ask(&self, asked: &Ask) -> Result<RestrictedExpression, Unmet> {
        let long = |number: u32| RestrictedExpression::new_long(i64::from(number));
        let mut fields = Pairs::new();
        let mut show = |name: &str, value: &dyn Fn() -> RestrictedExpression| {
            if self.mentions.asked(name) {
                fields.push((name.to_owned(), value()));
            }
        };
        show("now", &|| RestrictedExpression::new_datetime(asked.now.to_string()));
        show("weekday", &|| text(asked.weekday));
        show("hour", &|| long(asked.hour));
        if let Some(age) = asked.mfa_age {
            show("mfa_age", &|| millis(age));
        }
        show("span", &|| millis(asked.span));
        show("requester", &|| text(asked.requester.as_str()));
        show("holder", &|| text(asked.holder.as_str()));
        show("reason", &|| text(&asked.reason));
        show("extension", &|| long(asked.extension));
        record(fields)
    }

    fn show(&self, pairs: &mut Pairs, name: &str, value: impl FnOnce() -> RestrictedExpression) {
        if self.mentions.name(name) {
            pairs.push((name.to_owned(), value()));
        }
    }

    /// The attributes that are mentioned, without those that take a built-in name: were one let through
    /// where the built-in is absent, a host's word would stand for the library's.
    fn attributes(&self, of: &str, facts: &Record, taken: &[&str], types: &Fields) -> Result<Pairs, Unmet> {
        let mut pairs = Pairs::new();
        for (name, fact) in facts {
            if taken.contains(&name.as_str()) || !self.mentions.name(name) {
                continue;
            }
            if types.get(name).is_some_and(|field| !fits(fact, &field.is)) {
                return Err(Unmet {
                    message: format!("`{of}.{name}` is not of the type that `attributes` declares"),
                });
            }
            let value = value(fact, NESTING_MAX)?.ok_or_else(|| Unmet {
                message: format!("`{of}.{name}` nests deeper than {NESTING_MAX} levels"),
            })?;
            pairs.push((name.clone(), value));
        }
        Ok(pairs)
    }
}

/// A span as Cedar's own type.
fn millis(span: Span) -> RestrictedExpression {
    let most = span.as_millis().min(i64::MAX.unsigned_abs());
    RestrictedExpression::new_duration(format!("{most}ms"))
}

/// A fact as a Cedar value; nothing where it nests deeper than so many levels.
fn value(fact: &Fact, levels: usize) -> Result<Option<RestrictedExpression>, Unmet> {
    let inner = levels.checked_sub(1);
    Ok(match (fact, inner) {
        (Fact::Bool(is), _) => Some(RestrictedExpression::new_bool(*is)),
        (Fact::Long(number), _) => Some(RestrictedExpression::new_long(*number)),
        (Fact::Text(is), _) => Some(text(is)),
        (Fact::List(_) | Fact::Record(_), None) => None,
        (Fact::List(list), Some(inner)) => {
            let items =
                list.iter().map(|item| value(item, inner)).collect::<Result<Option<Vec<_>>, Unmet>>()?;
            items.map(RestrictedExpression::new_set)
        }
        (Fact::Record(fields), Some(inner)) => {
            let named =
                |(name, fact): (&String, &Fact)| Ok(value(fact, inner)?.map(|value| (name.clone(), value)));
            fields.iter().map(named).collect::<Result<Option<Pairs>, Unmet>>()?.map(record).transpose()?
        }
    })
}

/// Whether a fact is what was declared: without this, `!=` would hold for a value of another type.
fn fits(fact: &Fact, is: &Type) -> bool {
    match (fact, is) {
        (Fact::Bool(_), Type::Bool) | (Fact::Long(_), Type::Long) | (Fact::Text(_), Type::String) => true,
        (Fact::List(items), Type::Set(each)) => items.iter().all(|item| fits(item, each)),
        (Fact::Record(facts), Type::Record(fields)) => {
            facts.iter().all(|(name, fact)| fields.get(name).is_none_or(|field| fits(fact, &field.is)))
        }
        (Fact::Bool(_) | Fact::Long(_) | Fact::Text(_) | Fact::List(_) | Fact::Record(_), _) => false,
    }
}

fn record(
    fields: impl IntoIterator<Item = (String, RestrictedExpression)>,
) -> Result<RestrictedExpression, Unmet> {
    RestrictedExpression::new_record(fields).map_err(|error| Unmet { message: error.to_string() })
}

fn text(is: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(is.to_owned())
}

fn texts<T: Into<String>>(of: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(of.into_iter().map(|is| RestrictedExpression::new_string(is.into())))
}
