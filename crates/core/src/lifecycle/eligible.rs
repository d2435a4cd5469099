//! Who may ask for whom, who may hold access, and under which conditions.

use crate::check::{No, On};
use crate::command::Asked;
use crate::flow::condition::{Ask, Facts, Named};
use crate::flow::hours;
use crate::flow::selector::Selector;
use crate::flow::{Flow, OwnRequests};
use crate::grant::Grant;
use crate::id::PersonId;
use crate::lifecycle::break_glass;
use crate::person::{Actor, Names, Person};
use crate::refusal::{Code, Refusal};

/// `requester.not_allowed`: the actor may not ask for this holder.
pub(crate) fn may_request(
    flow: &Flow,
    actor: &Actor,
    holder: &Names,
    manager: Option<&PersonId>,
) -> Result<(), No> {
    let refused = |why: String| Err(Refusal::new(Code::RequesterNotAllowed, why).into());
    let Actor::Person(person) = actor else {
        return refused(format!("`{actor}` asks for nobody: access is asked for by people"));
    };
    let own = person.names().same_human(holder);
    if own {
        let allowed = match &flow.requesters.own {
            OwnRequests::Everyone => true,
            OwnRequests::Nobody => false,
            OwnRequests::Only(selectors) => selectors.iter().any(|selector| selector.includes(person)),
        };
        if !allowed {
            return refused(format!("`{}` may not ask for themselves under `{}`", person.id, flow.id));
        }
    }
    // Under another of their ids it is a request on behalf as well, whoever is behind both.
    if person.id == holder.id {
        return Ok(());
    }
    let allowed = flow.requesters.others.iter().any(|selector| match selector {
        Selector::Manager => manager == Some(&person.id),
        Selector::Everyone | Selector::User(_) | Selector::Group(_) | Selector::Role(_) | Selector::Owner => {
            selector.includes(person)
        }
    });
    if allowed {
        Ok(())
    } else {
        refused(format!("`{}` may not ask for `{}` under `{}`", person.id, holder.id, flow.id))
    }
}

/// Whether a selector means this person with regard to a grant: `manager` is the holder's, `owner` owns every item.
pub(crate) fn means(selector: &Selector, person: &Person, grant: &Grant) -> bool {
    regards(selector, person, grant.origin.manager.as_ref(), grant.items())
}

/// Whether a selector means this person, where the holder has that manager and these items are asked for.
pub(crate) fn regards<'i>(
    selector: &Selector,
    person: &Person,
    manager: Option<&PersonId>,
    items: impl Iterator<Item = &'i Asked>,
) -> bool {
    match selector {
        Selector::Manager => manager == Some(&person.id),
        Selector::Owner => {
            let owns = |asked: &Asked| asked.resource.owners.iter().any(|owner| owner.includes(person));
            let mut items = items.peekable();
            items.peek().is_some() && items.all(owns)
        }
        Selector::Everyone | Selector::User(_) | Selector::Group(_) | Selector::Role(_) => {
            selector.includes(person)
        }
    }
}

/// `person.not_eligible`: the holder matches no selector, or is excepted. Unknown facts are no facts.
pub(crate) fn may_hold(flow: &Flow, holder: Option<&Person>, id: &PersonId) -> Result<(), No> {
    let Some(holder) = holder else {
        return if for_anybody(&flow.who.any, &flow.who.except) {
            Ok(())
        } else {
            Err(not_eligible(flow, format!("what groups and roles `{id}` has was not handed in")))
        };
    };
    not_excepted(flow, holder)?;
    if flow.who.any.iter().any(|selector| selector.includes(holder)) {
        Ok(())
    } else {
        Err(not_eligible(flow, format!("`{id}` is in no group and has no role that `{}` is for", flow.id)))
    }
}

/// The selector that lets the holder in: of those whom the flow, or its glass, is for.
pub(crate) fn admitting<'f>(flow: &'f Flow, holder: &Person, break_glass: bool) -> Option<&'f Selector> {
    let who = if break_glass { break_glass::who(flow) } else { &flow.who.any };
    who.iter().find(|selector| selector.includes(holder))
}

