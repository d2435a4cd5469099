//! Somebody asks for access.

use std::sync::Arc;

use tenure::tenure_core::id::{FlowId, GrantId};
use tenure::{Asked, Person, Resource, Span, Timestamp};
use tenure_port::Call;
use tenure_port::call::Request;

use super::Workload;
use super::cast::{PERMISSIONS, SHELVES, id};
use super::law::{Hints, Whose, means};
use super::policy::GOOD_REASON;

impl Workload {
    pub(super) fn request(&mut self) -> Call {
        let slot = self.dice.place(self.law.flows.len());
        let unknown = self.dice.one_in(90);
        let Some(hints) = self.law.flows.get(slot).filter(|_| !unknown).cloned() else {
            return self.unknown_flow();
        };
        if hints.stands(self.clock) || self.dice.one_in(12) {
            return self.request_under(&hints);
        }
        // Flows that are withdrawn are seldom asked for.
        let open: Vec<Arc<Hints>> =
            self.law.flows.iter().filter(|hints| hints.stands(self.clock)).cloned().collect();
        match self.dice.of(&open).cloned() {
            Some(hints) => self.request_under(&hints),
            None if self.dice.one_in(20) => self.new_policy(),
            None => self.request_under(&hints),
        }
    }

    fn unknown_flow(&mut self) -> Call {
        let place = self.cast.anybody(&mut self.dice);
        let mut ask = self.plain(place, None);
        ask.flow = Some(id::<FlowId>("nope"));
        ask.break_glass = self.dice.one_in(5);
        ask.items = self.items(&[(0, 0)]);
        Call::Request(ask)
    }

    fn request_under(&mut self, hints: &Hints) -> Call {
        let glass = hints.glass.as_ref().filter(|_| self.dice.chance(30));
        let glass = glass.filter(|_| hints.own.is_none() || self.dice.one_in(6));
        let glass = glass.cloned();
        let emergency = glass.is_some() || self.dice.one_in(60);
        let who = glass.as_ref().map_or(&hints.who, |glass| &glass.who);
        let nobody = Whose { holder: None, owners: &[] };
        let eligible = |person: &Person| {
            means(who, person, nobody) && !hints.except.iter().any(|except| except.excludes(person))
        };
        let holder = self.somebody(eligible);
        let asks_own = hints.own.as_ref().is_none_or(|own| means(own, self.cast.person(holder), nobody));
        let behalf = !emergency && !hints.others.is_empty() && (!asks_own || self.dice.chance(35))
            || self.dice.one_in(40);
        let requester = if behalf {
            let person = self.cast.person(holder).clone();
            let whose = Whose { holder: Some(&person), owners: &[] };
            self.somebody(|one| means(&hints.others, one, whose))
        } else {
            holder
        };
        let mut ask = self.plain(requester, hints.login);
        ask.flow = Some(hints.id.clone());
        ask.holder = (behalf || self.dice.one_in(25)).then(|| self.present(holder, None));
        ask.break_glass = emergency;
        self.wanted_items(hints, &mut ask);
        let max = glass.map_or(hints.max, |glass| glass.max);
        ask.span = self.wanted_span(hints.min, max);
        ask.start = self.wanted_start(hints.ahead, emergency);
        Call::Request(ask)
    }

    /// A request for all that a kit names.
    pub(super) fn request_kit(&mut self) -> Call {
        let slot = self.dice.place(self.press.kits.len());
        let kit = self.press.kits.get(slot).filter(|_| !self.dice.one_in(25)).cloned();
        let (kit, flows) = kit.unwrap_or_else(|| (id("k9"), Vec::new()));
        let of: Vec<Arc<Hints>> = flows.iter().filter_map(|flow| self.hints(flow)).cloned().collect();
        let nobody = Whose { holder: None, owners: &[] };
        let place = self.somebody(|person| {
            of.iter().all(|hints| {
                means(&hints.who, person, nobody) && !hints.except.iter().any(|one| one.excludes(person))
            })
        });
        let login = of.iter().find_map(|hints| hints.login);
        let mut ask = self.plain(place, login);
        ask.kit = Some(kit);
        if self.dice.one_in(12) {
            ask.grant = self.kit_before().or(ask.grant.take());
        }
        let (longest, ahead) = (self.theme.unit.saturating_mul(4), self.theme.unit.saturating_mul(3));
        ask.span = if self.dice.chance(60) { None } else { self.wanted_span(self.theme.unit, longest) };
        ask.start = if self.dice.chance(85) { None } else { self.wanted_start(ahead, false) };
        ask.resources = self.described();
        if self.dice.one_in(12) {
            let holder = self.cast.anybody(&mut self.dice);
            ask.holder = Some(self.present(holder, None));
        }
        Call::Request(ask)
    }

    /// The id that a kit was given before.
    fn kit_before(&self) -> Option<GrantId> {
        let of_kit = self.memory.grants.iter().rev().find_map(|grant| grant.id.as_str().rsplit_once(".f"));
        of_kit.map(|(prefix, _)| id(prefix))
    }

