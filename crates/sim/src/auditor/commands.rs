//! Commands of actors, and what workers and sweepers say.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::checks::{Judge, No, no, words};
use super::codes::codes;
use super::decide::{Decision, denied, told};
use super::effects::{Effect, item};
use super::extend::Extension;
use super::life::{Ask, Ballot, Cause, Grant, Review, World, parties, reminders};
use super::plan::Plan;
use super::policy::{NONE, Policy, at, ms, text};
use super::time::{Ms, show};
use super::{Auditor, Given};

/// What is compared of a command id that is given again: the verb, its own fields and the actor's id.
fn content(call: &Value) -> Value {
    let mut content = call.clone();
    if let Some(fields) = content.as_object_mut() {
        for ignored in ["now", "context", "command_id", "resources", "own_content"] {
            fields.remove(ignored);
        }
        if let Some(items) = fields.get_mut("items").and_then(Value::as_array_mut) {
            let mut named: Vec<_> = items.iter().map(item).collect();
            named.sort();
            *items = named.into_iter().map(|item| json!(item)).collect();
        }
        if text(call, "call") != "request" {
            // Facts of the holder; whose the access is, is not said here.
            fields.remove("holder");
        }
        for person in ["actor", "holder"] {
            if let Some(person) = fields.get_mut(person).filter(|person| person.is_object()) {
                *person = json!({"id": text(person, "id")});
            }
        }
        fields.retain(|_, value| !value.is_null());
    }
    content
}

