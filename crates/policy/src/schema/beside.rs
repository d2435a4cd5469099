//! What stands beside the flows.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::flow::{Except, Mfa, Target};
use super::words::{Condition, Glob, Id, Labels, Permission, Span, Text};

/// A named set of targets.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Scope {
    /// Its name, unique in the policy.
    id: Id,
    /// Its targets; none of them is a scope.
    #[schemars(length(min = 1, max = 256))]
    what: Vec<Target>,
}

/// A shopping list over flows.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Kit {
    /// Its name, unique in the policy.
    id: Id,
    /// What is in it.
    #[schemars(length(min = 1, max = 100))]
    items: Vec<KitItem>,
}

/// One item of a kit.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct KitItem {
    /// By which flow it is asked for.
    flow: Id,
    /// The instance.
    #[schemars(length(min = 1, max = 256))]
    integration: String,
    /// The type.
    r#type: Text,
    /// The name.
    name: Text,
    /// The permission.
    permission: Text,
}

/// A toxic combination.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Conflict {
    /// What refusals call it.
    name: Text,
    /// Flows of which one person may hold at most one at a time.
    #[schemars(length(min = 2, max = 256))]
    flows: Vec<Id>,
}

/// What holds for such items, by whatever flow.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Guard {
    /// What refusals call it.
    name: Text,
    /// Which items.
    #[schemars(length(min = 1, max = 256))]
    what: Vec<GuardTarget>,
    /// What is required.
    require: Require,
}

/// Items of any integration, or a named set of them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct GuardTarget {
    /// A named set of targets, instead of all other fields.
    scope: Option<Id>,
    /// The instance. Default: any.
    #[schemars(length(min = 1, max = 256))]
    integration: Option<String>,
    /// The type. Default: any.
    r#type: Option<Text>,
    /// Names. Default: any.
    #[schemars(length(min = 1, max = 256))]
    names: Option<Vec<Glob>>,
    /// Labels that must all match. Default: none.
    labels: Option<Labels>,
    /// What is left out again.
    except: Option<Except>,
    /// Permissions. Default: any.
    #[schemars(length(min = 1, max = 256))]
    permissions: Option<Vec<Permission>>,
}

/// What a guard requires.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
#[expect(dead_code, reason = "the type is described, never made")]
struct Require {
    /// Approval by people.
    approval: Option<Steps>,
    /// No more than this long.
    max: Option<Span>,
    /// A reason.
    reason: Option<bool>,
    /// A login.
    mfa: Option<Mfa>,
    /// A further condition.
    when: Option<Condition>,
}

/// Approval by people.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Steps {
    Steps,
}

/// Types of what conditions see.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Attributes {
    /// Of the holder, or in a step the decider.
    principal: Option<BTreeMap<String, AttributeType>>,
    /// Of an item.
    resource: Option<BTreeMap<String, AttributeType>>,
    /// Of what the host says of the situation.
    context: Option<BTreeMap<String, AttributeType>>,
}

/// The type of an attribute: `string`, `bool`, `long`, a set in brackets, fields with their types; a `?` behind
/// the type or the name says that it may be absent.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum AttributeType {
    Named(#[schemars(regex(pattern = r"^\s*\[*\s*(string|bool|long)\s*\]*\s*\??\s*$"))] String),
    Set(
        #[schemars(
            length(min = 1, max = 1),
            inner(regex(pattern = r"^\s*\[*\s*(string|bool|long)\s*\]*\s*$"))
        )]
        Vec<String>,
    ),
    Fields(BTreeMap<String, AttributeType>),
}