    /// A request with all that is brought, and nothing that is wanted.
    fn plain(&mut self, requester: usize, login: Option<Option<u64>>) -> Request {
        let command_id = self.command_id();
        let grant = match self.dice.count(0, 39) {
            0 => self
                .memory
                .any(&mut self.dice, self.clock)
                .and_then(|place| self.memory.grants.get(place))
                .map(|known| known.id.clone()),
            1..=4 => None,
            _ => Some(self.grant_id()),
        };
        let reason = self.reason();
        Request {
            actor: self.actor(requester, login),
            command_id: Some(command_id),
            context: self.context(),
            now: self.now(),
            grant,
            flow: None,
            kit: None,
            items: Vec::new(),
            span: None,
            start: None,
            fields: if reason.is_some() && self.dice.chance(85) {
                self.fields.clone()
            } else {
                Default::default()
            },
            reason,
            holder: None,
            break_glass: false,
            resources: Vec::new(),
        }
    }

    /// A reason: mostly a good one, else none, a blank one, one that does not fit, or one beyond all bounds.
    pub(super) fn reason(&mut self) -> Option<String> {
        let endless = if self.careless { 12 } else { 900 };
        if self.dice.one_in(endless) {
            return Some("x".repeat(if self.dice.chance(50) { 4_097 } else { 4_096 }));
        }
        match self.dice.count(0, 19) {
            2..=6 if self.careless => None,
            0 => None,
            1 => Some("because".to_owned()),
            2 => Some("  ".to_owned()),
            3..=6 if !self.theme.has(super::theme::Feature::Reasons) => None,
            _ => Some(GOOD_REASON.to_owned()),
        }
    }

    fn wanted_items(&mut self, hints: &Hints, ask: &mut Request) {
        if hints.whole {
            ask.resources = self.described();
            if self.dice.one_in(40) {
                ask.items = self.items(&[(0, 0)]);
            }
            return;
        }
        if self.dice.one_in(80) {
            return;
        }
        let many = *self.dice.of(&[1, 1, 1, 2, 2, 3]).unwrap_or(&1);
        let mut wanted: Vec<(usize, usize)> =
            (0..many).filter_map(|_| self.dice.of(&hints.offers).copied()).collect();
        if wanted.is_empty() || self.dice.one_in(20) {
            wanted.push((self.dice.place(SHELVES), self.dice.place(PERMISSIONS.len())));
        }
        ask.items = self.items(&wanted);
        if self.dice.one_in(2_500) {
            let one = ask.items.first().cloned();
            ask.items = one.into_iter().cycle().take(101).collect();
        }
    }

    /// Items with what the host knows of them; in rare cases it knows something else.
    fn items(&mut self, wanted: &[(usize, usize)]) -> Vec<Asked> {
        let mut items = Vec::with_capacity(wanted.len());
        for (resource, permission) in wanted {
            let resource = if self.dice.one_in(12) { resource.saturating_add(SHELVES) } else { *resource };
            let found = self.cast.resources.get(resource).zip(PERMISSIONS.get(*permission));
            if let Some((resource, permission)) = found {
                items.push(Asked { resource: Arc::clone(resource), permission: (*permission).to_owned() });
            }
        }
        items
    }

    /// What the host says of resources that a whole list or a kit names: all, some, or nothing.
    fn described(&mut self) -> Vec<Arc<Resource>> {
        let most = match self.dice.count(0, 5) {
            0 => 0,
            1 => self.dice.place(SHELVES),
            _ => SHELVES,
        };
        self.cast.resources.iter().take(most).cloned().collect()
    }

    /// A span within its bounds, at one, or a millisecond beyond.
    pub(super) fn wanted_span(&mut self, min: u64, max: u64) -> Option<Span> {
        let millis = match self.dice.count(0, 29) {
            0..=13 => return None,
            14..=17 => max,
            18 => max.saturating_add(1),
            19..=20 => min,
            21 => min.saturating_sub(1),
            22 => 0,
            _ => self.theme.unit.saturating_mul(self.dice.number(1, 4)).clamp(min, max.max(min)),
        };
        Some(Span::millis(millis))
    }

    fn wanted_start(&mut self, ahead: u64, emergency: bool) -> Option<Timestamp> {
        let planned = if emergency { self.dice.one_in(30) } else { ahead > 0 && self.dice.chance(45) };
        if !planned && !self.dice.one_in(60) {
            return None;
        }
        let clock = self.clock;
        Some(match self.dice.count(0, 11) {
            0 => clock,
            1 => clock.minus(Span::millis(1)),
            2 => clock.plus(Span::millis(ahead)),
            3 => clock.plus(Span::millis(ahead.saturating_add(1))),
            4 => clock.plus(Span::millis(1)),
            5 => self.memory.next_deadline(clock).unwrap_or(clock),
            _ => clock.plus(Span::millis(self.theme.unit.saturating_mul(self.dice.number(1, 3)).min(ahead))),
        })
    }
}
