//! What a person must bring: a reason, a login, facts of bounded size.

use std::collections::BTreeMap;

use crate::check::{No, On};
use crate::flow::requirement::{MfaRule, Pattern, ReasonRule};
use crate::limits;
use crate::person::Person;
use crate::refusal::{Code, Refusal, WouldPass};

/// `reason.missing` and `reason.malformed`: as the rule says, fields included.
pub(crate) fn reason(
    rule: &ReasonRule,
    reason: Option<&str>,
    fields: &BTreeMap<String, String>,
) -> Result<(), No> {
    let given = reason.map(str::trim).filter(|reason| !reason.is_empty());
    match given {
        None if rule.required => {
            return Err(missing(rule.message.as_deref(), "reason", "a reason must be given"));
        }
        None => {}
        Some(given) => {
            let least = usize::try_from(rule.min_length).unwrap_or(usize::MAX);
            if given.chars().count() < least {
                let words = format!("the reason must have at least {least} characters");
                return Err(malformed(rule.message.as_deref(), "reason", &words));
            }
            fits(rule.pattern.as_ref(), given, rule.message.as_deref(), "reason")?;
        }
    }
    for field in &rule.fields {
        let text = fields.get(&field.name).map(|text| text.trim()).filter(|text| !text.is_empty());
        match text {
            None if field.required => {
                let words = format!("`{}` must be given", field.label.as_deref().unwrap_or(&field.name));
                return Err(missing(field.message.as_deref(), &field.name, &words));
            }
            None => {}
            Some(text) => fits(field.pattern.as_ref(), text, field.message.as_deref(), &field.name)?,
        }
    }
    Ok(())
}

fn fits(pattern: Option<&Pattern>, text: &str, message: Option<&str>, field: &str) -> Result<(), No> {
    match pattern {
        Some(pattern) if !pattern.fits(text) => {
            Err(malformed(message, field, &format!("`{field}` must match `{}`", pattern.as_str())))
        }
        Some(_) | None => Ok(()),
    }
}

fn missing(message: Option<&str>, field: &str, words: &str) -> No {
    let message = message.unwrap_or(words);
    Refusal::new(Code::ReasonMissing, message).with("field", field).or(WouldPass::Reason).into()
}

fn malformed(message: Option<&str>, field: &str, words: &str) -> No {
    let message = message.unwrap_or(words);
    Refusal::new(Code::ReasonMalformed, message).with("field", field).or(WouldPass::Reason).into()
}

/// `mfa.missing` and `mfa.stale`: the actor's own login, with what a step-up challenge needs (RFC 9470).
pub(crate) fn login(on: &On<'_>, rule: Option<&MfaRule>) -> Result<(), No> {
    let Some(rule) = rule else { return Ok(()) };
    let refused = |code: Code, words: &str| {
        Err(Refusal::new(code, words)
            .with_some("max_age", rule.max_age)
            .with_some("level", rule.level.map(crate::person::Level::as_str))
            .with_some(
                "methods",
                (!rule.methods.is_empty()).then(|| rule.methods.iter().cloned().collect::<Vec<_>>()),
            )
            .or(WouldPass::Login)
            .into())
    };
    let Some(login) = on.person().and_then(|person| person.authenticated.as_ref()) else {
        return refused(Code::MfaMissing, "a login is needed");
    };
    if rule.level.is_some_and(|level| login.level.is_none_or(|given| given < level)) {
        return refused(Code::MfaMissing, "a login of a higher level is needed");
    }
    if !rule.methods.is_empty() && rule.methods.is_disjoint(&login.methods) {
        return refused(Code::MfaMissing, "a login by another method is needed");
    }
    if login.at > on.now().plus(limits::CLOCK_TOLERANCE) {
        return refused(Code::MfaStale, "the login is dated in the future");
    }
    if rule.max_age.is_some_and(|max_age| on.now().since(login.at) > max_age) {
        return refused(Code::MfaStale, "the login is too old");
    }
    Ok(())
}

/// `request.too_large`: more than a bound of the library, in any command.
pub(crate) fn bounded<'t>(
    on: &On<'_>,
    holder: Option<&Person>,
    texts: impl IntoIterator<Item = &'t str>,
) -> Result<(), No> {
    let refused = |words: String| Err(Refusal::new(Code::RequestTooLarge, words).into());
    for person in on.person().into_iter().chain(holder) {
        if let Some(words) = person.too_large() {
            return refused(words);
        }
    }
    let bytes = texts.into_iter().map(str::len).fold(0_usize, usize::saturating_add);
    if bytes > limits::REASON_BYTES_MAX {
        return refused(format!(
            "a reason has at most {} bytes, this one has {bytes}",
            limits::REASON_BYTES_MAX
        ));
    }
    if let Some(words) = crate::person::context_too_large(&on.command.context) {
        return refused(words);
    }
    Ok(())
}
