//! Forms: asking for access, saying why, and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenure::tenure_core::flow::Flow;
use tenure::tenure_core::flow::requirement::ReasonField;
use tenure::tenure_core::flow::target::Take;
use tenure::tenure_core::refusal::Lacking;
use tenure::{Asked, Span};
use tenure_connect_notices::Told;
use tenure_connect_notices::words::one_line;

use crate::message::sections;
use crate::payload::{Unsaid, Verb};
use crate::text::{
    BLOCK_ID_MAX, INPUT_LABEL_MAX, INPUT_MAX, LABEL_MAX, METADATA_MAX, OPTIONS_MAX, SECTION_MAX, TITLE_MAX,
    escaped, marked, plain,
};

/// The form that asks for access.
pub(crate) const ASK: &str = "tenure_ask";
/// The form that asks for words.
pub(crate) const SAY: &str = "tenure_say";
/// The block in which a flow is chosen, and its menu.
pub(crate) const FLOW: &str = "flow";
/// The block of a reason.
pub(crate) const REASON: &str = "reason";

/// Spans that people think in: those that a flow allows are offered, with its default and its longest.
const SPANS: [Span; 11] = [
    Span::minutes(5),
    Span::minutes(15),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(2),
    Span::hours(4),
    Span::hours(8),
    Span::days(1),
    Span::days(3),
    Span::days(7),
    Span::days(30),
];

/// Asks what for: the flows that this person may ask for, and of the chosen one what it takes.
pub(crate) fn ask(flows: &[Arc<Flow>], chosen: Option<(&Flow, &[Asked])>) -> Value {
    if flows.is_empty() {
        return told("Ask for access", vec![section("There is nothing that you may ask for.")]);
    }
    let options: Vec<Value> = flows.iter().take(OPTIONS_MAX).map(|flow| flow_option(flow)).collect();
    let mut menu = json!({"type": "static_select", "action_id": FLOW, "options": options});
    if let (Some((flow, _)), Some(menu)) = (chosen, menu.as_object_mut()) {
        menu.insert("initial_option".to_owned(), flow_option(flow));
    }
    let mut blocks = vec![json!({
        "type": "input", "block_id": FLOW, "dispatch_action": true,
        "label": plain("Access", INPUT_LABEL_MAX), "element": menu,
    })];
    if flows.len() > OPTIONS_MAX {
        blocks.push(section(&format!("The first {OPTIONS_MAX} of {} are listed.", flows.len())));
    }
    if let Some((flow, items)) = chosen {
        blocks.extend(inputs(flow, items));
    }
    let mut form = json!({
        "type": "modal", "callback_id": ASK, "blocks": blocks,
        "title": plain("Ask for access", TITLE_MAX), "close": plain("Cancel", TITLE_MAX),
    });
    // A form with an input must have it; before a flow is chosen, sending it chooses the flow.
    if let Some(form) = form.as_object_mut() {
        let label = if chosen.is_some() { "Ask" } else { "Go on" };
        form.insert("submit".to_owned(), plain(label, TITLE_MAX));
    }
    form
}

fn flow_option(flow: &Flow) -> Value {
    let title = flow.title.as_deref().unwrap_or_else(|| flow.id.as_str());
    json!({"text": plain(&one_line(title), LABEL_MAX), "value": flow.id.as_str()})
}

/// What a flow takes.
fn inputs(flow: &Flow, items: &[Asked]) -> Vec<Value> {
    let mut blocks = Vec::new();
    blocks.extend(flow.description.as_ref().map(|text| section(&escaped(text, SECTION_MAX))));
    match flow.take {
        Take::All => blocks.push(section("All that belongs to it is asked for.")),
        Take::Any => blocks.extend(items_of(flow, items)),
    }
    let options: Vec<Value> = spans(flow).into_iter().map(span_option).collect();
    blocks.push(json!({
        "type": "input", "block_id": span_block(flow.id.as_str()), "label": plain("For how long", INPUT_LABEL_MAX),
        "element": {
            "type": "static_select", "action_id": "span", "options": options,
            "initial_option": span_option(flow.duration.default),
        },
    }));
    let needs = &flow.reason;
    let hint = needs.message.as_deref();
    blocks.push(written(REASON, "Reason", hint, needs.required, true));
    blocks.extend(needs.fields.iter().map(field));
    blocks
}

fn items_of(flow: &Flow, items: &[Asked]) -> Vec<Value> {
    if items.is_empty() {
        return vec![section("Nothing is known here that could be asked for.")];
    }
    let options: Vec<Value> = items.iter().take(OPTIONS_MAX).map(item_option).collect();
    let mut blocks = vec![json!({
        "type": "input", "block_id": items_block(flow.id.as_str()), "label": plain("What", INPUT_LABEL_MAX),
        "element": {"type": "multi_static_select", "action_id": "items", "options": options},
    })];
    if items.len() > OPTIONS_MAX {
        blocks.push(section(&format!("The first {OPTIONS_MAX} of {} are listed.", items.len())));
    }
    blocks
}

