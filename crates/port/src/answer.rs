//! Answers: what came of a call, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tenure::tenure_core::explain::Explanation;
use tenure::tenure_core::flow::Flow;
use tenure::tenure_core::id::{FlowId, Revision};
use tenure::tenure_core::offer::Offer;
use tenure::tenure_core::person::Person;
use tenure::tenure_core::query;
use tenure::tenure_core::record::Record;
use tenure::tenure_core::record::export::Exported;
use tenure::tenure_core::refusal::Refusal;
use tenure::tenure_core::view::View;
use tenure::tenure_core::world::{Found, Receipt};
use tenure::{
    Compacted, Consistency, Error, Holders, Inclusion, Page, Problems, Reconciled, SweepReport, Taken,
    Verdict,
};

/// What came of a call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What was asked.
    Ok(Answered),
    /// The rules say no.
    Refused(Box<Refusal>),
    /// The policy, or the call itself, is wrong: everything that is, at once.
    Invalid(Wrongs),
    /// The world failed. The rules said neither yes nor no.
    Fault(Fault),
}

/// What was asked.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// The grant as it now stands; nothing where `look` found none.
    Grant(Option<Box<View>>),
    /// The grants of a kit as they now stand, in the order of its flows.
    Kit {
        /// The grants.
        grants: Vec<View>,
    },
    /// What a revocation of many ended, and what of it is not the actor's to end.
    Revoked(Found),
    /// The revision of the document that is in force now.
    Published {
        /// The revision.
        published: Revision,
    },
    /// What a sweep settled.
    Swept(SweepReport),
    /// Effects under lease.
    Effects(Vec<Taken>),
    /// Whether and how a grant may be extended.
    Offer(Box<Offer>),
    /// How each check of a command comes out.
    Explanation(Box<Explanation>),
    /// Whether access is held.
    Holds(Verdict),
    /// Who had a resource.
    Holders(Holders),
    /// What targets hold, beside what they should hold.
    Reconciled(Reconciled),
    /// Of how many grants details were let go.
    Compacted(Compacted),
    /// Grants.
    Grants(Page),
    /// Flows.
    Flows {
        /// The flows, in order of id.
        flows: Vec<Listed>,
    },
    /// Lines of the record.
    Recorded {
        /// The lines, in order of position.
        records: Vec<Arc<Record>>,
    },
    /// Records as they are handed out.
    Exported {
        /// The records, in order of position.
        exported: Vec<Exported>,
    },
    /// A signed checkpoint.
    Checkpoint {
        /// The signed note.
        checkpoint: String,
        /// The public key, as tools of signed notes take it.
        key: String,
    },
    /// That a record is in the tree.
    Inclusion(Inclusion),
    /// That one tree is the beginning of another.
    Consistency(Consistency),
}

/// A flow as a requester sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: FlowId,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The revision in force.
    pub revision: Revision,
    /// Whether this person may take it in an emergency, without approval.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// What is wrong with a policy, or with a call.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Wrongs {
    /// Problems of a policy.
    Policy(Problems),
    /// What keeps a call from being read.
    Call(Vec<Misread>),
}

/// What keeps a call from being read, in the form of a policy's problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misread {
    /// What sort it is, by the codes of policy problems.
    pub code: &'static str,
    /// The path of the field; empty for the whole call.
    pub path: String,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// The world failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The stable code.
    pub code: String,
    /// What happened, in words.
    pub message: String,
}

impl Answered {
    pub(crate) fn kit(receipt: &Receipt) -> Self {
        Self::Kit { grants: receipt.view.iter().chain(&receipt.more).cloned().collect() }
    }
}

impl Answer {
    /// Canonical JSON (RFC 8785): instants with three decimals and `Z`, spans in whole milliseconds.
    #[must_use]
    pub fn to_json(&self) -> String {
        // By way of a value, in which no name stands twice.
        let canonical =
            serde_json::to_value(self).and_then(|value| serde_json_canonicalizer::to_string(&value));
        canonical.unwrap_or_else(|_| {
            // INVARIANT: every answer has text keys and finite numbers, so it always has this form.
            r#"{"fault":{"code":"broken","message":"the answer has no JSON form"}}"#.to_owned()
        })
    }

    pub(crate) fn fault(code: &str, message: impl Into<String>) -> Self {
        Self::Fault(Fault { code: code.to_owned(), message: message.into() })
    }
}

impl Misread {
    /// A value that is not one of those that may stand there.
    pub(crate) fn out_of_range(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), message.into());
        Self { code: "out_of_range", path, line: None, column: None, message }
    }
}

impl Listed {
    /// A flow as this person sees it.
    pub(crate) fn of(flow: &Flow, person: &Person) -> Self {
        Self {
            id: flow.id.clone(),
            title: flow.title.clone(),
            description: flow.description.clone(),
            labels: flow.labels.clone(),
            revision: flow.revision.clone(),
            break_glass: query::may_break_glass(flow, person),
        }
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal),
            Error::Invalid(problems) => Self::Invalid(Wrongs::Policy(problems)),
            Error::Fault(fault) => Self::fault(fault.code(), fault.to_string()),
        }
    }
}

impl From<Misread> for Answer {
    fn from(misread: Misread) -> Self {
        Self::Invalid(Wrongs::Call(vec![misread]))
    }
}
