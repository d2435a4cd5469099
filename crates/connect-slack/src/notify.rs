//! Notices as messages: to a person's own conversation with the app, or to a channel.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use serde_json::{Value, json};
use tenure::tenure_core::effect::Order;
use tenure::{Carried, Handler, Taken, Timestamp, Trouble};
use tenure_connect_notices::told_all;

use crate::api::{Call, To};
use crate::message::message;
use crate::{Place, Slack};

/// Conversations that are remembered, so that not every notice asks for one.
const ROOMS_MAX: usize = 10_000;

impl Handler for Slack {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let told = self.words.tell(effect, self.words.now())?;
        let now = self.words.wall_now();
        let Order::Tell { to, .. } = &effect.order else { return Ok(Carried::out()) };
        let places: BTreeSet<Place> = to.iter().flat_map(|to| self.people.places(to)).collect();
        let message = message(&told, None);
        // One that cannot be reached holds up no other.
        let mut troubles = Vec::new();
        for place in places {
            if let Err(trouble) = self.tell(effect, &place, &message, now) {
                troubles.push(trouble);
            }
        }
        told_all(troubles)
    }
}

impl Slack {
    fn tell(&self, effect: &Taken, place: &Place, message: &Value, now: Timestamp) -> Result<(), Trouble> {
        let name = match place {
            Place::Member(id) | Place::Channel(id) => id,
        };
        if self.sent.has(&effect.id, name) {
            return Ok(());
        }
        let channel = match place {
            Place::Channel(id) => id.clone(),
            Place::Member(id) => self.room(id, now)?,
        };
        let mut post = json!({"channel": channel, "unfurl_links": false, "unfurl_media": false});
        if let (Some(post), Some(message)) = (post.as_object_mut(), message.as_object()) {
            post.extend(message.clone());
        }
        self.api.call(&Call(To::Method("chat.postMessage"), post), now)?;
        self.sent.put(&effect.id, name);
        Ok(())
    }

    /// The conversation of the app with that member.
    fn room(&self, member: &str, now: Timestamp) -> Result<String, Trouble> {
        let known = |rooms: &std::collections::BTreeMap<String, String>| rooms.get(member).cloned();
        if let Some(room) = known(&self.rooms.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(room);
        }
        let call = Call(To::Method("conversations.open"), json!({"users": member}));
        let answered = self.api.call(&call, now)?;
        let room = answered.get("channel").and_then(|channel| channel.get("id")).and_then(Value::as_str);
        let room =
            room.ok_or_else(|| Trouble::of("conversations.open: Slack named no conversation"))?.to_owned();
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= ROOMS_MAX {
            rooms.clear();
        }
        rooms.insert(member.to_owned(), room.clone());
        Ok(room)
    }
}
