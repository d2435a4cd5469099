//! What a person must bring: a reason, a login, facts of bounded size.

use std::collections::BTreeMap;

use crate::check::{No, On};
use crate::flow::requirement::{MfaRule, Pattern, ReasonRule};
use crate::limits;
use crate::person::Person;
use crate::refusal::{Code, Lacking, Login, Refusal, WouldPass};

/// One text that a rule asks for: the reason itself, or a further field.
struct Wanted<'r> {
    field: &'r str,
    given: Option<&'r str>,
    required: bool,
    min_length: u32,
    pattern: Option<&'r Pattern>,
    message: Option<&'r str>,
    missing: String,
}

/// `reason.missing` and `reason.malformed`: as the rule says, fields included. The first text that is wrong is
/// the refusal; what would pass names all that are.
pub(crate) fn reason(
    on: &On<'_>,
    rule: &ReasonRule,
    reason: Option<&str>,
    fields: &BTreeMap<String, String>,
) -> Result<(), No> {
    let itself = Wanted {
        field: "reason",
        given: reason.map(str::trim).filter(|reason| !reason.is_empty()),
        required: rule.required,
        min_length: rule.min_length,
        pattern: rule.pattern.as_ref(),
        message: rule.message.as_deref(),
        missing: "a reason must be given".to_owned(),
    };
    let further = rule.fields.iter().map(|field| Wanted {
        field: &field.name,
        given: fields.get(&field.name).map(|text| text.trim()).filter(|text| !text.is_empty()),
        required: field.required,
        min_length: 0,
        pattern: field.pattern.as_ref(),
        message: field.message.as_deref(),
        missing: format!("`{}` must be given", field.label.as_deref().unwrap_or(&field.name)),
    });
    let mut refused: Option<Refusal> = None;
    let mut lacking = Vec::new();
    for wanted in std::iter::once(itself).chain(further) {
        let wrong = match on.brings(&wanted.lacking()) {
            Some(true) => None,
            Some(false) => Some(wanted.malformed("another text must be given")),
            None => wanted.wrong(),
        };
        if let Some(refusal) = wrong {
            lacking.push(wanted.lacking());
            refused = refused.or(Some(refusal));
        }
    }
    match refused {
        Some(refusal) => Err(refusal.or(WouldPass::reason(lacking)).into()),
        None => Ok(()),
    }
}

impl Wanted<'_> {
    fn wrong(&self) -> Option<Refusal> {
        let Some(given) = self.given else {
            let words = self.message.unwrap_or(&self.missing);
            return self.required.then(|| Refusal::new(Code::ReasonMissing, words).with("field", self.field));
        };
        let least = usize::try_from(self.min_length).unwrap_or(usize::MAX);
        let words = if given.chars().count() < least {
            format!("the reason must have at least {least} characters")
        } else {
            let pattern = self.pattern.filter(|pattern| !pattern.fits(given))?;
            format!("`{}` must match `{}`", self.field, pattern.as_str())
        };
        Some(self.malformed(&words))
    }

    fn malformed(&self, words: &str) -> Refusal {
        let words = self.message.unwrap_or(words);
        Refusal::new(Code::ReasonMalformed, words).with("field", self.field)
    }

    fn lacking(&self) -> Lacking {
        let min_length = (self.min_length > 0).then_some(self.min_length);
        let pattern = self.pattern.map(|pattern| pattern.as_str().to_owned());
        Lacking { field: self.field.to_owned(), min_length, pattern }
    }
}

/// `mfa.missing` and `mfa.stale`: the actor's own login, with what a step-up challenge needs (RFC 9470).
pub(crate) fn login(on: &On<'_>, rule: Option<&MfaRule>) -> Result<(), No> {
    let Some(rule) = rule else { return Ok(()) };
    let needed = Login { max_age: rule.max_age, level: rule.level, methods: rule.methods.clone() };
    let refused = |code: Code, words: &str| {
        Err(Refusal::new(code, words)
            .with_some("max_age", rule.max_age)
            .with_some("level", rule.level.map(crate::person::Level::as_str))
            .with_some(
                "methods",
                (!rule.methods.is_empty()).then(|| rule.methods.iter().cloned().collect::<Vec<_>>()),
            )
            .or(WouldPass::login(needed.clone()))
            .into())
    };
    match on.login_brought() {
        Some(brought) if brought.covers(&needed) => return Ok(()),
        Some(_) => return refused(Code::MfaMissing, "another login is needed"),
        None => {}
    }
    let Some(login) = on.person().and_then(|person| person.authenticated.as_ref()) else {
        return refused(Code::MfaMissing, "a login is needed");
    };
    if rule.level.is_some_and(|level| login.level.is_none_or(|given| given < level)) {
        return refused(Code::MfaMissing, "a login of a higher level is needed");
    }
    if !rule.methods.is_empty() && rule.methods.is_disjoint(&login.methods) {
        return refused(Code::MfaMissing, "a login by another method is needed");
    }
    let Some(age) = login.age(on.now()) else {
        return refused(Code::MfaStale, "the login is dated in the future");
    };
    if rule.max_age.is_some_and(|max_age| age > max_age) {
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
