//! A notice as a message: a header, sections, and buttons for what the engine offers.

use serde_json::{Value, json};
use tenure::tenure_core::offer::Need;
use tenure_connect_notices::words::one_line;
use tenure_connect_notices::{Action, Line, Said, Told};

use crate::payload::{Verb, Wanted};
use crate::text::{
    BLOCKS_MAX, HEADER_MAX, LABEL_MAX, MESSAGE_MAX, SECTION_MAX, URL_MAX, VALUE_MAX, at, escaped, marked,
    plain, quoted,
};

/// Characters of one thing that a person wrote: the rest is behind the link.
const QUOTE_MAX: usize = 2_000;
/// The same with its marks, one for each line: beside its label it fits into a section.
const QUOTED_MAX: usize = 2_500;

/// The message: its text, for lists and for who cannot see it, and its blocks. `after` says what somebody just did.
pub(crate) fn message(told: &Told, after: Option<&str>) -> Value {
    let mut blocks = vec![json!({"type": "header", "text": plain(&told.subject, HEADER_MAX)})];
    blocks.extend(sections(told));
    if let Some(after) = after {
        let said = escaped(&one_line(after), SECTION_MAX);
        blocks.push(json!({"type": "context", "elements": [marked(&said)]}));
    }
    // The buttons are worth more than the last of the lines.
    let buttons = buttons(told);
    blocks.truncate(BLOCKS_MAX.saturating_sub(1));
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    json!({"text": escaped(&told.subject, MESSAGE_MAX), "blocks": blocks})
}

/// The lines of a notice, as few sections as they fit into.
pub(crate) fn sections(told: &Told) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    for line in told.lines.iter().map(line) {
        let room = |text: &&mut String| {
            text.encode_utf16().count().saturating_add(line.encode_utf16().count()) < SECTION_MAX
        };
        match texts.last_mut().filter(room) {
            Some(text) => {
                text.push('\n');
                text.push_str(&line);
            }
            None => texts.push(line),
        }
    }
    texts.iter().map(|text| json!({"type": "section", "text": marked(text)})).collect()
}

/// One line: what people wrote is escaped, and stands behind marks, line by line.
fn line(line: &Line) -> String {
    let mut text = format!("*{}:* ", escaped(&line.label, LABEL_MAX));
    for said in &line.says {
        match said {
            Said::Words(words) => text.push_str(&escaped(words, QUOTE_MAX)),
            Said::At(instant) => text.push_str(&at(*instant)),
            Said::Quote(written) => text.push_str(&quoted(written, QUOTE_MAX, QUOTED_MAX)),
        }
    }
    text
}

fn buttons(told: &Told) -> Vec<Value> {
    let mut buttons: Vec<Value> = match &told.action {
        None => Vec::new(),
        Some(Action::Decide { content }) => decide(told, content, [Verb::Approve, Verb::Deny]),
        Some(Action::DecideExtension { content }) => {
            decide(told, content, [Verb::ApproveExtension, Verb::DenyExtension])
        }
        Some(Action::Extend { span, if_ends_at, needs }) => {
            let wanted = Wanted { span: Some(*span), if_ends_at: *if_ends_at, ..wanted(told, Verb::Extend) };
            let label = if needs.contains(&Need::Approval) {
                format!("Ask for {span} more")
            } else {
                format!("Extend by {span}")
            };
            button(&label, &wanted, Some("primary")).into_iter().collect()
        }
        Some(Action::Activate) => {
            button("Begin", &wanted(told, Verb::Activate), Some("primary")).into_iter().collect()
        }
        Some(Action::Review) => {
            button("Review", &wanted(told, Verb::Review), Some("primary")).into_iter().collect()
        }
    };
    let link = told.link.as_ref().filter(|link| link.encode_utf16().count() <= URL_MAX);
    buttons.extend(link.map(
        |link| json!({"type": "button", "action_id": "open", "text": plain("Open", LABEL_MAX), "url": link}),
    ));
    buttons
}

fn decide(told: &Told, content: &str, [yes, no]: [Verb; 2]) -> Vec<Value> {
    let of = |verb| Wanted { content: Some(content.to_owned()), ..wanted(told, verb) };
    let buttons = [button("Approve", &of(yes), Some("primary")), button("Deny", &of(no), Some("danger"))];
    buttons.into_iter().flatten().collect()
}

fn wanted(told: &Told, verb: Verb) -> Wanted {
    let (grant, about) = (told.grant.to_string(), told.notice);
    Wanted { verb, grant, about, content: None, span: None, if_ends_at: None }
}

/// A button; none where Slack could not hand back what is behind it.
fn button(label: &str, wanted: &Wanted, style: Option<&str>) -> Option<Value> {
    let value =
        serde_json::to_string(wanted).ok().filter(|value| value.encode_utf16().count() <= VALUE_MAX)?;
    let mut button = json!({
        "type": "button",
        "action_id": wanted.verb.as_str(),
        "text": plain(label, LABEL_MAX),
        "value": value,
    });
    if let (Some(style), Some(button)) = (style, button.as_object_mut()) {
        button.insert("style".to_owned(), style.into());
    }
    Some(button)
}
