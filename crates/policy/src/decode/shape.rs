//! Which fields there are. The JSON Schema is compared with this table.

/// The fields of one kind of map.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name in the JSON Schema.
    pub(crate) name: &'static str,
    /// Its fields, in the order of the reference.
    pub(crate) fields: &'static [&'static str],
}

macro_rules! shapes {
    ($($constant:ident $name:literal: $($field:literal)*;)*) => {
        $(pub(crate) const $constant: Shape = Shape { name: $name, fields: &[$($field),*] };)*

        /// Every kind of map.
        #[cfg(test)]
        pub(crate) const ALL: &[&Shape] = &[$(&$constant),*];
    };
}

shapes! {
    DOCUMENT "Document": "version" "flows" "scopes" "kits" "conflicts" "guards" "attributes";
    FLOW "Flow": "id" "title" "description" "labels" "enabled" "until" "kind" "who" "requesters" "when" "what"
        "take" "hours" "duration" "start" "activation" "activate_within" "reason" "mfa" "approval" "extension"
        "limits" "revoke_by" "break_glass" "credentials" "notify";
    WHO "Who": "any" "except";
    REQUESTERS "Requesters": "self" "others";
    CONDITION "NamedCondition": "name" "is" "message";
    TARGET "Target": "scope" "integration" "type" "names" "labels" "except" "permissions";
    EXCEPT "Except": "names" "labels";
    HOURS "Hours": "zone" "open" "closed" "past_close";
    OPENING "Opening": "days" "from" "to";
    CLOSED "Closed": "from" "to" "why";
    DURATIONS "Durations": "min" "default" "max";
    EXTENSION_SPANS "ExtensionSpans": "min" "default" "max";
    START "Start": "ahead";
    REASON "Reason": "required" "min_length" "pattern" "message" "fields";
    REASON_FIELD "ReasonField": "name" "label" "pattern" "message" "required";
    MFA "Mfa": "max_age" "level" "methods";
    APPROVAL "ApprovalRule": "decide_within" "order" "denials" "automatic" "steps" "any_of";
    LANE "Lane": "when" "times" "per";
    LIST "StepList": "steps";
    STEP "Step": "name" "approvers" "needed" "when" "reason" "mfa" "tell" "escalate";
    TIER "Tier": "after" "to";
    EXTENSION "Extension": "times" "span" "total" "window" "cool_down" "anchor" "governed_by" "when" "others"
        "reason" "mfa" "approval";
    EXTENSION_APPROVAL "ExtensionApprovalRule": "first" "bridge" "decide_within" "steps";
    LIMITS "Limits": "open_per_person" "open_per_item" "open_total" "requests" "extensions";
    QUOTA "Quota": "times" "per";
    BREAK_GLASS "BreakGlass": "who" "max" "extendable" "review_within" "review_by";
    CREDENTIALS "Credentials": "type" "rotate";
    NOTIFY "Notify": "before_end" "to";
    SCOPE "Scope": "id" "what";
    KIT "Kit": "id" "items";
    KIT_ITEM "KitItem": "flow" "integration" "type" "name" "permission";
    CONFLICT "Conflict": "name" "flows";
    GUARD_TARGET "GuardTarget": "scope" "integration" "type" "names" "labels" "except" "permissions";
    GUARD "Guard": "name" "what" "require";
    REQUIRE "Require": "approval" "max" "reason" "mfa" "when";
    ATTRIBUTES "Attributes": "principal" "resource" "context";
}
