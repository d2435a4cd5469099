//! The checks of a request, each in its place, and those that an extension makes again.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::Given;
use super::life::{Grant, Item, World};
use super::people::{eligible, facts_too_large, login, means, same_human, too_large};
use super::policy::{Approval, Flow, Patterns, Policy, at, count, covers, flag, list, ms, text, texts};
use super::time::{Ms, PastClose, clock, show};

/// The rules say no. `again`: not where the code first stands in the order of checks, but where it comes back.
#[derive(Clone, Debug)]
pub(super) struct No {
    pub(super) code: &'static str,
    pub(super) details: Map<String, Value>,
    pub(super) again: bool,
}

pub(super) type Checked<T = ()> = Result<T, No>;

/// Refuses with details; those that are null are none.
pub(super) fn no<T>(code: &'static str, details: Value) -> Checked<T> {
    let mut details = match details {
        Value::Object(details) => details,
        _ => Map::new(),
    };
    details.retain(|_, value| !value.is_null());
    Err(No { code, details, again: false })
}

pub(super) fn ensure(holds: bool, code: &'static str, details: impl FnOnce() -> Value) -> Checked {
    if holds { Ok(()) } else { no(code, details()) }
}

/// A command as it is judged.
pub(super) struct Judge<'j> {
    pub(super) given: &'j dyn Given,
    /// All that time has made true is true in it.
    pub(super) world: &'j World,
    pub(super) policy: Rc<Policy>,
    pub(super) actor: &'j Value,
    pub(super) call: &'j Value,
    pub(super) now: Ms,
}

/// What a condition sees as `context.ask`.
pub(super) struct About<'a> {
    pub(super) flow: &'a Flow,
    pub(super) items: &'a [Value],
    pub(super) span: Ms,
    pub(super) requester: &'a str,
    pub(super) holder: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) extension: usize,
    /// Whose login counts.
    pub(super) login: &'a Value,
}

/// A request under one flow.
pub(super) struct Request<'r> {
    pub(super) flow: Rc<Flow>,
    pub(super) items: Vec<Value>,
    /// Whether the caller, or a kit, named them.
    pub(super) named: bool,
    pub(super) holder: &'r Value,
    pub(super) span: Ms,
    pub(super) start: Option<Ms>,
    pub(super) glass: bool,
    pub(super) present: bool,
}

pub(super) fn words<'v>(call: &'v Value, name: &str) -> Option<&'v str> {
    at(call, name).as_str()
}

