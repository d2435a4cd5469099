//! What a notice says: a subject, lines, a link, and what may be done about it.

mod event;
mod refused;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use tenure::tenure_core::effect::{Notice, Order};
use tenure::tenure_core::event::Event;
use tenure::tenure_core::grant::{Enforcement, Outcome, Waiting};
use tenure::tenure_core::offer::Need;
use tenure::tenure_core::person::Record as Facts;
use tenure::tenure_core::record::Entry;
use tenure::{Engine, GrantId, Item, Offer, Person, PersonId, Span, Taken, Timestamp, Trouble, View};

use event::Story;
pub use refused::refused;

/// Items that are named; of more, the number is told.
const ITEMS_NAMED: usize = 10;

/// What a host knows of people, whom the library never looks up.
pub trait Directory: Send + Sync {
    /// The facts of that person, as of now; none where nobody knows them.
    fn person(&self, id: &PersonId) -> Option<Person>;

    /// What people call them; their id where that is all.
    fn name(&self, id: &PersonId) -> Option<String> {
        let _ = id;
        None
    }

    /// What the host says of the situation when that person asks for something or is offered it.
    fn context(&self, person: &Person) -> Facts {
        let _ = person;
        Facts::new()
    }
}

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What it is about.
    pub notice: Notice,
    /// Of which grant.
    pub grant: GrantId,
    /// What it is, whose and under which flow, in one line without control characters.
    pub subject: String,
    /// The rest of it.
    #[serde(skip)]
    pub lines: Vec<Line>,
    /// Where the grant can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What may be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub says: Vec<Said>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Words and names.
    Words(String),
    /// An instant, for each reader in their own time where that can be had.
    At(Timestamp),
    /// What a person wrote. It may be several lines, and may try to look like ours.
    Quote(String),
}

/// What may be done about a notice. Whether it passes, the engine says when it is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "may", rename_all = "snake_case")]
pub enum Action {
    /// Approve or deny the request.
    Decide {
        /// The hash of what is decided on.
        content: String,
    },
    /// Approve or deny the extension.
    DecideExtension {
        /// The hash of what is decided on.
        content: String,
    },
    /// Extend the access.
    Extend {
        /// By so much, which is what the engine offers.
        span: Span,
        /// The end as it stands.
        if_ends_at: Option<Timestamp>,
        /// What it must bring.
        needs: BTreeSet<Need>,
    },
    /// Begin the access, which waits for its holder.
    Activate,
    /// Say what came of looking at emergency access.
    Review,
}

/// Where a grant can be looked at: the host's.
type Link = Arc<dyn Fn(&GrantId) -> Option<String> + Send + Sync>;

/// What time it is: the host's.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Puts notices into words.
#[derive(Clone)]
pub struct Words {
    engine: Engine,
    directory: Arc<dyn Directory>,
    link: Link,
    clock: Clock,
    wall: Option<Clock>,
}

impl Words {
    /// Of what that engine has to tell.
    #[must_use]
    pub fn new(engine: Engine, directory: Arc<dyn Directory>) -> Self {
        let stores = engine.clone();
        let clock: Clock = Arc::new(move || stores.clock());
        Self { engine, directory, link: Arc::new(|_| None), clock, wall: None }
    }

    /// Where a grant can be looked at.
    #[must_use]
    pub fn link(mut self, link: impl Fn(&GrantId) -> Option<String> + Send + Sync + 'static) -> Self {
        self.link = Arc::new(link);
        self
    }

    /// What time it is when a notice is delivered: the store's clock where a host says nothing.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What time it is for everybody else, where the engine's runs otherwise, as in a demo: what is dated for others carries
    /// it, and pauses that they ask for are counted by it.
    #[must_use]
    pub fn wall(mut self, wall: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.wall = Some(Arc::new(wall));
        self
    }

    /// What time it is for everybody else.
    #[must_use]
    pub fn wall_now(&self) -> Timestamp {
        self.wall.as_ref().map_or_else(|| self.now(), |wall| wall())
    }

