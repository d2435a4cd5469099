//! One flow, field by field.

use std::collections::BTreeMap;

use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::hours::PastClose;
use tenure_core::flow::target::Take;
use tenure_core::flow::{
    Activation, Counts, CredentialKind, Credentials, Durations, Kind, Notify, Parts, Quota, Recipient,
};
use tenure_core::id::{FlowId, Revision};
use tenure_core::limits::{ACTIVATE_WITHIN_DEFAULT, REMINDERS_DEFAULT, SPAN_MIN_DEFAULT};
use tenure_core::time::Span;

use super::reader::{Fields, Reader};
use super::target::Budget;
use super::{Scopes, approval, condition, emergency, extension, hours, people, requirement, shape, target};
use crate::document::{Node, Path};

/// Reads a flow. Nothing where it is no map, or has no id to be spoken of by.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    path: &Path<'_>,
    scopes: &Scopes,
    left: &mut Budget,
) -> Option<Parts> {
    let fields = reader.fields(node, path, &shape::FLOW)?;
    let r = reader;
    let id = fields.must(r, path, "id", "every flow has one", Reader::id);
    let (hours, past_close) =
        fields.maybe(r, path, "hours", hours::read).unwrap_or((None, PastClose::default()));
    let approval = fields.must(r, path, "approval", "write `automatic`, or `steps`", approval::read);
    let approval = approval.unwrap_or(Approval::Automatic);
    Some(Parts {
        id: id.or_else(placeholder)?,
        revision: Revision::new("unknown").ok()?,
        title: fields.maybe(r, path, "title", Reader::words),
        description: fields.maybe(r, path, "description", Reader::words),
        labels: fields.maybe(r, path, "labels", labels).unwrap_or_default(),
        enabled: fields.maybe(r, path, "enabled", Reader::truth).unwrap_or(true),
        until: fields.maybe(r, path, "until", Reader::instant),
        kind: fields.maybe(r, path, "kind", kind).unwrap_or_default(),
        who: fields.must(r, path, "who", "say who may hold it", people::who).unwrap_or_default(),
        requesters: fields.maybe(r, path, "requesters", people::requesters).unwrap_or_else(people::own),
        when: fields.maybe(r, path, "when", condition::list).unwrap_or_default(),
        what: fields
            .must(r, path, "what", "say what is offered", |r, node, path| {
                target::list(r, node, path, scopes, left)
            })
            .unwrap_or_default(),
        take: fields.maybe(r, path, "take", take).unwrap_or_default(),
        hours,
        past_close,
        duration: fields
            .must(r, path, "duration", "write `duration: {max: 1h}`: nothing is indefinite", durations)
            .unwrap_or(PLACEHOLDER),
        start_ahead: fields.maybe(r, path, "start", start).unwrap_or(Span::ZERO),
        activation: fields.maybe(r, path, "activation", activation).unwrap_or_default(),
        activate_within: fields
            .maybe(r, path, "activate_within", Reader::span)
            .unwrap_or(ACTIVATE_WITHIN_DEFAULT),
        reason: fields.maybe(r, path, "reason", requirement::reason).unwrap_or_default(),
        mfa: fields.maybe(r, path, "mfa", requirement::mfa),
        extension: fields
            .maybe(r, path, "extension", |r, node, path| extension::read(r, node, path, &approval)),
        approval,
        limits: fields.maybe(r, path, "limits", limits).unwrap_or_default(),
        revoke_by: fields.maybe(r, path, "revoke_by", people::list).unwrap_or_default(),
        break_glass: fields.maybe(r, path, "break_glass", emergency::read),
        credentials: fields.maybe(r, path, "credentials", credentials),
        notify: fields.maybe(r, path, "notify", notify).unwrap_or_else(notices),
    })
}

/// A flow without a usable id is read on under this name; it is refused in any case.
fn placeholder() -> Option<FlowId> {
    FlowId::new("unnamed").ok()
}

/// Spans that agree with each other, for where those of the text do not.
pub(super) const PLACEHOLDER: Durations =
    Durations { min: SPAN_MIN_DEFAULT, default: SPAN_MIN_DEFAULT, max: SPAN_MIN_DEFAULT };

