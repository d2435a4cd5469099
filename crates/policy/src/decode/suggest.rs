//! "Did you mean": what a misspelt word comes near.

/// Longer words are no slip of the pen, and comparing them costs.
const WORD_MAX: usize = 64;

/// The nearest of these words, if one is near enough to be meant.
pub(super) fn near<'w>(word: &str, among: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > WORD_MAX {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let bare = plain(word);
    among
        .map(|other| (strsim::osa_distance(&bare, &plain(other)), other))
        .filter(|(distance, other)| *distance <= other.len().min(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// Words for a sentence: `a`, `b` or `c`.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_noticed_and_other_words_left_alone() {
        let fields = ["approval", "extension", "max", "min_length", "activate_within"];
        let near = |word| near(word, fields.into_iter());
        assert_eq!(near("aproval"), Some("approval"));
        assert_eq!(near("activateWithin"), Some("activate_within"));
        assert_eq!(near("min-length"), Some("min_length"));
        assert_eq!(near("mxa"), Some("max"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(&"extension".repeat(100)), None);
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