    /// What time it is for the engine.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The engine that is spoken of.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whom a host knows.
    #[must_use]
    pub fn directory(&self) -> &dyn Directory {
        &*self.directory
    }

    /// A notice in words.
    ///
    /// # Errors
    /// [`Trouble`] where the effect is no notice, or the engine cannot say what it is about.
    pub fn tell(&self, effect: &Taken, now: Timestamp) -> Result<Told, Trouble> {
        self.tell_of(effect, now).map(|(told, _)| told)
    }

    /// The same, with the grant as it stands.
    pub(crate) fn tell_of(&self, effect: &Taken, now: Timestamp) -> Result<(Told, View), Trouble> {
        let Order::Tell { notice, ends, .. } = &effect.order else {
            return Err(Trouble::of(format!("`{}` is no notice", effect.kind)).last());
        };
        let view = self.look(&effect.grant, now)?;
        let story = self.story(effect)?;
        let subject = self.subject(event::headline(*notice, story.as_ref(), &view), &view)?;
        let action = self.action(*notice, &view, now)?;
        let mut lines = self.about(&view);
        if let Some(story) = &story {
            lines.extend(event::lines(story, |id| self.name(id)));
        }
        lines.extend(self.times(*notice, &view, *ends, now)?);
        let link = (self.link)(&view.id);
        Ok((Told { notice: *notice, grant: view.id.clone(), subject, lines, link, action }, view))
    }

    /// What is now true of a grant about which that notice was sent, with what may still be done about it: what a
    /// message says after somebody did something.
    ///
    /// # Errors
    /// [`Trouble`] where the engine cannot say.
    pub fn stands(&self, grant: &GrantId, about: Notice, now: Timestamp) -> Result<Told, Trouble> {
        let view = self.look(grant, now)?;
        let subject = self.subject(standing(&view), &view)?;
        let mut lines = self.about(&view);
        lines.extend(self.times(about, &view, view.ends_at, now)?);
        let action = self.action(about, &view, now)?;
        Ok(Told { notice: about, grant: grant.clone(), subject, lines, link: (self.link)(grant), action })
    }

    /// What people call that person.
    #[must_use]
    pub fn name(&self, id: &PersonId) -> String {
        one_line(&self.directory.name(id).unwrap_or_else(|| id.to_string()))
    }

    fn look(&self, grant: &GrantId, now: Timestamp) -> Result<View, Trouble> {
        self.engine
            .look(grant, now)?
            .ok_or_else(|| Trouble::of(format!("there is no grant `{grant}`")).last())
    }

    /// What happened that the notice tells of: the event that made it, and what was written with it.
    fn story(&self, effect: &Taken) -> Result<Option<Story>, Trouble> {
        let history = self.engine.history(&effect.grant)?;
        let events = history.iter().filter_map(|record| match &record.entry {
            Entry::Event(event) => Some(event),
            Entry::Refused(_) | Entry::Published(_) | Entry::MoreRefused(_) | Entry::Revoked(_) => None,
        });
        let mut events = events.rev();
        let made = |event: &&Event| event.effects.iter().any(|made| made.number == effect.number);
        let Some(event) = events.find(made).cloned() else { return Ok(None) };
        let before = events.next().filter(|before| before.cause.is_some() && before.cause == event.cause);
        let written = before.and_then(|before| event::written(&before.happened));
        Ok(Some(Story { event, written }))
    }

    /// What it is, then the flow and the holder.
    fn subject(&self, headline: &str, view: &View) -> Result<String, Trouble> {
        let policy = self.engine.policy()?;
        let flow = policy.as_ref().and_then(|policy| policy.flows.get(&view.flow));
        let title = flow.and_then(|flow| flow.title.clone()).unwrap_or_else(|| view.flow.to_string());
        Ok(format!("{headline}: {}, {}", one_line(&title), self.name(&view.holder)))
    }

