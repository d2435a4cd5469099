//! One step: when, what, and what must come of it.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tenure_port::core::time::Timestamp;
use tenure_port::policy::document::{Entry, Node, Value};
use tenure_port::policy::problem::Code;

use super::value::all;
use super::{Cast, Reader, Reading, join, keys};
use crate::shape::{self, Answers, Field, Kind, Shape};
use crate::story::{Ask, Deed, Named, Said, Step, StepClock, Told};
use crate::trouble::{Trouble, quote};

const STAGES: &[&str] = &["pending", "approved", "active", "closed"];
const OUTCOMES: &[&str] =
    &["denied", "withdrawn", "undecided", "unused", "failed", "expired", "given_back", "revoked"];
/// What the host itself is called in a story.
const HOST: &str = "system:scenario";

impl Reading<'_> {
    pub(super) fn steps(&mut self, node: &Node, path: &str, cast: &mut Cast) -> Option<Vec<Step>> {
        let Some(list) = node.field("steps") else {
            self.reader.missing(node, path, "steps", "a list of what happens");
            return None;
        };
        let path = join(path, "steps");
        let mut now = cast.start;
        let mut steps = Vec::new();
        let before = self.reader.found.len();
        for (index, item) in self.reader.list(list, &path)?.iter().enumerate() {
            steps.extend(self.step(item, &format!("{path}[{index}]"), index + 1, cast, &mut now));
        }
        if self.reader.found.len() == before && steps.iter().all(|step| step.expect.is_empty()) {
            let trouble = Trouble::new(Code::MissingField, path, list.place(), "no step expects anything");
            self.reader.trouble(trouble.help("say in `expect` what must come of at least one step"));
        }
        Some(steps)
    }

    fn step(
        &mut self,
        node: &Node,
        path: &str,
        number: usize,
        cast: &mut Cast,
        now: &mut Timestamp,
    ) -> Option<Step> {
        let entries = self.reader.entries(node, path)?;
        let clock = match self.reader.optional(node, path, "clock", clock_word).as_deref() {
            Some("back") => StepClock::Back,
            Some("ahead") => StepClock::Ahead,
            _ => StepClock::Story,
        };
        let at = self.at(node, path, cast.start, clock, now);
        let verb = self.verb(node, entries, path);
        let (deed, answers) = match verb {
            Some(entry) => self.deed(entry, &join(path, entry.key()), cast).unzip(),
            None => (None, None),
        };
        let expect = match node.field("expect") {
            Some(expect) => self.expect(expect, &join(path, "expect"), answers, cast.start),
            None => Vec::new(),
        };
        let line = node.place().line().unwrap_or(1);
        Some(Step { number, line, at: at?, clock, deed: deed?, expect })
    }

    fn at(
        &mut self,
        node: &Node,
        path: &str,
        start: Timestamp,
        clock: StepClock,
        now: &mut Timestamp,
    ) -> Option<Timestamp> {
        let Some(written) = node.field("at") else {
            self.reader.missing(node, path, "at", "an offset from the start such as `50m`, or an instant");
            return None;
        };
        let path = join(path, "at");
        let at = self.reader.offset(written, &path, start)?;
        // Nothing is later, so no worker could have anything until later.
        if at >= Timestamp::MAX {
            let message = format!("a step is before the last instant there is, `{}`", Timestamp::MAX);
            let trouble = Trouble::new(Code::BadTime, path, written.place(), message);
            let most = crate::story::offset(start, Timestamp::MAX);
            self.reader
                .trouble(trouble.help(format!("write less than `{most}`, which is that from this start")));
            return None;
        }
        let (wrong, help) = match clock {
            StepClock::Story => {
                (at < *now, "a step comes after those before it; `clock: back` is a host that is behind")
            }
            StepClock::Back => (at > *now, "a host that is behind reads an earlier time than the story's"),
            StepClock::Ahead => (at < *now, "a host that is ahead reads a later time than the story's"),
        };
        if wrong {
            let message = format!("the story stands at {} already", crate::story::offset(start, *now));
            let trouble = Trouble::new(Code::OutOfRange, path, written.place(), message);
            self.reader.trouble(trouble.help(help));
        } else if clock == StepClock::Story {
            *now = at;
        }
        Some(at)
    }

    /// The one field that says what happens.
    fn verb<'n>(&mut self, node: &Node, entries: &'n [Entry], path: &str) -> Option<&'n Entry> {
        let verbs: Vec<&str> = shape::verbs().collect();
        let mut said = None;
        for (key, entry) in keys(entries).filter(|(key, _)| !matches!(*key, "at" | "clock" | "expect")) {
            if !verbs.contains(&key) {
                self.reader.unknown(entry, path, key, &verbs, "a step");
            } else if said.is_some() {
                let message = "a step does one thing";
                let trouble = Trouble::new(Code::Contradiction, join(path, key), entry.key_place(), message);
                self.reader.trouble(trouble.help("write two steps with the same `at`"));
            } else {
                said = Some(entry);
            }
        }
        let strange = entries
            .iter()
            .any(|entry| !verbs.contains(&entry.key()) && !matches!(entry.key(), "at" | "clock" | "expect"));
        if said.is_none() && !strange {
            let message = "nothing happens in this step";
            let trouble = Trouble::new(Code::MissingField, path.to_owned(), node.place(), message);
            let all: Vec<String> = verbs.iter().map(|verb| format!("`{verb}`")).collect();
            self.reader.trouble(trouble.help(format!("name one of {}", all.join(", "))));
        }
        said
    }

    fn deed(&mut self, entry: &Entry, path: &str, cast: &mut Cast) -> Option<(Deed, Answers)> {
        let node = entry.node();
        match entry.key() {
            "restart" => {
                self.reader.entries(node, path)?;
                self.reader.only(node, path, &[], "`restart`");
                Some((Deed::Restart, Answers::Nothing))
            }
            "person" => {
                let name = self.reader.required(node, path, "who", Reader::text)?;
                let person = self.person(&name, node, path, &["who"], cast.start)?;
                cast.people.insert(name.clone(), person);
                Some((Deed::Person(name), Answers::Nothing))
            }
            "provisioned" => self.verdict("provisioned", node, path, cast),
            "failed" => self.verdict("failed", node, path, cast),
            "explain" => self.explain(node, path, cast).map(|ask| (Deed::Call(ask), Answers::Checks)),
            verb => {
                let ask = self.ask(shape::of(verb)?, node, path, cast)?;
                let answers = ask.answers;
                Some((Deed::Call(ask), answers))
            }
        }
    }

    /// A command that is not carried out: `explain: {extend: {as: alice, grant: g1}}`.
    fn explain(&mut self, node: &Node, path: &str, cast: &mut Cast) -> Option<Ask> {
        let entries = self.reader.entries(node, path)?;
        let commands: Vec<&str> =
            shape::CALLS.iter().map(|shape| shape.verb).take_while(|verb| *verb != "sweep").collect();
        self.reader.only(node, path, &commands, "`explain`");
        let mut said = keys(entries).filter(|(key, _)| commands.contains(key));
        let Some((verb, entry)) = said.next() else {
            let trouble =
                Trouble::new(Code::MissingField, path.to_owned(), node.place(), "no command to explain");
            self.reader
                .trouble(trouble.help("write it as in a step: `explain: {extend: {as: alice, grant: g1}}`"));
            return None;
        };
        if let Some((other, entry)) = said.next() {
            let message = "one command is explained at a time";
            self.reader.trouble(Trouble::new(
                Code::Contradiction,
                join(path, other),
                entry.key_place(),
                message,
            ));
        }
        let of = self.ask(shape::of(verb)?, entry.node(), &join(path, verb), cast)?;
        Some(Ask {
            verb: "explain",
            answers: Answers::Checks,
            who: of.who.clone(),
            grant: of.grant.clone(),
            fields: Vec::new(),
            of: Some(Box::new(of)),
        })
    }

    fn verdict(
        &mut self,
        verb: &'static str,
        node: &Node,
        path: &str,
        cast: &mut Cast,
    ) -> Option<(Deed, Answers)> {
        self.reader.entries(node, path)?;
        let done = verb == "provisioned";
        let known = if done { shape::PROVISIONED } else { shape::FAILED };
        self.reader.only(node, path, known, &format!("`{verb}`"));
        let grant = self.reader.required(node, path, "grant", Reader::text);
        let effect = self.reader.optional(node, path, "effect", Reader::text);
        let error = self.reader.optional(node, path, "error", Reader::text);
        let last = self.reader.optional(node, path, "final", Reader::flag).unwrap_or(false);
        let already_held = match node.field("already_held") {
            Some(items) => self.items(items, &join(path, "already_held"), cast)?,
            None => Vec::new(),
        };
        let told = Told {
            verb,
            grant: grant?,
            effect: effect.unwrap_or_else(|| "provision".to_owned()),
            error: (!done).then(|| error.unwrap_or_else(|| "it did not work".to_owned())),
            last,
            already_held,
        };
        Some((Deed::Verdict(told), Answers::Nothing))
    }

    fn ask(&mut self, shape: &'static Shape, node: &Node, path: &str, cast: &mut Cast) -> Option<Ask> {
        let entries = self.reader.entries(node, path)?;
        let known: Vec<&str> = shape.fields.iter().map(|field| field.name).collect();
        self.reader.only(node, path, &known, &format!("`{}`", shape.verb));
        let before = self.reader.found.len();
        let text = |name: &str| match node.field(name).map(Node::value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let mut ask = Ask {
            verb: shape.verb,
            answers: shape.answers,
            who: text("as"),
            grant: text("grant"),
            fields: Vec::new(),
            of: None,
        };
        for field in shape.fields {
            match entries.iter().find(|entry| entry.key() == field.name) {
                Some(entry) => {
                    let said =
                        self.said(field, entry.node(), &join(path, field.name), cast, ask.grant.as_deref());
                    ask.fields.extend(said.map(|said| (field.call, said)));
                }
                None if field.required => self.reader.missing(node, path, field.name, "needed here"),
                None if field.kind == Kind::Context => {
                    ask.fields.push((field.call, Said::Context(cast.context.clone(), Map::new())));
                }
                None if field.kind == Kind::Actor => {
                    ask.fields.push((field.call, Said::Json(Json::from(HOST))))
                }
                None => {}
            }
        }
        if shape.verb == "request" {
            self.request(&mut ask, node, path, cast);
            if let Some((grant, holder)) = ask.grant.clone().zip(text("holder").or_else(|| text("as"))) {
                cast.holders.entry(grant).or_insert(holder);
            }
        }
        if shape.verb == "revoke" {
            self.ended(entries, node, path, &mut ask);
        }
        (self.reader.found.len() == before).then_some(ask)
    }

    /// A request names a flow or a kit. Where it names no items, the host says what it knows of everything.
    fn request(&mut self, ask: &mut Ask, node: &Node, path: &str, cast: &Cast) {
        let named = |name: &str| node.field(name).is_some();
        match (named("flow"), node.field("kit")) {
            (true, None) => {}
            (false, Some(_)) => {
                ask.answers = Answers::Kit;
                if let Some(items) = node.field("items") {
                    let message = "a kit says its own items";
                    let trouble =
                        Trouble::new(Code::Contradiction, join(path, "items"), items.place(), message);
                    self.reader.trouble(trouble.help("name none"));
                }
            }
            (false, None) => self.reader.missing(node, path, "flow", "a flow, or a `kit`"),
            (true, Some(kit)) => {
                let message = "a request names a flow or a kit, not both";
                self.reader.bad(Code::Contradiction, kit, &join(path, "kit"), message);
            }
        }
        if !named("items") && !cast.resources.is_empty() {
            let all = cast.resources.values().map(|resource| (**resource).clone()).collect();
            ask.fields.push(("resources", Said::Json(Json::Array(all))));
        }
    }

    /// What a revocation ends is named once; all but a grant is many grants.
    fn ended(&mut self, entries: &[Entry], node: &Node, path: &str, ask: &mut Ask) {
        let mut named = entries.iter().filter(|entry| shape::ENDED.contains(&entry.key()));
        match (named.next(), named.next()) {
            (None, _) => {
                self.reader.missing(node, path, "grant", "or a person, a flow, an integration or an item")
            }
            (Some(one), None) if one.key() == "grant" => {}
            (Some(_), None) => ask.answers = Answers::Revoked,
            (Some(_), Some(second)) => {
                let path = join(path, second.key());
                let message =
                    "a revocation ends one grant, or what one person, flow, integration or item has";
                let trouble = Trouble::new(Code::Contradiction, path, second.key_place(), message);
                self.reader.trouble(trouble.help("write two steps with the same `at`"));
            }
        }
    }

    fn said(
        &mut self,
        field: &Field,
        node: &Node,
        path: &str,
        cast: &Cast,
        grant: Option<&str>,
    ) -> Option<Said> {
        match field.kind {
            Kind::Actor => self.actor(node, path, cast),
            Kind::Holder => self.named_person(node, path, cast).map(Said::Shared),
            Kind::Today => self.today(node, path, cast, grant),
            Kind::PersonId => {
                self.named_person(node, path, cast)?;
                self.reader.text(node, path).map(|name| Said::Json(Json::from(name)))
            }
            Kind::Grant | Kind::Text => self.reader.text(node, path).map(|text| Said::Json(Json::from(text))),
            Kind::Texts => self.texts_by_name(node, path),
            Kind::Flag => self.reader.flag(node, path).map(|flag| Said::Json(Json::from(flag))),
            Kind::Span => self.reader.span(node, path).map(|span| Said::Json(Json::from(span.as_millis()))),
            Kind::Time => {
                let at = self.reader.offset(node, path, cast.start)?;
                Some(Said::Json(Json::from(at.to_string())))
            }
            Kind::Items => self.items(node, path, cast).map(Said::Items),
            Kind::Only => self.items(node, path, cast).map(Said::Only),
            Kind::Item => self.item(node, path, cast).map(Said::Item),
            Kind::Resource => self.named_resource(node, path, cast).map(Said::Shared),
            Kind::Content => self.own(node, path, Said::OwnContent),
            Kind::Revision => self.own(node, path, Said::OwnRevision),
            Kind::Policy => self.policy(node, path).map(Said::Shared),
            Kind::Context => {
                let own = self.reader.json_map(node, path)?;
                Some(Said::Context(cast.context.clone(), own))
            }
            Kind::Stage => self.reader.word(node, path, STAGES).map(|stage| Said::Json(Json::from(stage))),
            Kind::Outcome => self.reader.word(node, path, OUTCOMES).map(|word| Said::Json(Json::from(word))),
        }
    }

    fn actor(&mut self, node: &Node, path: &str, cast: &Cast) -> Option<Said> {
        if matches!(node.value(), Value::Text(name) if name == "system") {
            return Some(Said::Json(Json::from(HOST)));
        }
        self.named_person(node, path, cast).map(Said::Shared)
    }

    fn named_person(&mut self, node: &Node, path: &str, cast: &Cast) -> Option<Arc<Json>> {
        let name = self.reader.text(node, path)?;
        let person = cast.people.get(&name).cloned();
        if person.is_none() {
            let message = format!("there is nobody called {} in this story", quote(&name));
            let trouble = Trouble::new(Code::UnknownReference, path.to_owned(), node.place(), message);
            self.reader
                .trouble(trouble.help("name them under `people`; nothing need be known of them: `eve: {}`"));
        }
        person
    }

    /// `true`, or the holder's own name: their facts as they stand in this step.
    fn today(&mut self, node: &Node, path: &str, cast: &Cast, grant: Option<&str>) -> Option<Said> {
        if matches!(node.value(), Value::Text(_)) {
            return self.named_person(node, path, cast).map(Said::Shared);
        }
        if !matches!(node.value(), Value::Bool(true)) {
            self.reader.wrong(node, path, "`true`, or the holder by name");
            return None;
        }
        let holder = grant.and_then(|grant| cast.holder(grant));
        let person = holder.and_then(|holder| cast.people.get(holder)).cloned();
        if person.is_none() {
            let message = "no step before asked for this grant, so its holder is not known";
            self.reader.bad(Code::UnknownReference, node, path, message);
        }
        person.map(Said::Shared)
    }

    fn texts_by_name(&mut self, node: &Node, path: &str) -> Option<Said> {
        let entries = keys(self.reader.entries(node, path)?);
        let texts = entries.map(|(name, entry)| {
            let text = self.reader.text(entry.node(), &join(path, name))?;
            Some((name.to_owned(), Json::from(text)))
        });
        all(texts).map(|texts| Said::Json(Json::Object(texts.into_iter().collect())))
    }

    fn named_resource(&mut self, node: &Node, path: &str, cast: &Cast) -> Option<Arc<Json>> {
        let name = self.reader.text(node, path)?;
        self.find_resource(&name, node, path, cast)
    }

    fn find_resource(&mut self, name: &str, node: &Node, path: &str, cast: &Cast) -> Option<Arc<Json>> {
        let resource = cast.resources.get(name).cloned();
        if resource.is_none() {
            let message = format!("there is no resource called {} in this story", quote(name));
            let trouble = Trouble::new(Code::UnknownReference, path.to_owned(), node.place(), message);
            self.reader.trouble(trouble.help("describe it under `resources`"));
        }
        resource
    }

    fn items(&mut self, node: &Node, path: &str, cast: &Cast) -> Option<Vec<Named>> {
        let numbered = self.reader.list(node, path)?.iter().enumerate();
        all(numbered.map(|(index, item)| self.item(item, &format!("{path}[{index}]"), cast)))
    }

    fn item(&mut self, node: &Node, path: &str, cast: &Cast) -> Option<Named> {
        let text = self.reader.text(node, path)?;
        let Some((name, permission)) = text.split_once('/').filter(|(_, rest)| !rest.is_empty()) else {
            let message = format!("{} is no item", quote(&text));
            let help = "an item is a resource of this story and a permission: `orders/read`";
            let trouble = Trouble::new(Code::BadId, path.to_owned(), node.place(), message);
            self.reader.trouble(trouble.help(help));
            return None;
        };
        let resource = self.find_resource(name, node, path, cast)?;
        Some(Named { permission: permission.to_owned(), resource, text: text.clone() })
    }

    fn own(&mut self, node: &Node, path: &str, own: Said) -> Option<Said> {
        let text = self.reader.text(node, path)?;
        Some(if text == "own" { own } else { Said::Json(Json::from(text)) })
    }
}

fn clock_word(reader: &mut Reader, node: &Node, path: &str) -> Option<String> {
    reader.word(node, path, &["back", "ahead"])
}