/// `person.not_eligible`: the holder is excepted, whatever else matches.
pub(crate) fn not_excepted(flow: &Flow, holder: &Person) -> Result<(), No> {
    if flow.who.except.iter().any(|selector| selector.excludes(holder)) {
        return Err(not_eligible(flow, format!("`{}` is excepted from `{}`", holder.id, flow.id)));
    }
    Ok(())
}

/// Whether these selectors let anybody in, of whom nothing need be known.
pub(crate) fn for_anybody(any: &[Selector], except: &[Selector]) -> bool {
    except.is_empty() && any.contains(&Selector::Everyone)
}

pub(crate) fn not_eligible(flow: &Flow, why: String) -> No {
    Refusal::new(Code::PersonNotEligible, why).with("flow", flow.id.as_str()).into()
}

/// `condition.unmet` and `condition.failed`: every condition must hold for every item.
pub(crate) fn conditions<'c, 'i>(
    on: &On<'_>,
    conditions: impl IntoIterator<Item = Conditioned<'c>>,
    principal: Option<&Person>,
    items: impl Fn() -> Vec<&'i Asked>,
    ask: impl Fn() -> Ask,
) -> Result<(), No> {
    let mut conditions = conditions.into_iter().peekable();
    if conditions.peek().is_none() {
        return Ok(());
    }
    let (ask, items) = (ask(), items());
    for condition in conditions {
        let Some(principal) = principal else {
            return Err(condition.failed("the holder's facts were not handed in"));
        };
        // Without items the condition is judged once, with no resource to look at: nothing holds by being empty.
        let resources = items.iter().map(|asked| Some((asked.resource.as_ref(), asked.permission.as_str())));
        let nothing = items.is_empty().then_some(None);
        for resource in resources.chain(nothing) {
            let facts = Facts { principal, resource, context: &on.command.context, ask: &ask };
            match condition.is.holds(&facts) {
                Ok(true) => {}
                Ok(false) => return Err(condition.unmet()),
                Err(unmet) => return Err(condition.failed(&unmet.message)),
            }
        }
    }
    Ok(())
}

/// A condition with what to call it.
#[derive(Clone, Copy)]
pub(crate) struct Conditioned<'a> {
    pub(crate) name: &'a str,
    pub(crate) is: &'a dyn crate::flow::condition::Condition,
    pub(crate) message: Option<&'a str>,
}

impl<'a> Conditioned<'a> {
    pub(crate) fn named(named: &'a Named) -> Self {
        Self { name: &named.name, is: named.is.as_ref(), message: named.message.as_deref() }
    }

    pub(crate) fn plain(is: &'a dyn crate::flow::condition::Condition) -> Self {
        Self { name: is.source(), is, message: None }
    }

    fn unmet(&self) -> No {
        let message = self
            .message
            .map_or_else(|| format!("the condition `{}` does not hold", self.name), str::to_owned);
        Refusal::new(Code::ConditionUnmet, message).with("condition", self.name).into()
    }

    fn failed(&self, why: &str) -> No {
        let message = format!("the condition `{}` could not be evaluated: {why}", self.name);
        Refusal::new(Code::ConditionFailed, message).with("condition", self.name).into()
    }
}

/// What conditions see under `context.ask`.
pub(crate) fn asking(on: &On<'_>, flow: &Flow, requester: &PersonId, holder: &PersonId) -> Ask {
    let (weekday, hour) = flow
        .hours
        .as_ref()
        .map_or_else(|| hours::utc_weekday_and_hour(on.now()), |hours| hours.weekday_and_hour(on.now()));
    let login = on.person().and_then(|person| person.authenticated.as_ref());
    Ask {
        now: on.now(),
        weekday,
        hour,
        mfa_age: login.and_then(|login| login.age(on.now())),
        span: crate::time::Span::ZERO,
        requester: requester.clone(),
        holder: holder.clone(),
        reason: String::new(),
        extension: 0,
    }
}