    /// What was asked for, for whom and why.
    fn about(&self, view: &View) -> Vec<Line> {
        let mut lines =
            vec![Line::words("What", items(&view.items)), Line::words("For", self.name(&view.holder))];
        if view.requester != view.holder {
            lines.push(Line::words("Asked by", self.name(&view.requester)));
        }
        lines.extend(view.reason.iter().map(|reason| Line::quote("Why", reason)));
        lines.extend(view.fields.iter().map(|(name, text)| Line::quote(name, text)));
        lines
    }

    /// What time does to it, and what may be done about that.
    fn times(
        &self,
        notice: Notice,
        view: &View,
        ends: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Line>, Trouble> {
        let mut lines = Vec::new();
        if view.ends_at.is_none() && view.outcome.is_none() {
            lines.push(Line::words("For how long", view.granted.to_string()));
            lines.extend(view.starts_at.map(|at| Line::at("Starts", at)));
        }
        lines.extend(view.decide_by.map(|at| Line::at("Decide by", at)));
        if let Some(asked) = &view.extension_asked {
            lines.push(Line::words("Asked to extend by", asked.span.to_string()));
            lines.push(Line::words("Asked by", self.name(&asked.by)));
            lines.extend(asked.reason.iter().map(|reason| Line::quote("Why longer", reason)));
            lines.extend(asked.fields.iter().map(|(name, text)| Line::quote(name, text)));
            lines.push(Line::at("Would end", asked.ends_at));
            lines.push(Line::at("Decide by", asked.decide_by));
        }
        let ended = view.closed_at.filter(|_| view.outcome.is_some());
        match ended {
            Some(at) => lines.push(Line::at("Over since", at)),
            None => lines.extend(view.ends_at.or(ends).map(|at| Line::at("Ends", at))),
        }
        if matches!(notice, Notice::EndingSoon)
            && let Some(offer) = self.offer(view, now)?
        {
            lines.push(extendable(&offer));
        }
        if matches!(notice, Notice::Stuck) {
            lines.push(Line::words("At the targets", at_targets(view.enforcement)));
        }
        lines.extend(view.review.as_ref().map(|review| Line::at("Review due", review.due)));
        Ok(lines)
    }

    /// What may be done. The stage says what is still there to be done; whether it passes, the engine says.
    fn action(&self, notice: Notice, view: &View, now: Timestamp) -> Result<Option<Action>, Trouble> {
        let decide = || {
            let request = view.decide_by.map(|_| Action::Decide { content: view.content.clone() });
            let asked = view.extension_asked.as_ref();
            request.or_else(|| asked.map(|asked| Action::DecideExtension { content: asked.content.clone() }))
        };
        Ok(match notice {
            Notice::ApprovalWanted | Notice::Escalated | Notice::ExtensionWanted => decide(),
            Notice::EndingSoon => self.offer(view, now)?.filter(|offer| offer.allowed).and_then(|offer| {
                let if_ends_at = offer.ends_at;
                offer.default.map(|span| Action::Extend { span, if_ends_at, needs: offer.needs })
            }),
            Notice::Decided => (view.waiting_for == Some(Waiting::Holder)).then_some(Action::Activate),
            Notice::BreakGlass | Notice::ReviewDue => view.awaits_review().then_some(Action::Review),
            Notice::Active | Notice::Extended | Notice::Ended | Notice::Stuck => None,
        })
    }

    /// What the engine offers the holder, of access that runs.
    fn offer(&self, view: &View, now: Timestamp) -> Result<Option<Offer>, Trouble> {
        let Some(holder) = self.directory.person(&view.holder).filter(|_| view.held_until.is_some()) else {
            return Ok(None);
        };
        let context = self.directory.context(&holder);
        Ok(Some(self.engine.offer_in(&view.id, &holder, &context, now)?))
    }
}

impl Told {
    /// The lines as plain text: what a person wrote stands behind marks, line by line, so that it passes for nothing else.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.lines.iter().map(Line::text);
        let link = self.link.iter().map(|link| format!("\n{link}"));
        lines.chain(link).collect::<Vec<_>>().join("\n")
    }
}

