//! What Slack sends when somebody does something: of it, what is looked at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenure::tenure_core::effect::Notice;
use tenure::{Span, Timestamp};

/// Something that somebody did.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Interaction {
    Shortcut(Shortcut),
    BlockActions(Box<Clicked>),
    ViewSubmission(Box<Submitted>),
    /// Whatever else: it is acknowledged, and nothing follows.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shortcut {
    pub(crate) callback_id: String,
    pub(crate) trigger_id: String,
    #[serde(flatten)]
    pub(crate) by: By,
}

/// A click, on a message or in a form.
#[derive(Debug, Deserialize)]
pub(crate) struct Clicked {
    pub(crate) trigger_id: String,
    pub(crate) actions: Vec<Taken>,
    #[serde(default)]
    pub(crate) response_url: Option<String>,
    #[serde(default)]
    pub(crate) container: Container,
    #[serde(default)]
    pub(crate) view: Option<View>,
    #[serde(flatten)]
    pub(crate) by: By,
}

/// A form that was sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Submitted {
    pub(crate) view: View,
    #[serde(flatten)]
    pub(crate) by: By,
}

/// Who did it. What they are called there is not looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct By {
    pub(crate) user: User,
    #[serde(default)]
    pub(crate) team: Option<Team>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    /// Where the account is at home. In a shared channel that is not where the app is.
    #[serde(default)]
    pub(crate) team_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
}

/// Where it was clicked.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Container {
    #[serde(default)]
    pub(crate) channel_id: Option<String>,
    #[serde(default)]
    pub(crate) message_ts: Option<String>,
}

/// What was clicked.
#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    pub(crate) action_id: String,
    pub(crate) action_ts: String,
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) selected_option: Option<Chosen>,
}

/// A form.
#[derive(Debug, Deserialize)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) callback_id: String,
    #[serde(default)]
    pub(crate) hash: Option<String>,
    #[serde(default)]
    pub(crate) private_metadata: String,
    #[serde(default)]
    pub(crate) state: State,
}

/// What was written into it: by block, then by its one input.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct State {
    #[serde(default)]
    pub(crate) values: BTreeMap<String, BTreeMap<String, Input>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) selected_option: Option<Chosen>,
    #[serde(default)]
    pub(crate) selected_options: Vec<Chosen>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) value: String,
}

/// What a button asks for, as it was when it was made: in its value, which comes back as it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) verb: Verb,
    pub(crate) grant: String,
    /// The notice it stands under.
    pub(crate) about: Notice,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) span: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) if_ends_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    Approve,
    Deny,
    ApproveExtension,
    DenyExtension,
    Extend,
    Activate,
    Review,
}

/// What a form that asks for words is for: in its metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unsaid {
    pub(crate) wanted: Wanted,
    /// The fields of the reason that it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) fields: Vec<String>,
    /// The message whose button was clicked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) message: Option<String>,
}

impl By {
    /// The account: its own team and its id, both as Slack signed them.
    pub(crate) fn account(&self) -> Option<crate::Account<'_>> {
        let home = self.user.team_id.as_deref().or_else(|| self.team.as_ref().map(|team| team.id.as_str()));
        Some(crate::Account { team: home?, user: &self.user.id })
    }
}

impl State {
    /// What the input of that block holds.
    pub(crate) fn input(&self, block: &str) -> Option<&Input> {
        self.values.get(block)?.values().next()
    }

    /// What was written there. Nothing but blanks is nothing.
    pub(crate) fn text(&self, block: &str) -> Option<String> {
        let text = self.input(block)?.value.as_deref()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// What was chosen there.
    pub(crate) fn chosen(&self, block: &str) -> Option<&str> {
        self.input(block)?.selected_option.as_ref().map(|chosen| chosen.value.as_str())
    }
}

impl Verb {
    /// The name of its button.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::ApproveExtension => "approve_extension",
            Self::DenyExtension => "deny_extension",
            Self::Extend => "extend",
            Self::Activate => "activate",
            Self::Review => "review",
        }
    }

    /// Whether words are asked for in any case: whoever is told no wants to know why.
    pub(crate) const fn asks_why(self) -> bool {
        match self {
            Self::Deny | Self::DenyExtension | Self::Review => true,
            Self::Approve | Self::ApproveExtension | Self::Extend | Self::Activate => false,
        }
    }
}