impl Judge<'_> {
    /// The first condition that does not hold, and how.
    pub(super) fn condition(
        &self,
        all: &[Value],
        principal: &Value,
        about: &About,
    ) -> Option<(&'static str, String)> {
        // Facts that were not handed in are no facts.
        if let Some(first) = all.first().filter(|_| flag(principal, "unknown", false)) {
            return Some(("condition.failed", text(first, "name").to_owned()));
        }
        all.iter().find_map(|condition| {
            about.items.iter().find_map(|item| {
                let code =
                    match self.given.condition(text(condition, "is"), &self.facts(principal, item, about)) {
                        Some(true) => return None,
                        Some(false) => "condition.unmet",
                        None => "condition.failed",
                    };
                Some((code, text(condition, "name").to_owned()))
            })
        })
    }

    fn facts(&self, principal: &Value, item: &Value, about: &About) -> Value {
        let mut who = at(principal, "attributes").as_object().cloned().unwrap_or_default();
        who.insert("id".to_owned(), json!(text(principal, "id")));
        who.insert("groups".to_owned(), json!(texts(principal, "groups")));
        who.insert("roles".to_owned(), json!(texts(principal, "roles")));
        who.extend(principal.get("manager").map(|manager| ("manager".to_owned(), manager.clone())));
        let mut what = at(item, "resource.attributes").as_object().cloned().unwrap_or_default();
        for field in ["integration", "type", "name"] {
            what.insert(field.to_owned(), json!(text(at(item, "resource"), field)));
        }
        what.insert("permission".to_owned(), json!(text(item, "permission")));
        let labels = at(item, "resource.labels");
        what.insert("labels".to_owned(), if labels.is_null() { json!({}) } else { labels.clone() });
        what.insert("owners".to_owned(), json!(texts(item, "resource.owners")));
        let (weekday, hour) = clock(about.flow.hours.as_ref().map(|hours| hours.zone), self.now);
        let mut ask = json!({
            "now": show(self.now), "weekday": weekday, "hour": hour, "span": about.span, "requester": about.requester,
            "holder": about.holder, "extension": about.extension,
        });
        // Dated later than a clock may be ahead, it is no login.
        let login = super::time::instant(at(about.login, "authenticated.at"));
        let login = login.filter(|at| *at <= self.now + super::people::TOLERANCE);
        let age = login.map(|at| self.now.saturating_sub(at).max(0));
        for (name, value) in [("mfa_age", json!(age)), ("reason", json!(about.reason))] {
            if !value.is_null() {
                ask[name] = value;
            }
        }
        let mut context = at(self.call, "context").as_object().cloned().unwrap_or_default();
        context.insert("ask".to_owned(), ask);
        json!({"principal": who, "resource": what, "context": context})
    }

    pub(super) fn reason_of(&self) -> Option<&str> {
        words(self.call, "reason")
    }

    /// Facts, contexts and reasons beyond the bounds.
    pub(super) fn bounds(&self) -> Checked {
        let people = [self.actor, at(self.call, "holder")]
            .into_iter()
            .filter(|person| person.is_object())
            .any(too_large);
        let fields = at(self.call, "fields").as_object().into_iter().flatten();
        let written =
            fields.map(|(name, value)| name.len() + value.as_str().unwrap_or_default().len()).sum::<usize>();
        let long = text(self.call, "reason").len() + written > 4096;
        ensure(!people && !long && !facts_too_large(at(self.call, "context")), "request.too_large", || {
            Value::Null
        })
    }

    /// All checks of a request in their order.
    pub(super) fn request(&self, ask: &Request) -> Checked {
        let (flow, doc, now) = (&*ask.flow, &ask.flow.doc, self.now);
        self.requester(flow, ask.holder, text(ask.holder, "manager"), ask.glass)?;
        ensure(eligible(flow, ask.holder, ask.glass), "person.not_eligible", || json!({"flow": flow.id}))?;
        let start = ask.start.unwrap_or(now);
        let until = flow.until().is_some_and(|until| until <= start);
        ensure(ask.present && !flow.withdrawn(now) && !until, "flow.withdrawn", || json!({"flow": flow.id}))?;
        let empty = ask.items.is_empty() || text(doc, "take") == "all" && ask.named;
        ensure(!empty, "request.empty", || Value::Null)?;
        let open = self
            .world
            .grants
            .values()
            .filter(|grant| grant.open() && grant.holder_id() == text(ask.holder, "id"));
        ensure(ask.items.len() <= 100 && open.count() < 1_000, "request.too_large", || Value::Null)?;
        self.bounds()?;
        self.scope(flow, &ask.items)?;
        let about = self.about(ask);
        if let Some((code, condition)) = self.condition(list(doc, "when"), ask.holder, &about) {
            return no(code, json!({"condition": condition}));
        }
        self.guards(ask, &about)?;
        self.conflict(flow, ask.holder, None)?;
        self.glass(ask)?;
        if !ask.glass {
            self.nobody(ask, &about)?;
            self.limits(ask)?;
        }
        self.times(ask)?;
        let rule = at(doc, "reason");
        if ask.glass && self.reason_of().is_none() {
            return no("reason.missing", json!({"field": "reason"}));
        }
        self.reason(rule, &flow.patterns)?;
        self.login(at(doc, "mfa"))
    }

    pub(super) fn about<'a>(&'a self, ask: &'a Request) -> About<'a> {
        About {
            flow: &ask.flow,
            items: &ask.items,
            span: ask.span,
            requester: text(self.actor, "id"),
            holder: text(ask.holder, "id"),
            reason: self.reason_of(),
            extension: 0,
            login: self.actor,
        }
    }

    pub(super) fn requester(&self, flow: &Flow, holder: &Value, manager: &str, glass: bool) -> Checked {
        let selfish = match at(&flow.doc, "requesters.self") {
            Value::Bool(false) => Vec::new(),
            Value::Array(_) => texts(&flow.doc, "requesters.self"),
            _ => vec!["everyone"],
        };
        let others = texts(&flow.doc, "requesters.others");
        let own = text(self.actor, "id") == text(holder, "id");
        let for_self = means(&selfish, self.actor, "", &[]);
        let for_others = !glass && means(&others, self.actor, manager, &[]);
        let may = if own { for_self } else { for_others && (for_self || !same_human(self.actor, holder)) };
        ensure(may && self.actor.is_object(), "requester.not_allowed", || Value::Null)
    }

    pub(super) fn scope(&self, flow: &Flow, items: &[Value]) -> Checked {
        let targets = list(&flow.doc, "what");
        let foreign = items.iter().filter(|item| !targets.iter().any(|target| covers(target, item, false)));
        let foreign: Vec<_> = foreign.map(|one| super::effects::item(one).join("/")).collect();
        ensure(foreign.is_empty(), "scope.not_in_flow", || json!({"items": foreign}))
    }

    /// Guards that hold for one of these items.
    pub(super) fn guarding<'g>(&'g self, items: &'g [Value]) -> impl Iterator<Item = &'g Value> {
        let binds = |guard: &&Value| {
            let targets = list(guard, "what");
            targets.iter().any(|target| items.iter().any(|item| covers(target, item, true)))
        };
        list(&self.policy.doc, "guards").iter().filter(binds)
    }

    fn guards(&self, ask: &Request, about: &About) -> Checked {
        for guard in self.guarding(&ask.items) {
            let (name, require) = (text(guard, "name"), at(guard, "require"));
            let automatic = ask.glass || !ask.flow.approval().asks();
            ensure(
                !(text(require, "approval") == "steps" && automatic),
                "guard.unmet",
                || json!({"guard": name}),
            )?;
            let max = ms(require, "max");
            ensure(
                max.is_none_or(|max| ask.span <= max),
                "guard.unmet",
                || json!({"guard": name, "max": max}),
            )?;
            self.guard_when(guard, ask.holder, about)?;
            let rule = match at(require, "reason") {
                Value::Bool(true) => json!({"required": true}),
                rule => rule.clone(),
            };
            self.reason(&rule, &self.policy.patterns).or_else(|refused| {
                no("guard.unmet", json!({"guard": name, "field": refused.details.get("field")}))
            })?;
            self.login(at(require, "mfa")).or_else(|mut refused| {
                refused.details.insert("guard".to_owned(), json!(name));
                no("guard.unmet", Value::Object(refused.details))
            })?;
        }
        Ok(())
    }

    pub(super) fn guard_when(&self, guard: &Value, holder: &Value, about: &About) -> Checked {
        let guarded = |item: &&Value| list(guard, "what").iter().any(|target| covers(target, item, true));
        let items: Vec<_> = about.items.iter().filter(guarded).cloned().collect();
        let failed = self.condition(list(guard, "require.when"), holder, &About { items: &items, ..*about });
        match failed {
            Some((_, condition)) => {
                no("guard.unmet", json!({"guard": text(guard, "name"), "condition": condition}))
            }
            None => Ok(()),
        }
    }

    /// Open access that may not be held together with this flow.
    pub(super) fn conflict(&self, flow: &Flow, holder: &Value, aside: Option<&Grant>) -> Checked {
        for rule in list(&self.policy.doc, "conflicts") {
            let flows = texts(rule, "flows");
            if !flows.contains(&&*flow.id) {
                continue;
            }
            // What the kit that is asked for would itself make comes last.
            let (made, there): (Vec<_>, Vec<_>) =
                self.world.grants.values().partition(|grant| grant.number == 0);
            let held = there.into_iter().chain(made).find(|grant| {
                let human = same_human(&grant.holder, holder)
                    || aside.is_some_and(|aside| same_human(&grant.holder, &aside.holder));
                grant.open()
                    && grant.flow.id != flow.id
                    && flows.contains(&&*grant.flow.id)
                    && aside.is_none_or(|aside| aside.id != grant.id)
                    && human
            });
            if let Some(held) = held {
                let own = text(self.actor, "id") == text(holder, "id");
                return no(
                    "conflict.held",
                    json!({"conflict": text(rule, "name"), "grant": own.then_some(&held.id)}),
                );
            }
        }
        Ok(())
    }

    fn glass(&self, ask: &Request) -> Checked {
        if !ask.glass {
            return Ok(());
        }
        let who = texts(&ask.flow.doc, "break_glass.who");
        let may = means(&who, ask.holder, "", &[]);
        ensure(may, "break_glass.not_allowed", || json!({"flow": ask.flow.id}))?;
        // An earlier one under each id that they bring along.
        let names: Vec<_> = super::loaded::names(ask.holder).collect();
        let due = self.world.grants.values().find_map(|grant| {
            let review =
                grant.review.as_ref().filter(|review| review.by.is_none() && review.due <= self.now)?;
            let theirs = names.iter().any(|name| name == grant.holder_id());
            theirs.then(|| json!({"due": show(review.due), "grant": grant.id}))
        });
        due.map_or(Ok(()), |due| no("break_glass.review_due", due))
    }

    /// Whether the fast lane is taken.
    pub(super) fn lane(&self, approval: &Approval, holder: &Value, about: &About, extension: bool) -> bool {
        let Some(lane) = &approval.lane else { return false };
        let shared = about.flow.shares_lane();
        let barred = self.guarding(about.items).any(|guard| text(guard, "require.approval") == "steps");
        let taken = |per: Ms| {
            self.of_holder(about.flow, holder)
                .flat_map(|grant| &grant.lanes)
                .filter(|(at, by_extension)| *at > self.now - per && (shared || *by_extension == extension))
                .count()
        };
        let left = ms(lane, "per").is_none_or(|per| taken(per) < quota(lane));
        !barred && left && self.condition(list(lane, "when"), holder, about).is_none()
    }

    fn of_holder<'g>(&'g self, flow: &'g Flow, holder: &'g Value) -> impl Iterator<Item = &'g Grant> {
        let mine = |grant: &&Rc<Grant>| grant.flow.id == flow.id && grant.holder_id() == text(holder, "id");
        self.world.grants.values().filter(mine).map(|grant| &**grant)
    }

    fn nobody(&self, ask: &Request, about: &About) -> Checked {
        let approval = ask.flow.approval();
        if self.lane(&approval, ask.holder, about, false) {
            return Ok(());
        }
        let vain = |step: &&Value| {
            let tiers = list(step, "escalate").iter().flat_map(|tier| texts(tier, "to"));
            let named: Vec<_> = texts(step, "approvers").into_iter().chain(tiers).collect();
            let people: Option<Vec<_>> = named.iter().map(|one| one.strip_prefix("user:")).collect();
            let free = |people: Vec<&str>| {
                let mut others: Vec<_> = people.iter().map(|id| id.to_ascii_lowercase()).collect();
                others.retain(|id| {
                    [self.actor, ask.holder].iter().all(|person| !super::people::ids(person).contains(id))
                });
                others.sort();
                others.dedup();
                others.len()
            };
            people.is_some_and(|people| {
                count(step, "needed")
                    .is_some_and(|needed| free(people) < usize::try_from(needed).unwrap_or(0))
            })
        };
        let lists = approval.lists.iter().map(|steps| steps.iter().find(vain));
        let vain: Option<Vec<_>> = lists.collect();
        match vain.as_deref().and_then(<[_]>::first) {
            Some(step) => no("approval.nobody", json!({"step": text(step, "name")})),
            None => Ok(()),
        }
    }

    fn limits(&self, ask: &Request) -> Checked {
        let doc = &ask.flow.doc;
        let open: Vec<_> = self.world.grants.values().filter(|grant| grant.open()).collect();
        let under = |grant: &&&Rc<Grant>| grant.flow.id == ask.flow.id;
        let full = |code, limit: &str, counted: Vec<&Rc<Grant>>| match count(doc, limit)
            .and_then(|limit| usize::try_from(limit).ok())
        {
            Some(limit) if counted.len() >= limit => {
                let mut later = self.world.clone();
                later.settle(None, FAR);
                let mut ends: Vec<_> = counted.iter().map(|grant| frees(grant, &later)).collect();
                ends.sort_unstable();
                let resets_at =
                    ends.get(counted.len() - limit).filter(|at| **at < Ms::MAX).map(|at| show(*at));
                no(code, json!({"limit": limit, "open": counted.len(), "resets_at": resets_at}))
            }
            _ => Ok(()),
        };
        let mine = open.iter().filter(under).filter(|grant| grant.holder_id() == text(ask.holder, "id"));
        full("limit.open_per_person", "limits.open_per_person", mine.copied().collect())?;
        for item in &ask.items {
            let item: Item = super::effects::item(item);
            let on = open.iter().filter(|grant| grant.scope.contains(&item)).copied().collect();
            full("limit.open_per_item", "limits.open_per_item", on)?;
        }
        full("limit.open_total", "limits.open_total", open.iter().filter(under).copied().collect())?;
        let asked = self.of_holder(&ask.flow, ask.holder).map(|grant| grant.requested_at).collect();
        let (limit, resets_at) = self.rolling(at(doc, "limits.requests"), asked);
        ensure(
            limit.is_null(),
            "limit.requests",
            || json!({"limit": limit, "per": ms(doc, "limits.requests.per"), "resets_at": resets_at}),
        )
    }

    /// The limit of a rolling quota that is used up, and when a place is free again.
    pub(super) fn rolling(&self, rule: &Value, mut used: Vec<Ms>) -> (Value, Value) {
        let (Some(per), times) = (ms(rule, "per"), quota(rule)) else { return Default::default() };
        used.retain(|at| *at > self.now - per);
        used.sort_unstable();
        if used.len() < times {
            return Default::default();
        }
        let first = used.get(used.len() - times).copied().unwrap_or(self.now);
        (json!(times), if first == Ms::MAX { Value::Null } else { show(first.saturating_add(per)) })
    }

    fn times(&self, ask: &Request) -> Checked {
        let (flow, now) = (&*ask.flow, self.now);
        let start = ask.start.unwrap_or(now);
        ensure(start >= now, "start.in_past", || json!({"earliest": show(now)}))?;
        let latest = now + if ask.glass { 0 } else { ms(&flow.doc, "start.ahead").unwrap_or(0) };
        ensure(start <= latest, "start.too_far", || json!({"latest": show(latest)}))?;
        let part = |name: &str| ms(&flow.doc, name).unwrap_or(0);
        let (min, max) = if ask.glass {
            (1, part("break_glass.max"))
        } else {
            (part("duration.min"), part("duration.max"))
        };
        ensure(ask.span >= min, "duration.too_short", || json!({"min": min, "max": max}))?;
        ensure(ask.span <= max, "duration.too_long", || json!({"min": min, "max": max}))?;
        let Some(hours) = flow.hours.as_ref().filter(|_| !ask.glass) else { return Ok(()) };
        let opens = |at: Ms| hours.opens(at).map(show);
        ensure(
            hours.is_open(start),
            "hours.closed",
            || json!({"opens_at": opens(start), "why": hours.why(start)}),
        )?;
        let close = hours.close(start).filter(|_| hours.past_close == PastClose::Refuse);
        ensure(
            close.is_none_or(|close| start + ask.span <= close),
            "hours.closed",
            || json!({"latest_end": close.map(show), "opens_at": close.and_then(opens), "why": close.and_then(|close| hours.why(close))}),
        )
    }

    /// What a reason rule misses, text by text.
    pub(super) fn reason(&self, rule: &Value, patterns: &Patterns) -> Checked {
        if rule.is_null() || rule == &Value::Bool(false) {
            return Ok(());
        }
        let reason = (("reason", flag(rule, "required", true)), (self.reason_of(), rule));
        let fields = list(rule, "fields").iter().map(|field| {
            let name = text(field, "name");
            let written = at(self.call, "fields").get(name).and_then(Value::as_str);
            ((name, flag(field, "required", true)), (written, field))
        });
        let all: Vec<_> = std::iter::once(reason).chain(fields).collect();
        for ((name, required), (written, rule)) in &all {
            ensure(!required || written.is_some(), "reason.missing", || json!({"field": name}))?;
            let Some(written) = written else { continue };
            let short = written.trim().chars().count()
                < usize::try_from(count(rule, "min_length").unwrap_or(0)).unwrap_or(0);
            let odd = patterns.get(text(rule, "pattern")).is_some_and(|pattern| !pattern.is_match(written));
            ensure(!short && !odd, "reason.malformed", || json!({"field": name}))?;
        }
        Ok(())
    }

    pub(super) fn login(&self, rule: &Value) -> Checked {
        match login(rule, self.actor, self.now) {
            Some(code) => {
                let mut methods = texts(rule, "methods");
                methods.sort_unstable();
                let methods = (!methods.is_empty()).then_some(methods);
                no(
                    code,
                    json!({"max_age": ms(rule, "max_age"), "level": rule.get("level"), "methods": methods}),
                )
            }
            None => Ok(()),
        }
    }
}

fn quota(rule: &Value) -> usize {
    count(rule, "times").and_then(|times| usize::try_from(times).ok()).unwrap_or(usize::MAX)
}

/// Nothing is waited for so long.
pub(super) const FAR: Ms = Ms::MAX / 4;

/// When time alone frees the place of an open grant. Another one of the very kit that is asked for frees none.
pub(super) fn frees(grant: &Grant, later: &World) -> Ms {
    let closed = later.grant(&grant.id).filter(|later| !later.open() && grant.number > 0);
    closed.map_or(Ms::MAX, |closed| closed.closed_at)
}