impl Line {
    pub(crate) fn words(label: &str, words: impl Into<String>) -> Self {
        Self { label: label.to_owned(), says: vec![Said::Words(words.into())] }
    }

    pub(crate) fn at(label: &str, at: Timestamp) -> Self {
        Self { label: label.to_owned(), says: vec![Said::At(at)] }
    }

    pub(crate) fn quote(label: &str, written: &str) -> Self {
        Self { label: one_line(label), says: vec![Said::Quote(clean(written))] }
    }

    fn text(&self) -> String {
        let said = self.says.iter().map(|said| match said {
            Said::Words(words) => words.clone(),
            Said::At(at) => minute(*at),
            Said::Quote(written) => written.lines().map(|line| format!("\n> {line}")).collect::<String>(),
        });
        format!("{}: {}", self.label, said.collect::<String>())
    }
}

/// An instant for people, to the minute that has begun: nobody counts on access for longer than it lasts.
#[must_use]
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// One line without control characters: for names, titles and subjects.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words = clean(text);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a person wrote, without what would steer a screen or turn the order of letters round.
fn clean(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    let shown = |c: char| if c != '\n' && (c.is_control() || turns(c)) { ' ' } else { c };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

/// Items by name, the first of them where there are many.
fn items(items: &BTreeSet<Item>) -> String {
    let one = |item: &Item| {
        let of = &item.resource;
        one_line(&format!("{} {}/{} ({})", of.kind, of.integration, of.name, item.permission))
    };
    let mut named: Vec<_> = items.iter().take(ITEMS_NAMED).map(one).collect();
    if let Some(more) = items.len().checked_sub(ITEMS_NAMED).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}

/// What an extension would give, or why there is none.
fn extendable(offer: &Offer) -> Line {
    let label = "May be extended";
    let (Some(span), true) = (offer.default, offer.allowed) else {
        let why = offer.refused.as_ref().map_or_else(|| "no".to_owned(), refused);
        let mut line = Line::words(label, format!("no. {why}"));
        if let Some(at) = offer.opens_at {
            line.says.extend([Said::Words(" From ".to_owned()), Said::At(at)]);
        }
        return line;
    };
    let needs = offer.needs.iter().map(|need| match need {
        Need::Reason => "a reason",
        Need::Mfa => "a fresh sign-in",
        Need::Approval => "an approval",
    });
    let needs = needs.collect::<Vec<_>>().join(" and ");
    let needs = if needs.is_empty() { needs } else { format!("; it takes {needs}") };
    Line::words(label, format!("by {span}, {} left{needs}", offer.left))
}

/// What a grant is now, as a headline.
fn standing(view: &View) -> &'static str {
    match (view.outcome, view.stage.as_str()) {
        (Some(outcome), _) => ended(outcome),
        (None, "active") if view.extension_asked.is_some() => "Access runs, an extension is awaited",
        (None, "active") => "Access runs",
        (None, "approved") => "Approved",
        (None, _) => "Waits for approval",
    }
}

/// How it ended, as a headline.
const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Denied => "Denied",
        Outcome::Withdrawn => "Withdrawn",
        Outcome::Undecided => "Not decided in time",
        Outcome::Unused => "Access was never taken up",
        Outcome::Failed => "Access could not be given",
        Outcome::Expired => "Access has ended",
        Outcome::GivenBack => "Access was given back",
        Outcome::Revoked => "Access was revoked",
    }
}

const fn at_targets(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::None => "nothing was told",
        Enforcement::Removed => "access was taken away",
        Enforcement::Applied => "access was given",
        Enforcement::Applying => "access is being given",
        Enforcement::Removing => "access is being taken away",
        Enforcement::StuckApplying => "giving access fails again and again",
        Enforcement::StuckRemoving => "taking access away fails again and again",
    }
}