impl<G: Given> Auditor<G> {
    pub(super) fn judge<'j>(&'j self, world: &'j World, call: &'j Value, now: Ms) -> Judge<'j> {
        Judge { given: &self.given, world, policy: world.policy(), actor: at(call, "actor"), call, now }
    }

    /// What was answered to the same command before.
    pub(super) fn answered(&self, call: &Value) -> Option<Value> {
        let (before, answer) = self.accepted.get(text(call, "command_id"))?;
        (*before == content(call)).then(|| answer.clone())
    }

    pub(super) fn command(&mut self, call: &Value, now: Ms) -> Value {
        match text(call, "call") {
            "sweep" => return json!({"ok": self.world.sweep(now)}),
            "take_effects" => return json!({"ok": self.world.take(call, now)}),
            "effect_done" | "effect_failed" => return self.said(call, now),
            _ => {}
        }
        let id = text(call, "command_id").to_owned();
        let many = text(call, "call") == "revoke" && call.get("grant").is_none();
        let mut holders: BTreeSet<_> = self.holder(call).into_iter().collect();
        if many {
            // Those of the first hundred are settled, too, as they stood by the store's clock.
            let clock = self.moment(call, self.world.clock);
            let mut world = self.world.clone();
            world.settle(None, clock);
            let judge = self.judge(&world, call, clock);
            holders.extend(judge.found().0.iter().take(100).map(|grant| grant.holder_id().to_owned()));
        }
        let now = self.moment(call, now);
        holders.iter().for_each(|holder| self.world.settle(Some(holder), now));
        let (mut settled, _) = self.seen(call, now);
        if many {
            settled.settle(None, now);
        }
        let plan = match self.accepted.contains_key(&id) {
            true => no("command.reused", NONE.clone()),
            false => self.judge(&settled, call, now).plan(),
        };
        match plan {
            Ok(plan) => {
                let answer = json!({"ok": self.carry_out(call, plan, now)});
                // Where no id is brought, one is made up that nobody knows.
                if !id.is_empty() {
                    self.accepted.insert(id, (content(call), answer.clone()));
                }
                answer
            }
            Err(no) => self.refuse(call, now, no),
        }
    }

    /// What a worker says of an effect.
    fn said(&mut self, call: &Value, now: Ms) -> Value {
        let (now, said) = self.world.verdict(call, now);
        let grant = text(call, "effect").rsplit_once('/').and_then(|(id, _)| self.world.grant(id));
        let Err(code) = said else {
            return json!({"ok": grant.map(|grant| self.view(&self.world, grant, now))});
        };
        let (grant, actor) =
            (grant.map(|grant| grant.id.clone()), format!("system:{}", text(call, "worker")));
        self.world.refused(&actor, code, now, json!({"grant": grant, "command": null}));
        json!({"refused": {"code": code}})
    }

    fn refuse(&mut self, call: &Value, now: Ms, no: No) -> Value {
        let asked = text(call, "call") == "request";
        let grant = self.world.grant(text(call, "grant")).filter(|_| !asked).map(|grant| grant.id.clone());
        let command = at(call, "command_id");
        self.world.refused(&actor(call), no.code, now, json!({"grant": grant, "command": command}));
        json!({"refused": refusal(no)})
    }

    pub(super) fn explain(&self, call: &Value, now: Ms) -> Value {
        let of = at(call, "of");
        let (mut view, now) = self.seen(of, now);
        if text(of, "call") == "revoke" && of.get("grant").is_none() {
            view.settle(None, now);
        }
        let judge = self.judge(&view, of, now);
        let reused = self.accepted.get(text(of, "command_id")).filter(|(before, _)| *before != content(of));
        let judged = match reused {
            Some(_) => no("command.reused", NONE.clone()),
            None => judge.plan().map(drop),
        };
        let kit = text(of, "kit");
        // A kit that cannot be taken apart is refused before any of its flows is looked at.
        let whole = matches!(&judged, Err(No { details, .. }) if !details.contains_key("flow"));
        let known = kit.is_empty() || !whole;
        let codes: Vec<_> = codes(of, known).split_whitespace().collect();
        let failed = judged.as_ref().err().map(|no| {
            let mut places = (0..codes.len()).filter(|place| codes.get(*place) == Some(&no.code));
            if no.again { places.next_back() } else { places.next() }.unwrap_or(codes.len())
        });
        let checks = codes.iter().enumerate().map(|(place, code)| {
            let verdict = match failed {
                Some(failed) if place == failed => "fail",
                Some(failed) if place > failed => "unreached",
                _ => "pass",
            };
            json!({"code": code, "verdict": verdict})
        });
        let mut explained = json!({"checks": checks.collect::<Vec<_>>()});
        if let Err(no) = judged {
            explained["refused"] = refusal(no);
        }
        json!({"ok": explained})
    }

    fn carry_out(&mut self, call: &Value, plan: Plan, now: Ms) -> Value {
        let id = text(call, "grant").to_owned();
        let cause = Cause { actor: actor(call), command: at(call, "command_id").as_str().map(str::to_owned) };
        match plan {
            Plan::Request(grants) => {
                let ids: Vec<_> = grants.iter().map(|grant| grant.id.clone()).collect();
                for grant in grants {
                    self.requested(grant, now, &cause);
                }
                let views =
                    ids.iter().filter_map(|id| Some(self.view(&self.world, self.world.grant(id)?, now)));
                let views: Vec<_> = views.collect();
                return if call.get("kit").is_some() {
                    json!({"grants": views})
                } else {
                    json!(views.first())
                };
            }
            Plan::Publish => return self.publish(call, now, &cause),
            Plan::RevokeAll(mine, others) => return self.revoke_all(mine, others, now, &cause),
            Plan::Decide(decision) => self.decide(call, &id, decision, now, &cause),
            Plan::Extend(extension) => self.extend(call, &id, extension, now, &cause),
            Plan::Close(outcome) => self.world.close(&id, now, outcome, Some(&cause), &[]),
            Plan::Activate => {
                let until = self
                    .world
                    .grant(&id)
                    .and_then(|grant| self.world.flow(&grant.flow.id, Ms::MAX))
                    .and_then(|(flow, _)| flow.until());
                self.world.activate(&id, now, Some(&cause), until);
            }
            Plan::Erase => self.erase(&id, now, &cause),
            Plan::Review => {
                let by = text(call, "actor.id").to_owned();
                self.world.change(&id, |grant| {
                    grant.review.iter_mut().for_each(|review: &mut Review| review.by = Some(by.clone()))
                });
                self.world.tell(&id, now, "reviewed", Some(&cause), Vec::new());
            }
        }
        self.world.grant(&id).map_or(Value::Null, |grant| self.view(&self.world, grant, now))
    }

    /// What people wrote is gone, and so is what their commands said: none of them can be given again.
    fn erase(&mut self, id: &str, now: Ms, cause: &Cause) {
        // The id that a refused command bore may be that of another.
        let of = |record: &&Value| text(record, "grant") == id && text(record, "record") != "refused";
        for record in self.log.iter().chain(&self.world.fresh).filter(of) {
            if let Some((content, _)) = self.accepted.get_mut(text(record, "command")) {
                *content = Value::Null;
            }
        }
        self.world.change(id, |grant| {
            let gone = || "[erased]".to_owned();
            grant.reason = grant.reason.as_ref().map(|_| gone());
            let fields = grant.fields.as_object_mut().into_iter().flatten();
            fields.for_each(|(_, text)| *text = json!(gone()));
        });
        self.world.tell(id, now, "erased", Some(cause), Vec::new());
    }

    fn requested(&mut self, grant: Grant, now: Ms, cause: &Cause) {
        let id = grant.id.clone();
        let asks = grant.ballot.rules.asks();
        let wanted = told(&grant.ballot, &grant, &grant.ballot.awaited());
        let effects = if asks { vec![Effect::notice("approval_wanted", wanted, None)] } else { Vec::new() };
        self.world.grants.insert(id.clone(), Rc::new(grant));
        self.world.tell(&id, now, "requested", Some(cause), effects);
        if !asks {
            self.world.approve(&id, now, Some(cause));
        }
    }

    fn publish(&mut self, call: &Value, now: Ms, cause: &Cause) -> Value {
        let policy = Policy::read(at(call, "policy"));
        let revision = policy.revision.clone();
        Rc::make_mut(&mut self.world.policies).push((now, Rc::new(policy)));
        self.world.fresh.push(json!({
            "record": "published", "at": show(now), "grant": null, "effects": [], "actor": cause.actor,
            "command": cause.command,
        }));
        json!({"published": revision})
    }

    fn revoke_all(&mut self, mine: Vec<String>, others: Vec<String>, now: Ms, cause: &Cause) -> Value {
        let (first, later) = mine.split_at(mine.len().min(100));
        self.world.fresh.push(json!({
            "record": "revoked_all", "at": show(now), "grant": null, "effects": [], "actor": cause.actor,
            "command": cause.command,
        }));
        for id in later {
            self.world.change(id, |grant| grant.revoke_at = Some((now, cause.clone())));
        }
        for id in first {
            self.world.close(id, now, "revoked", Some(cause), &mine);
        }
        json!({"revoked": mine, "not_allowed": others})
    }

    fn decide(&mut self, call: &Value, id: &str, decision: Decision, now: Ms, cause: &Cause) {
        let verb = text(call, "call");
        let (yes, of_extension) = (verb.starts_with("approve"), verb.ends_with("_extension"));
        let mut fresh = Vec::new();
        self.world.change(id, |grant| {
            if let Some(span) = decision.span {
                grant.least = grant.least.min(span);
            }
            if let Some(only) = &decision.only {
                grant.left.retain(|item| only.contains(item));
            }
            let ballot = match grant.asks.as_mut().filter(|_| of_extension) {
                Some(ask) => &mut ask.ballot,
                None => &mut grant.ballot,
            };
            if yes {
                ballot.yes.push(decision.vote)
            } else {
                ballot.no.push(decision.vote)
            };
            fresh = ballot.await_steps(now);
        });
        let Some(grant) = self.world.grant(id).cloned() else { return };
        let asked = grant.asks.clone().filter(|_| of_extension);
        let ballot = asked.as_ref().map_or(&grant.ballot, |ask| &ask.ballot);
        let event = |done: &str| format!("{}{done}", if of_extension { "extension_" } else { "" });
        let met = ballot.met();
        if !yes {
            self.world.tell(id, now, &event("denial_given"), Some(cause), Vec::new());
            match denied(ballot) {
                true if of_extension => {
                    self.world.drop_ask(id, now, "extension_denied", Some(cause), false);
                    if now >= grant.end.unwrap_or(0) {
                        self.world.close(id, now, "expired", Some(cause), &[]);
                    }
                }
                true => self.world.close(id, now, "denied", Some(cause), &[]),
                false => {}
            }
            return;
        }
        let notice = if of_extension { "extension_wanted" } else { "approval_wanted" };
        let wanted = told(ballot, &grant, &ballot.awaited());
        let more = !met && !fresh.is_empty();
        let effects = if more {
            vec![Effect::notice(notice, wanted, asked.as_ref().map(|ask| ask.end))]
        } else {
            Vec::new()
        };
        self.world.tell(id, now, &event("approval_given"), Some(cause), effects);
        match asked {
            Some(ask) if met => self.extended(id, &ask, false, now, cause),
            None if met => {
                self.world.change(id, |grant| (grant.span, grant.scope) = (grant.least, grant.left.clone()));
                self.world.approve(id, now, Some(cause));
            }
            _ => {}
        }
    }

    fn extend(&mut self, call: &Value, id: &str, extension: Extension, now: Ms, cause: &Cause) {
        let Some(grant) = self.world.grant(id).cloned() else { return };
        let end = grant.end.unwrap_or(0);
        let judge = self.judge(&self.world, call, now);
        let total = super::extend::governing(&judge, &grant)
            .0
            .iter()
            .filter_map(|flow| ms(&flow.doc, "extension.total"))
            .min();
        let ceiling = total.map_or(Ms::MAX, |total| grant.since.unwrap_or(now) + total);
        let bridge = extension.bridge.map(|bridge| (end + bridge).min(extension.end).min(ceiling));
        let held = bridge.unwrap_or(end);
        let decide_by = extension.approval.decide_within.map_or(held, |within| held.min(now + within));
        let asks = extension.approval.asks();
        let own = [at(call, "actor"), at(call, "holder")];
        let holder = own.into_iter().find(|person| text(person, "id") == grant.holder_id());
        let ballot = Ballot::open(extension.approval, now);
        let ask = Ask {
            by: Rc::new(at(call, "actor").clone()),
            at: now,
            span: extension.span,
            end: extension.end,
            decide_by,
            bridge,
            reason: words(call, "reason").map(str::to_owned),
            fields: at(call, "fields").clone(),
            ballot: Ballot { holder: holder.map(|holder| Rc::new(holder.clone())), ..ballot },
        };
        if !asks {
            return self.extended(id, &ask, extension.lane, now, cause);
        }
        let mut effects: Vec<_> = if bridge.is_some() {
            grant.integrations().into_iter().map(|at| Effect::task("adjust", at)).collect()
        } else {
            Vec::new()
        };
        let wanted = told(&ask.ballot, &grant, &ask.ballot.awaited());
        effects.push(Effect::notice("extension_wanted", wanted, Some(ask.end)));
        self.world.change(id, |grant| grant.asks = Some(ask));
        self.world.tell(id, now, "extension_asked", Some(cause), effects);
    }

    fn extended(&mut self, id: &str, ask: &Ask, lane: bool, now: Ms, cause: &Cause) {
        let Ask { by, end, .. } = ask;
        let end = *end;
        self.world.change(id, |grant| {
            grant.asks = None;
            grant.end = Some(end);
            grant.extended.push(now);
            grant.extenders.push(by.clone());
            grant.holders.extend(ask.ballot.holder.clone());
            grant.lanes.extend(lane.then_some((now, true)));
            grant.reminders = reminders(grant, end, now);
            grant.cancel(|effect| effect.kind == "notify:ending_soon");
        });
        let Some(grant) = self.world.grant(id) else { return };
        let mut effects: Vec<_> =
            grant.integrations().into_iter().map(|at| Effect::task("adjust", at)).collect();
        let mut to = parties(grant);
        // Where somebody else decided on it, who asked hears of that.
        let asker = format!("user:{}", text(by, "id"));
        let decided = cause.actor != text(by, "id") && !to.contains(&asker);
        to.extend(decided.then_some(asker));
        effects.push(Effect::notice("extended", to, Some(end)));
        self.world.tell(id, now, "extended", Some(cause), effects);
    }
}

fn actor(call: &Value) -> String {
    at(call, "actor").as_str().unwrap_or_else(|| text(call, "actor.id")).to_owned()
}

fn refusal(no: No) -> Value {
    if no.details.is_empty() {
        json!({"code": no.code})
    } else {
        json!({"code": no.code, "details": no.details})
    }
}
