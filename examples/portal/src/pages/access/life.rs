//! The bar of a grant's life: asked, approved, running, extended, and how far it may go.

use maud::{Markup, html};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::record::Entry;
use tenure::{PersonId, Record, Timestamp, View};

use crate::page::{moment, words_of};
use crate::portal::Portal;
use crate::words::somebody;

/// Units of the drawing from the first instant to the last.
const WIDTH: u64 = 1_000;

/// What happened to a grant so far, as far as a bar tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    asked: Option<Timestamp>,
    approved: Option<(Timestamp, Vec<PersonId>)>,
    begun: Option<(Timestamp, Timestamp)>,
    extended: Vec<Extended>,
}

/// The end was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Extended {
    at: Timestamp,
    by: PersonId,
    from: Timestamp,
    to: Timestamp,
}

impl Life {
    /// Reads it out of what is on record.
    pub(crate) fn of<'a>(history: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut life = Self::default();
        let mut approvers = Vec::new();
        for record in history {
            let Entry::Event(event) = &record.entry else { continue };
            if let Happened::Requested(_) = &event.happened {
                life.asked = Some(event.at);
            } else if let Happened::ApprovalGiven(given) = &event.happened {
                approvers.push(given.decision.by.id.clone());
            } else if let Happened::Approved(_) = &event.happened {
                life.approved = Some((event.at, approvers.clone()));
            } else if let Happened::Activated(activated) = &event.happened {
                life.begun = Some((activated.since, activated.end));
            } else if let Happened::Extended(extended) = &event.happened {
                let by = extended.by.id.clone();
                life.extended.push(Extended { at: event.at, by, from: extended.from, to: extended.to });
            }
        }
        life
    }
}

/// The bar, and the same as a list: the bar is for the eye alone.
pub(crate) fn view(
    life: &Life,
    grant: &View,
    ceiling: Option<Timestamp>,
    now: Timestamp,
    reader: &PersonId,
    portal: &Portal,
) -> Markup {
    html! {
        (bar(life, grant, ceiling, now))
        ol.life {
            @if let Some(asked) = life.asked {
                li.asked { span { "Asked" } " " (moment(asked)) }
            }
            @if let Some((at, approvers)) = &life.approved {
                @let names = approvers.iter().map(|by| somebody(portal, by, reader)).collect::<Vec<_>>().join(", ");
                li.approved { span { "Approved" @if !names.is_empty() { " by " (names) } } " " (moment(*at)) }
            }
            @for Extended { at, by, from, to } in &life.extended {
                li.extended { span { "+" (words_of(to.since(*from))) " by " (somebody(portal, by, reader)) } " " (moment(*at)) }
            }
            @if let Some(end) = grant.ends_at { li.ends { span { "Ends" } " " (moment(end)) } }
            @if let Some(latest) = ceiling { li.latest { span { "At most until" } " " (moment(latest)) } }
        }
    }
}

fn bar(life: &Life, grant: &View, ceiling: Option<Timestamp>, now: Timestamp) -> Markup {
    let (Some((since, first_end)), Some(end)) = (life.begun, grant.held_until) else { return html! {} };
    let from = life.asked.unwrap_or(since).min(since);
    let to = ceiling.unwrap_or(end).max(end);
    let scale = Scale { from, to };
    html! {
        svg.bar viewBox={ "0 0 " (WIDTH) " 40" } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            (scale.piece("may", end, to))
            (scale.piece("waited", from, since))
            (scale.piece("runs", since, first_end.min(end)))
            @for Extended { from, to, .. } in &life.extended { (scale.piece("more", *from, (*to).min(end))) }
            // The script moves these two with the server's clock.
            rect.gone x=(scale.x(since)) y="12" height="16" width=(scale.x(now.min(end)).saturating_sub(scale.x(since)))
                data-gone data-from=(from.millis()) data-to=(to.millis()) {}
            line.now x1=(scale.x(now)) x2=(scale.x(now)) y1="4" y2="36"
                data-now-at data-from=(from.millis()) data-to=(to.millis()) {}
            @for Extended { at, .. } in &life.extended {
                line.click x1=(scale.x(*at)) x2=(scale.x(*at)) y1="8" y2="32" {}
            }
        }
    }
}

struct Scale {
    from: Timestamp,
    to: Timestamp,
}

impl Scale {
    fn x(&self, at: Timestamp) -> u64 {
        let whole = self.to.since(self.from).as_millis().max(1);
        at.min(self.to).since(self.from).as_millis().saturating_mul(WIDTH) / whole
    }

    fn piece(&self, class: &str, from: Timestamp, to: Timestamp) -> Markup {
        let (left, right) = (self.x(from), self.x(to));
        html! { rect class=(class) x=(left) y="12" height="16" width=(right.saturating_sub(left)) {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::Span;

    #[test]
    fn the_bar_runs_from_the_request_to_the_latest_end() {
        let from: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let scale = Scale { from, to: from.plus(Span::hours(2)) };
        assert_eq!(scale.x(from.minus(Span::hours(1))), 0);
        assert_eq!(scale.x(from.plus(Span::minutes(30))), 250);
        assert_eq!(scale.x(from.plus(Span::hours(9))), 1_000);
        let nothing = Scale { from, to: from };
        assert_eq!(nothing.x(from), 0);
    }
}