pub(super) fn labels(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<BTreeMap<String, String>> {
    let entries = reader.entries(node, path)?;
    let mut labels = BTreeMap::new();
    for entry in entries {
        if let Some(value) = reader.text(&entry.node, &path.key(&entry.key)) {
            labels.insert(entry.key.clone(), value.to_owned());
        }
    }
    Some(labels)
}

fn kind(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Kind> {
    let words = [("elevation", Kind::Elevation), ("ephemeral", Kind::Ephemeral), ("vaulted", Kind::Vaulted)];
    reader.choice(node, path, &words)
}

fn take(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Take> {
    reader.choice(node, path, &[("any", Take::Any), ("all", Take::All)])
}

fn activation(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Activation> {
    let words = [
        ("on_approval", Activation::OnApproval),
        ("by_holder", Activation::ByHolder),
        ("on_confirmation", Activation::OnConfirmation),
    ];
    reader.choice(node, path, &words)
}

/// How long a request may ask for: `max` must be said, the default is the longest.
fn durations(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Durations> {
    let fields = reader.fields(node, path, &shape::DURATIONS)?;
    let max = fields.must(reader, path, "max", "nothing is indefinite", Reader::span);
    let (min, default) = shorter(reader, &fields, path);
    if max.is_none() {
        reader.doubt(&path.key("default"));
    }
    let max = max.or(default).unwrap_or(SPAN_MIN_DEFAULT);
    Some(Durations { min, default: default.unwrap_or(max), max })
}

/// The two spans that requests and extensions have in common.
pub(super) fn shorter(reader: &mut Reader, fields: &Fields<'_>, path: &Path<'_>) -> (Span, Option<Span>) {
    let min = fields.maybe(reader, path, "min", Reader::span);
    (min.unwrap_or(SPAN_MIN_DEFAULT), fields.maybe(reader, path, "default", Reader::span))
}

fn start(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Span> {
    let fields = reader.fields(node, path, &shape::START)?;
    fields.must(reader, path, "ahead", "say how far ahead a start may be planned", Reader::span)
}

fn limits(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Counts> {
    let fields = reader.fields(node, path, &shape::LIMITS)?;
    Some(Counts {
        open_per_person: fields.maybe(reader, path, "open_per_person", Reader::whole),
        open_per_item: fields.maybe(reader, path, "open_per_item", Reader::whole),
        open_total: fields.maybe(reader, path, "open_total", Reader::whole),
        requests: fields.maybe(reader, path, "requests", quota),
        extensions: fields.maybe(reader, path, "extensions", quota),
    })
}

fn quota(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Quota> {
    let fields = reader.fields(node, path, &shape::QUOTA)?;
    let times = fields.must(reader, path, "times", "say how many times", Reader::whole);
    let per = fields.must(reader, path, "per", "say in which span", Reader::span);
    Some(Quota { times: times.unwrap_or(1), per: per.unwrap_or(SPAN_MIN_DEFAULT) })
}

fn credentials(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Credentials> {
    let fields = reader.fields(node, path, &shape::CREDENTIALS)?;
    let kind = fields.must(reader, path, "type", "say what is handed out", |reader, node, path| {
        let words = [
            ("password", CredentialKind::Password),
            ("access_key", CredentialKind::AccessKey),
            ("certificate", CredentialKind::Certificate),
            ("token", CredentialKind::Token),
        ];
        reader.choice(node, path, &words)
    });
    let rotate = fields.maybe(reader, path, "rotate", |reader, node, path| {
        reader.choice(node, path, &[("never", false), ("on_end", true)])
    });
    Some(Credentials {
        kind: kind.unwrap_or(CredentialKind::Password),
        rotate_on_end: rotate.unwrap_or(false),
    })
}

fn notices() -> Notify {
    Notify { before_end: REMINDERS_DEFAULT.to_vec(), to: vec![Recipient::Holder] }
}

fn notify(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Notify> {
    let fields = reader.fields(node, path, &shape::NOTIFY)?;
    let defaults = notices();
    Some(Notify {
        before_end: fields
            .maybe(reader, path, "before_end", |reader, node, path| {
                reader.each(node, path, "a list of spans, such as `[15m]`", Reader::span)
            })
            .unwrap_or(defaults.before_end),
        to: fields
            .maybe(reader, path, "to", |reader, node, path| {
                reader.each(
                    node,
                    path,
                    "a list of people and channels, such as `[holder]`",
                    people::recipient,
                )
            })
            .unwrap_or(defaults.to),
    })
}