/// The block in which items are chosen: another one for every flow, so that Slack keeps no choice of another.
pub(crate) fn items_block(flow: &str) -> String {
    format!("items.{flow}")
}

/// The block of a span, likewise.
pub(crate) fn span_block(flow: &str) -> String {
    format!("span.{flow}")
}

fn item_option(item: &Asked) -> Value {
    let of = &item.resource.id;
    let text = one_line(&format!("{}/{} ({})", of.integration, of.name, item.permission));
    json!({"text": plain(&text, LABEL_MAX), "value": item_name(item)})
}

/// What stands for an item in a form. Its facts are the host's, and are asked of it again when the form comes back.
pub(crate) fn item_name(item: &Asked) -> String {
    let of = &item.resource.id;
    let parts = [of.integration.as_str(), &of.kind, &of.name, &item.permission];
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

/// Spans of a flow: its shortest, its default, its longest and what people think in, the shortest first.
fn spans(flow: &Flow) -> Vec<Span> {
    let (least, most) = (flow.duration.min, flow.duration.max);
    let mut spans: Vec<Span> = SPANS.into_iter().filter(|span| (least..=most).contains(span)).collect();
    spans.extend([least, flow.duration.default, most]);
    spans.sort();
    spans.dedup();
    spans
}

fn span_option(span: Span) -> Value {
    json!({"text": plain(&span.to_string(), LABEL_MAX), "value": span.as_millis().to_string()})
}

/// The block of one further field of a reason.
pub(crate) fn field_block(name: &str) -> String {
    let block = format!("field.{name}");
    if block.encode_utf16().count() <= BLOCK_ID_MAX {
        return block;
    }
    format!("field.{}", hex::encode(Sha256::digest(name)))
}

fn field(field: &ReasonField) -> Value {
    let label = field.label.as_deref().unwrap_or(&field.name);
    written(&field_block(&field.name), label, field.message.as_deref(), field.required, false)
}

/// An input that people write into.
fn written(block: &str, label: &str, hint: Option<&str>, required: bool, long: bool) -> Value {
    let mut input = json!({
        "type": "input", "block_id": block, "optional": !required,
        "label": plain(&one_line(label), INPUT_LABEL_MAX),
        "element": {
            "type": "plain_text_input", "action_id": "text", "multiline": long, "max_length": INPUT_MAX,
        },
    });
    if let (Some(hint), Some(input)) = (hint, input.as_object_mut()) {
        input.insert("hint".to_owned(), plain(&one_line(hint), INPUT_LABEL_MAX));
    }
    input
}

/// Asks for the words that are lacking; none where Slack could not hand back what they are for.
pub(crate) fn say(unsaid: &Unsaid, lacking: &[Lacking]) -> Option<Value> {
    let metadata = serde_json::to_string(unsaid).ok()?;
    if metadata.encode_utf16().count() > METADATA_MAX {
        return None;
    }
    let mut blocks: Vec<Value> = lacking.iter().map(lacking_input).collect();
    if blocks.is_empty() {
        blocks.push(written(REASON, "Why", None, false, true));
    }
    let title = match unsaid.wanted.verb {
        Verb::Approve => "Approve",
        Verb::Deny => "Deny",
        Verb::ApproveExtension => "Approve extension",
        Verb::DenyExtension => "Deny extension",
        Verb::Extend => "Extend",
        Verb::Activate => "Begin",
        Verb::Review => "Review",
    };
    Some(json!({
        "type": "modal", "callback_id": SAY, "private_metadata": metadata, "blocks": blocks,
        "title": plain(title, TITLE_MAX), "submit": plain(title, TITLE_MAX),
        "close": plain("Cancel", TITLE_MAX),
    }))
}

fn lacking_input(lacking: &Lacking) -> Value {
    let hint = match (&lacking.pattern, lacking.min_length) {
        (Some(pattern), _) => Some(format!("It must look like {pattern}")),
        (None, Some(length)) => Some(format!("At least {length} characters")),
        (None, None) => None,
    };
    if lacking.field == REASON {
        return written(REASON, "Reason", hint.as_deref(), true, true);
    }
    written(&field_block(&lacking.field), &lacking.field, hint.as_deref(), true, false)
}

/// The words that came back: a reason, and fields by name. Names are those that the form asked for.
pub(crate) fn fields<'a>(
    names: impl IntoIterator<Item = &'a str>,
    text: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let named = names.into_iter().filter_map(|name| Some((name.to_owned(), text(&field_block(name))?)));
    named.collect()
}

/// A form that says what came of it, and asks for nothing.
pub(crate) fn told(title: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "blocks": blocks,
        "title": plain(title, TITLE_MAX), "close": plain("Close", TITLE_MAX),
    })
}

/// What is now true, as a form.
pub(crate) fn stands(told: &Told) -> Value {
    let mut blocks = vec![section(&format!("*{}*", escaped(&told.subject, SECTION_MAX - 2)))];
    blocks.extend(sections(told));
    self::told("Access", blocks)
}

/// A refusal, in its words.
pub(crate) fn refused(words: &str) -> Value {
    told("Not so", vec![section(&escaped(words, SECTION_MAX))])
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": marked(text)})
}
