//! Spans that do not fit each other.

use tenure_core::flow::Flow;
use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule};
use tenure_core::flow::hours::PastClose;
use tenure_core::limits::WAITING_MAX;
use tenure_core::time::Span;

use super::{About, Lint, lists};

/// The smallest step of time.
const MOMENT: Span = Span::millis(1);

pub(super) fn lint(about: &mut About<'_, '_, '_>, flow: &Flow) {
    late_reminders(about, flow);
    short_hours(about, flow);
    long_wait(about, flow);
    if let Some(rule) = &flow.extension {
        wide_window(about, flow, rule);
        early_reminders(about, flow, rule);
        late_tiers(about, flow, rule);
        total(about, flow, rule);
    }
}

/// A reminder that the shortest grant never sees. Those of the default are nobody's mistake.
fn late_reminders(about: &mut About<'_, '_, '_>, flow: &Flow) {
    if !about.is_written("notify.before_end") {
        return;
    }
    for (n, lead) in flow.notify.before_end.iter().enumerate() {
        if *lead > flow.duration.min {
            about.add(
                Lint::LateReminder,
                &format!("notify.before_end[{n}]"),
                format!(
                    "a grant of `{}` is over before this reminder, `{lead}` before its end, comes",
                    flow.duration.min
                ),
                "shorten the reminder, or raise `duration.min`",
            );
        }
    }
}

/// Hours in which not even the shortest grant has room. Where a grant may run past the close it has.
fn short_hours(about: &mut About<'_, '_, '_>, flow: &Flow) {
    let Some(longest) = flow.hours.as_ref().and_then(|hours| hours.longest_opening()) else { return };
    let what = match flow.past_close {
        PastClose::Allow => return,
        PastClose::Clip => "every grant is cut short",
        PastClose::Refuse => "every request is refused",
    };
    let min = flow.duration.min;
    if longest < min {
        about.add(
            Lint::ShortHours,
            "hours.open",
            format!("the longest opening, `{longest}`, is over before the shortest grant, `{min}`: {what}"),
            "open for longer, lower `duration.min`, or write `past_close: allow`",
        );
    }
}

/// Whoever wrote it expects access to wait for longer than it does.
fn long_wait(about: &mut About<'_, '_, '_>, flow: &Flow) {
    if flow.activate_within > WAITING_MAX {
        about.add(
            Lint::LongWait,
            "activate_within",
            format!(
                "`{}` never pass: what waits for `{WAITING_MAX}` is over as unused",
                flow.activate_within
            ),
            "write `30d` or less",
        );
    }
}

fn wide_window(about: &mut About<'_, '_, '_>, flow: &Flow, rule: &ExtensionRule) {
    let max = flow.duration.max;
    if let Some(window) = rule.window.filter(|window| *window > max) {
        about.add(
            Lint::WideWindow,
            "extension.window",
            format!("the window, `{window}` before the end, begins before the longest grant, `{max}`, does"),
            "shorten the window, or leave it out: a grant can then be extended at any time",
        );
    }
}

/// A reminder whose button does not work yet.
fn early_reminders(about: &mut About<'_, '_, '_>, flow: &Flow, rule: &ExtensionRule) {
    let Some(window) = rule.window else { return };
    let written = about.is_written("notify.before_end");
    let leads = flow.notify.before_end.iter().enumerate();
    let early: Vec<(usize, Span)> =
        leads.map(|(n, lead)| (n, *lead)).filter(|(_, lead)| *lead > window).collect();
    // Of reminders that nobody wrote the window is told, once.
    for (n, lead) in early.into_iter().take(if written { usize::MAX } else { 1 }) {
        let (path, help) = if written {
            (format!("notify.before_end[{n}]"), "shorten the reminder, or widen `extension.window`")
        } else {
            let help = "widen it, or write `notify: {before_end: [...]}` with reminders that lie inside";
            ("extension.window".to_owned(), help)
        };
        let message = format!(
            "whoever is reminded `{lead}` before the end cannot extend yet: the window opens `{window}` before"
        );
        about.add(Lint::EarlyReminder, &path, message, help);
    }
}

/// Tiers of requests that extensions take over, in a time of their own that is over before.
fn late_tiers(about: &mut About<'_, '_, '_>, flow: &Flow, rule: &ExtensionRule) {
    let (Approval::Decided(requests), ExtensionApproval::Decided { decide_within: Some(within), by, .. }) =
        (&flow.approval, &rule.approval)
    else {
        return;
    };
    if !matches!(by, DecidedBy::Same) {
        return;
    }
    for (path, steps) in lists("approval", requests) {
        for (n, step) in steps.iter().enumerate() {
            for (k, tier) in step.escalate.iter().enumerate().filter(|(_, tier)| tier.after >= *within) {
                let message = format!(
                    "an extension is never escalated to these: it is decided within `{within}`, and they come after `{}`",
                    tier.after
                );
                let help = "shorten it, raise `extension.approval.decide_within`, or give extensions steps of their own";
                about.add(Lint::LateTier, &format!("{path}[{n}].escalate[{k}].after"), message, help);
            }
        }
    }
}

fn total(about: &mut About<'_, '_, '_>, flow: &Flow, rule: &ExtensionRule) {
    let Some(total) = rule.total else { return };
    let spans = &flow.duration;
    let room = match rule.anchor {
        Anchor::End => rule.span.min,
        // Counted from now, any later end will do.
        Anchor::Now => MOMENT,
    };
    let longest = spans.max.plus(rule.span.max.times(u64::from(rule.times)));
    let mut add = |lint, message: String, help: &str| about.add(lint, "extension.total", message, help);
    if spans.min.plus(room) > total {
        let message = format!(
            "even a grant of `{}`, the shortest, cannot be extended: `{total}` in all has no room for it",
            spans.min
        );
        add(Lint::TotalForbidsExtension, message, "raise `total`, or leave `extension` out");
    } else if total < spans.max {
        let message =
            format!("`{total}` in all is less than the longest grant, `{}`, has at once", spans.max);
        add(Lint::TotalBelowDuration, message, "raise `total`, or lower `duration.max`");
    } else if spans.default.plus(room) > total {
        let message = format!(
            "a grant of `{}`, the default, cannot be extended: `{total}` in all has no room for it",
            spans.default
        );
        add(Lint::TotalForbidsExtension, message, "raise `total`, or lower `duration.default`");
    } else if longest < total {
        let times = rule.times;
        let message = format!(
            "no grant lasts `{total}`: the longest one with all of its extensions, {times} in number, lasts `{longest}`"
        );
        add(Lint::UnreachableTotal, message, "lower `total`, or leave it out: it bounds nothing");
    }
}
