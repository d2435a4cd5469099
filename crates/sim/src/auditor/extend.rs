//! Extensions: which rules govern one, its checks, and the offer.

use std::rc::Rc;

use serde_json::{Value, json};

use super::checks::{About, Checked, Judge, No, ensure, no};
use super::life::{Grant, Stage};
use super::people::{eligible, means};
use super::policy::{Approval, Flow, at, count, flag, list, ms, text, texts};
use super::time::{Hours, Ms, PastClose, show};

/// What an extension comes to.
pub(super) struct Extension {
    pub(super) span: Ms,
    pub(super) end: Ms,
    pub(super) approval: Approval,
    pub(super) lane: bool,
    pub(super) bridge: Option<Ms>,
}

/// The flows whose rules govern extensions of a grant, today's first; whether today's is withdrawn.
pub(super) fn governing(judge: &Judge, grant: &Grant) -> (Vec<Rc<Flow>>, bool) {
    let Some((today, present)) = judge.world.flow(&grant.flow.id, Ms::MAX) else { return (Vec::new(), true) };
    let withdrawn = !present || today.withdrawn(judge.now);
    let rules = match text(&today.doc, "extension.governed_by") {
        "granted" => vec![grant.flow.clone()],
        "stricter" if today.revision != grant.flow.revision => vec![today, grant.flow.clone()],
        _ => vec![today],
    };
    (rules, withdrawn)
}

/// Whoever decides on extensions under these rules: nobody where one of them lets nothing be extended.
pub(super) fn deciders(rules: &[Rc<Flow>]) -> Approval {
    if !rules.iter().all(|flow| at(&flow.doc, "extension").is_object()) {
        return Approval::default();
    }
    let all = rules.iter().map(|flow| flow.of_extension());
    all.fold(Approval::default(), |all, own| if all.asks() || own.asks() { joined(&own, &all) } else { own })
}

fn least(rules: &[Rc<Flow>], path: &str) -> Option<Ms> {
    rules.iter().filter_map(|flow| ms(&flow.doc, path)).min()
}

/// How often the rules that govern it let a grant be extended.
pub(super) fn times(rules: &[Rc<Flow>], grant: &Grant) -> u32 {
    let closed = grant.glass && !rules.iter().all(|flow| flag(&flow.doc, "break_glass.extendable", false));
    let all = rules.iter().map(|flow| count(&flow.doc, "extension.times").unwrap_or(0));
    if closed { 0 } else { all.min().unwrap_or(0) }
}

/// Whether they let it be extended at all.
fn lets(rules: &[Rc<Flow>], grant: &Grant) -> bool {
    !rules.is_empty()
        && rules.iter().all(|flow| {
            at(&flow.doc, "extension").is_object()
                && (!grant.glass || flag(&flow.doc, "break_glass.extendable", false))
        })
}

/// The hours that access may not run past: those of all, unless each allows it. None in an emergency.
fn binding<'r>(rules: &'r [Rc<Flow>], grant: &Grant) -> Vec<&'r Hours> {
    let all: Vec<_> = rules.iter().filter_map(|flow| flow.hours.as_ref()).collect();
    let binds = !grant.glass && all.iter().any(|hours| hours.past_close != PastClose::Allow);
    if binds { all } else { Vec::new() }
}

fn least_span(rules: &[Rc<Flow>]) -> Ms {
    rules.iter().filter_map(|flow| ms(&flow.doc, "extension.span.min")).max().unwrap_or(0)
}

