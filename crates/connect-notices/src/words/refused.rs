//! A refusal in words: what is wrong, and what would pass.

use tenure::tenure_core::refusal::{Lacking, Missing};
use tenure::{Item, Refusal, WouldPass};

use super::{minute, one_line};

/// What is wrong, and the smallest change that would pass where the rules know one.
#[must_use]
pub fn refused(refusal: &Refusal) -> String {
    let mut message = one_line(&refusal.message);
    if let Some(first) = message.get(..1).map(str::to_uppercase) {
        message.replace_range(..1, &first);
    }
    let would = refusal.would_pass.as_ref().map(changes).unwrap_or_default();
    if would.is_empty() {
        return format!("{message}.");
    }
    format!("{message}. It would pass {}.", would.join(", "))
}

fn changes(would: &WouldPass) -> Vec<String> {
    let item = |item: &Item| format!("`{}` ({})", one_line(&item.resource.name), one_line(&item.permission));
    let items = |items: &mut dyn Iterator<Item = &Item>| items.map(item).collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    said.extend(would.span.map(|span| format!("for {span}")));
    said.extend(would.at.map(|at| format!("from {} on", minute(at))));
    said.extend(would.start.map(|at| format!("with a start at {}", minute(at))));
    said.extend(would.if_ends_at.map(|at| format!("seeing that it ends at {}", minute(at))));
    if !would.without.is_empty() {
        said.push(format!("without {}", items(&mut would.without.iter())));
    }
    if !would.only.is_empty() {
        said.push(format!("with only {}", items(&mut would.only.iter())));
    }
    said.extend(would.reason.iter().map(lacking));
    said.extend(would.login.as_ref().map(|_| "after a fresh sign-in".to_owned()));
    said.extend(would.approvers.iter().map(missing));
    said
}

fn lacking(lacking: &Lacking) -> String {
    let field = one_line(&lacking.field);
    match (&lacking.pattern, lacking.min_length) {
        (Some(pattern), _) => format!("with `{field}` like `{}`", one_line(pattern)),
        (None, Some(length)) => format!("with at least {length} characters in `{field}`"),
        (None, None) => format!("with `{field}`"),
    }
}

fn missing(missing: &Missing) -> String {
    format!("with {} more people named in `{}`", missing.missing, one_line(&missing.step))
}

#[cfg(test)]
mod tests {
    use tenure::{Code, Refusal, Span, WouldPass};

    use super::refused;

    #[test]
    fn what_would_pass_is_said() {
        let refusal = Refusal::new(Code::DurationTooLong, "the longest is 4h");
        assert_eq!(refused(&refusal), "The longest is 4h.");
        let refusal = refusal.or(WouldPass::span(Span::hours(4)));
        assert_eq!(refused(&refusal), "The longest is 4h. It would pass for 4h.");
    }
}