/// The lists of both revisions one after the other, the promised ones first; what reads the same is asked once.
fn joined(promised: &Approval, today: &Approval) -> Approval {
    if !promised.asks() || !today.asks() {
        return if promised.asks() { promised.clone() } else { today.clone() };
    }
    let both = promised.lists.iter().flat_map(|one| {
        today
            .lists
            .iter()
            .map(move |other| if one == other { one.clone() } else { [&one[..], other].concat() })
    });
    let lesser = |one: Option<Ms>, other: Option<Ms>| one.into_iter().chain(other).min();
    // What reads the same as a whole is asked for once, and so is each list that does.
    let same = promised.lists == today.lists;
    let mut lists: Vec<Vec<Value>> = if same { today.lists.clone() } else { Vec::new() };
    for list in both.filter(|_| !same) {
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    Approval {
        lists,
        in_turn: promised.in_turn || today.in_turn,
        denials: promised.denials.min(today.denials),
        decide_within: lesser(promised.decide_within, today.decide_within),
        lane: None,
    }
}

impl Judge<'_> {
    /// How an extension would be decided under these rules.
    fn decided(
        &self,
        rules: &[Rc<Flow>],
        grant: &Grant,
        holder: &Value,
        about: &About,
    ) -> (Approval, bool, Option<Ms>) {
        let used = u32::try_from(grant.extended.len()).unwrap_or(u32::MAX);
        let (mut approval, mut lane, mut bridges) = (Approval::default(), false, Vec::new());
        for flow in rules {
            let mut own = flow.of_extension();
            let free = used < count(&flow.doc, "extension.approval.first").unwrap_or(0);
            let about = About { flow, ..*about };
            let skips = grant.glass || free;
            let fast = !skips && self.lane(&own, holder, &about, true);
            lane |= fast && own.asks();
            if skips || fast {
                own = Approval::default();
            }
            if own.asks() {
                bridges.push(ms(&flow.doc, "extension.approval.bridge"));
            }
            approval = if approval.asks() || own.asks() { joined(&own, &approval) } else { own };
        }
        let bridge = bridges.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
        (approval, lane, bridge)
    }

    pub(super) fn about_extension<'a>(
        &'a self,
        grant: &'a Grant,
        flow: &'a Flow,
        items: &'a [Value],
        span: Ms,
    ) -> About<'a> {
        About {
            flow,
            items,
            span,
            requester: text(self.actor, "id"),
            holder: grant.holder_id(),
            reason: self.reason_of(),
            extension: grant.extended.len(),
            login: self.actor,
        }
    }

    /// The latest end that total and `until` allow, guards, and hours.
    fn ceilings(&self, rules: &[Rc<Flow>], grant: &Grant) -> [Option<Ms>; 3] {
        let since = grant.since.unwrap_or(self.now);
        let total = least(rules, "extension.total").map(|total| since + total);
        let until = self.world.flow(&grant.flow.id, Ms::MAX).and_then(|(today, _)| today.until());
        let items = grant.scope_items();
        let guards = self.guarding(&items).filter_map(|guard| ms(guard, "require.max")).min();
        let open = binding(rules, grant).into_iter().filter(|hours| hours.is_open(self.now));
        [
            total.into_iter().chain(until).chain(rules.iter().filter_map(|flow| flow.until())).min(),
            guards.map(|max| since + max),
            open.filter_map(|hours| hours.close(self.now)).min(),
        ]
    }

    /// What is left under the lowest ceiling, and what is the least that gains.
    fn room(&self, rules: &[Rc<Flow>], grant: &Grant) -> (Option<Ms>, Ms) {
        let base = self.base(rules, grant);
        let lowest = self.ceilings(rules, grant).into_iter().flatten().min();
        (
            lowest.map(|lowest| (lowest - base).max(0)),
            least_span(rules).max(grant.end.unwrap_or(0) + 1 - base),
        )
    }

    /// The largest span that would pass; none does while hours are shut.
    fn most(&self, rules: &[Rc<Flow>], grant: &Grant) -> Ms {
        let (left, gains) = self.room(rules, grant);
        let most = least(rules, "extension.span.max").unwrap_or(0).min(left.unwrap_or(Ms::MAX));
        let shut = binding(rules, grant).iter().any(|hours| !hours.is_open(self.now));
        if most < gains || shut { 0 } else { most }
    }

    /// The span that a click without one gives.
    fn default_span(&self, rules: &[Rc<Flow>], grant: &Grant) -> Ms {
        let default = least(rules, "extension.span.default").unwrap_or(0).max(least_span(rules));
        let default = default.min(least(rules, "extension.span.max").unwrap_or(0));
        let (left, gains) = self.room(rules, grant);
        left.filter(|left| *left < default && *left >= gains).unwrap_or(default)
    }

    /// From where the span is counted.
    fn base(&self, rules: &[Rc<Flow>], grant: &Grant) -> Ms {
        let now = rules.iter().any(|flow| text(&flow.doc, "extension.anchor") == "now");
        if now { self.now } else { grant.end.unwrap_or(self.now) }
    }

    /// All checks of an extension in their order; `offered`: but for what the click must bring.
    pub(super) fn extension(&self, grant: &Grant, holder: &Value, offered: bool) -> Checked<Extension> {
        let (rules, withdrawn) = governing(self, grant);
        let party = [&grant.holder, &grant.requester]
            .iter()
            .any(|person| text(person, "id") == text(self.actor, "id"));
        let others = |flow: &Rc<Flow>| means(&texts(&flow.doc, "extension.others"), self.actor, "", &[]);
        let other = !rules.is_empty() && rules.iter().all(others);
        ensure(self.actor.is_object() && (party || other), "extension.not_holder", || Value::Null)?;
        self.stage(grant, Stage::Active, "grant.not_active")?;
        let end = grant.end.unwrap_or(0);
        let seen = super::time::instant(at(self.call, "if_ends_at"));
        ensure(seen.is_none_or(|seen| seen == end), "extension.stale", || json!({"ends": show(end)}))?;
        ensure(!withdrawn, "flow.withdrawn", || json!({"flow": grant.flow.id}))?;
        ensure(lets(&rules, grant), "extension.not_allowed", || Value::Null)?;
        let (used, times) = (grant.extended.len(), times(&rules, grant));
        ensure(
            used < usize::try_from(times).unwrap_or(0),
            "extension.used_up",
            || json!({"used": used, "times": times}),
        )?;
        let items = grant.scope_items();
        self.today(grant, holder, &rules, party)?;
        for flow in &rules {
            self.scope(flow, &items)?;
        }
        self.bounds()?;
        let span =
            super::time::span(at(self.call, "span")).unwrap_or_else(|| self.default_span(&rules, grant));
        for flow in &rules {
            let about = self.about_extension(grant, flow, &items, span);
            for all in [list(&flow.doc, "when"), list(&flow.doc, "extension.when")] {
                if let Some((code, condition)) = self.condition(all, holder, &about) {
                    return no(code, json!({"condition": condition}));
                }
            }
        }
        let base = self.base(&rules, grant);
        let new = (base + span).max(end);
        self.extension_guards(grant, holder, &items, &rules, (span, new))?;
        let today = rules.first().map_or(&grant.flow, |flow| flow);
        self.conflict(today, holder, Some(grant))?;
        let pending = grant.asks.as_ref().map(|ask| show(ask.decide_by));
        ensure(pending.is_none(), "extension.pending", || json!({"decide_by": pending}))?;
        self.extension_bounds(grant, &rules, (span, new))?;
        self.extension_quota(grant, &rules)?;
        if !offered {
            for flow in &rules {
                self.reason(at(&flow.doc, "extension.reason"), &flow.patterns)?;
            }
            for flow in &rules {
                self.login(at(&flow.doc, "extension.mfa"))?;
            }
        }
        let about = self.about_extension(grant, today, &items, span);
        let (approval, lane, bridge) = self.decided(&rules, grant, holder, &about);
        Ok(Extension { span, end: new, approval, lane, bridge })
    }

    /// The request's own checks of people, made again with today's facts.
    fn today(&self, grant: &Grant, holder: &Value, rules: &[Rc<Flow>], party: bool) -> Checked {
        let manager = text(if flag(holder, "unknown", false) { &grant.holder } else { holder }, "manager");
        for flow in rules.iter().filter(|_| party) {
            self.requester(flow, &grant.holder, manager, grant.glass)?;
        }
        for flow in rules {
            ensure(eligible(flow, holder, grant.glass), "person.not_eligible", || json!({"flow": flow.id}))?;
            if grant.glass && !flag(holder, "unknown", false) {
                let who = means(&texts(&flow.doc, "break_glass.who"), holder, "", &[]);
                ensure(who, "person.not_eligible", || json!({"flow": flow.id}))?;
            }
        }
        Ok(())
    }

    fn extension_guards(
        &self,
        grant: &Grant,
        holder: &Value,
        items: &[Value],
        rules: &[Rc<Flow>],
        (span, new): (Ms, Ms),
    ) -> Checked {
        let since = grant.since.unwrap_or(self.now);
        let today = self.world.flow(&grant.flow.id, Ms::MAX).map_or(grant.flow.clone(), |(today, _)| today);
        for guard in self.guarding(items) {
            let name = text(guard, "name");
            let automatic = grant.glass || rules.iter().chain([&today]).any(|flow| !flow.approval().asks());
            ensure(
                !(text(guard, "require.approval") == "steps" && automatic),
                "guard.unmet",
                || json!({"guard": name}),
            )?;
            if let Some(latest) = ms(guard, "require.max").map(|max| since + max) {
                let most = self.most(rules, grant);
                ensure(
                    new <= latest,
                    "guard.unmet",
                    || json!({"guard": name, "latest_end": show(latest), "most": most}),
                )?;
            }
            self.guard_when(guard, holder, &self.about_extension(grant, &today, items, span))?;
        }
        Ok(())
    }

    fn extension_bounds(&self, grant: &Grant, rules: &[Rc<Flow>], (span, new): (Ms, Ms)) -> Checked {
        let (min, max) = (least_span(rules), least(rules, "extension.span.max"));
        ensure(span >= min, "extension.too_short", || json!({"min": min, "max": max}))?;
        ensure(max.is_none_or(|max| span <= max), "extension.too_long", || json!({"min": min, "max": max}))?;
        let [over, _, close] = self.ceilings(rules, grant);
        let beyond = |latest: Option<Ms>, code| {
            let told = || json!({"latest_end": latest.map(show), "most": self.most(rules, grant)});
            ensure(latest.is_none_or(|latest| new <= latest), code, told)
        };
        beyond(over, "extension.over_total")?;
        let end = grant.end.unwrap_or(0);
        ensure(new > end, "extension.no_gain", || json!({"ends": show(end)}))?;
        let hours = binding(rules, grant);
        ensure(hours.iter().all(|hours| hours.is_open(self.now)), "hours.closed", || {
            let all_open = |at: &Ms| hours.iter().all(|hours| hours.is_open(*at));
            let next = |at: &Ms| hours.iter().try_fold(*at, |at, hours| hours.opens(at));
            let opens = std::iter::successors(next(&self.now), next).take(1_000).find(all_open);
            json!({"opens_at": opens.map(show), "why": hours.iter().find_map(|hours| hours.why(self.now))})
        })?;
        beyond(close, "hours.closed")
    }

    fn extension_quota(&self, grant: &Grant, rules: &[Rc<Flow>]) -> Checked {
        let of =
            |other: &&Rc<Grant>| other.flow.id == grant.flow.id && other.holder_id() == grant.holder_id();
        let used = self
            .world
            .grants
            .values()
            .filter(of)
            .flat_map(|other| other.extended.iter().copied().chain(other.asks.as_ref().map(|_| Ms::MAX)));
        let used: Vec<_> = used.collect();
        // Of two revisions' quotas the one that is full longest.
        let full = rules.iter().filter(|_| !grant.glass).filter_map(|flow| {
            let rule = at(&flow.doc, "limits.extensions");
            let (limit, resets_at) = self.rolling(rule, used.clone());
            let resets_at = if used.contains(&Ms::MAX) { Value::Null } else { resets_at };
            (!limit.is_null()).then(|| {
                (
                    resets_at.to_string(),
                    json!({"limit": limit, "per": ms(rule, "per"), "resets_at": resets_at}),
                )
            })
        });
        if let Some((_, details)) = full.max_by(|one, other| one.0.cmp(&other.0)) {
            return no("limit.extensions", details);
        }
        let opens = least(rules, "extension.window").map(|window| grant.end.unwrap_or(0) - window);
        ensure(
            opens.is_none_or(|opens| self.now >= opens),
            "extension.too_early",
            || json!({"opens_at": opens.map(show)}),
        )?;
        let cool = rules.iter().filter_map(|flow| ms(&flow.doc, "extension.cool_down")).max();
        let again = grant.extended.last().zip(cool).map(|(last, cool)| last + cool);
        ensure(
            again.is_none_or(|again| self.now >= again),
            "extension.too_soon",
            || json!({"opens_at": again.map(show)}),
        )
    }

    /// Refuses where a grant is in another stage.
    pub(super) fn stage(&self, grant: &Grant, wanted: Stage, code: &'static str) -> Checked {
        let expired = grant.outcome == "expired" && code != "request.closed";
        ensure(grant.stage == wanted, if expired { "grant.expired" } else { code }, || stands(grant))
    }

    /// What a button needs to know.
    pub(super) fn offer(&self, grant: &Grant, holder: &Value) -> Value {
        let (rules, _) = governing(self, grant);
        let judged = self.extension(grant, holder, true);
        let used = grant.extended.len();
        let mut offer = json!({"allowed": judged.is_ok(), "needs": [], "used": used});
        let stranger = matches!(&judged, Err(No { code: "extension.not_holder", .. }));
        if stranger {
            offer["used"] = json!(0);
        }
        offer["left"] = json!(0);
        if !stranger && lets(&rules, grant) && grant.stage == Stage::Active {
            let pending = usize::from(grant.asks.is_some());
            offer["left"] =
                json!(usize::try_from(times(&rules, grant)).unwrap_or(0).saturating_sub(used + pending));
            offer["ends_at"] = json!(grant.end.map(show));
            offer["latest_end"] = json!(self.ceilings(&rules, grant).into_iter().flatten().min().map(show));
        }
        match judged {
            Err(No { code, details, .. }) => {
                offer["opens_at"] = json!(self.passes_at(grant, holder).map(show));
                offer["refused"] = if details.is_empty() {
                    json!({"code": code})
                } else {
                    json!({"code": code, "details": details})
                };
            }
            Ok(judged) => self.offered(grant, &rules, &judged, &mut offer),
        }
        if let Some(offer) = offer.as_object_mut() {
            offer.retain(|_, value| !value.is_null());
        }
        offer
    }

    /// When the click would pass, where nothing else happens until then.
    fn passes_at(&self, grant: &Grant, holder: &Value) -> Option<Ms> {
        let mut now = self.now;
        for _ in 0..24 {
            let mut world = self.world.clone();
            world.settle(None, now);
            let grant = world.grant(&grant.id)?.clone();
            let judge = Judge { world: &world, policy: self.policy.clone(), now, ..*self };
            let Err(No { code, details, .. }) = judge.extension(&grant, holder, true) else {
                return Some(now);
            };
            let told = |name: &str| details.get(name).and_then(super::time::instant);
            let next = match code {
                "extension.too_early" | "extension.too_soon" | "hours.closed" => told("opens_at"),
                "limit.extensions" => told("resets_at").or_else(|| {
                    let mine = world.grants.values().filter(|other| {
                        other.flow.id == grant.flow.id && other.holder_id() == grant.holder_id()
                    });
                    mine.filter_map(|other| other.asks.as_ref().map(|ask| ask.decide_by)).min()
                }),
                "extension.pending" => told("decide_by"),
                "conflict.held" => {
                    let mut later = world.clone();
                    later.settle(None, super::checks::FAR);
                    let held = details.get("grant").and_then(Value::as_str);
                    held.and_then(|held| later.grant(held)).map(|held| held.closed_at).filter(|at| *at > 0)
                }
                "extension.no_gain" => {
                    let (rules, _) = governing(&judge, &grant);
                    Some(grant.end? - judge.default_span(&rules, &grant) + 1)
                }
                "grant.not_active" if grant.stage == Stage::Approved => grant.opens_at,
                _ => None,
            };
            if code == "extension.no_gain" && now == self.now {
                let (rules, _) = governing(&judge, &grant);
                let mut call = self.call.clone();
                call["span"] = json!(grant.end? + 1 - judge.base(&rules, &grant));
                let named = Judge { call: &call, world: &world, policy: self.policy.clone(), ..*self };
                if named.extension(&grant, holder, true).is_ok() {
                    return None;
                }
            }
            now = next.filter(|next| *next > now)?;
        }
        None
    }

    fn offered(&self, grant: &Grant, rules: &[Rc<Flow>], judged: &Extension, offer: &mut Value) {
        offer["default"] = json!(judged.span);
        offer["min"] = json!(self.room(rules, grant).1);
        offer["max"] = json!(self.most(rules, grant));
        let mut needs = Vec::new();
        if rules.iter().any(|flow| self.reason(at(&flow.doc, "extension.reason"), &flow.patterns).is_err()) {
            needs.push("reason");
        }
        if rules.iter().any(|flow| self.login(at(&flow.doc, "extension.mfa")).is_err()) {
            needs.push("mfa");
        }
        if judged.approval.asks() {
            needs.push("approval");
        }
        offer["needs"] = json!(needs);
    }
}

/// Where a grant stands, as refusals say it.
pub(super) fn stands(grant: &Grant) -> Value {
    let stage = super::queries::stage(grant);
    let waiting = (grant.stage == Stage::Approved).then_some(grant.waiting);
    let outcome = (grant.stage == Stage::Closed).then_some(grant.outcome);
    json!({"stage": stage, "waiting_for": waiting, "outcome": outcome, "ends": grant.end.map(show)})
}

impl Grant {
    /// What was asked, where a condition looks at it again.
    pub(super) fn about<'a>(&'a self, items: &'a [Value], login: &'a Value) -> About<'a> {
        About {
            flow: &self.flow,
            items,
            span: self.span,
            requester: text(&self.requester, "id"),
            holder: self.holder_id(),
            reason: self.reason.as_deref(),
            extension: 0,
            login,
        }
    }

    /// The items it is for, with the facts of their resources.
    pub(super) fn scope_items(&self) -> Vec<Value> {
        self.items.iter().filter(|item| self.scope.contains(&super::effects::item(item))).cloned().collect()
    }
}
