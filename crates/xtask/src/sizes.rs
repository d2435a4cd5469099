//! A function fits a screen, a file a sitting, in every language that we write. Tests count; what is printed does not, for
//! nobody reads it through.

use std::fs;

use crate::clients;
use crate::layout::Language;
use crate::tokens::{self, Placed, Token};
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;
/// How many of the longest are shown even when all is well: what is near the limit should be seen coming.
const SHOWN: usize = 10;

/// A function and its lines, from `fn` to the brace that closes it; attributes and comments above are free.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut files = Vec::new();
    let mut all = Vec::new();
    let printed = clients::paths(&workspace.root)?;
    for path in tree::files(&workspace.root)? {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let language = Language::of(ending);
        if (ending != "rs" && language.is_none()) || printed.contains(&path) {
            continue;
        }
        let trouble = |trouble: &dyn std::fmt::Display| format!("`{}`: {trouble}", path.display());
        let text = fs::read_to_string(workspace.root.join(&path)).map_err(|why| trouble(&why))?;
        let found = match language {
            Some(language) => language.functions(&text),
            None => functions(&text).map_err(|why| trouble(&why))?,
        };
        let path = path.display().to_string();
        let placed =
            |function: Function| (function.lines, format!("{path}:{} `{}`", function.line, function.name));
        all.extend(found.into_iter().map(placed));
        files.push((text.lines().count(), path));
    }
    let mut verdict = Verdict::default();
    rank(&mut verdict, "files", files, FILE_LINES_MAX);
    rank(&mut verdict, "functions", all, FUNCTION_LINES_MAX);
    Ok(verdict)
}

/// The longest as notes, those over the limit as findings.
fn rank(verdict: &mut Verdict, what: &str, mut measured: Vec<(usize, String)>, most: usize) {
    measured.sort_by(|one, other| other.cmp(one));
    verdict.notes.push(format!("{} {what}; the longest (at most {most} lines):", measured.len()));
    verdict.notes.extend(measured.iter().take(SHOWN).map(|(lines, place)| format!("{lines:>5}  {place}")));
    let over = measured.iter().filter(|(lines, _)| *lines > most);
    verdict
        .findings
        .extend(over.map(|(lines, place)| format!("{place} has {lines} lines, {most} are the most")));
}

fn functions(text: &str) -> Result<Vec<Function>, String> {
    let tokens = tokens::read(text)?;
    let mut found = Vec::new();
    for (place, pair) in tokens.windows(2).enumerate() {
        let [Placed { token: Token::Word(keyword), line }, Placed { token: Token::Word(name), .. }] = pair
        else {
            continue;
        };
        if keyword == "fn"
            && let Some(closes_on) = body_end(&tokens, place + 2)
        {
            found.push(Function { name: name.clone(), line: *line, lines: closes_on - line + 1 });
        }
    }
    Ok(found)
}

/// The line on which the body closes; nothing for a function that is only declared.
fn body_end(tokens: &[Placed], mut place: usize) -> Option<usize> {
    let mut before = None;
    loop {
        let current = &tokens.get(place)?.token;
        match current {
            Token::Sign(';') => return None,
            Token::Group { braces, after, closes_on } => {
                // Braces in angles are a constant, as in `Limit<{ A + B }>`, and no body.
                let in_angles = before == Some(&Token::Sign('<'))
                    || tokens.get(*after).is_some_and(|next| next.token == Token::Sign('>'));
                if *braces && !in_angles {
                    return Some(*closes_on);
                }
                place = *after;
            }
            Token::Sign(_) | Token::Word(_) | Token::Literal => place += 1,
        }
        before = Some(current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(text: &str) -> Vec<(String, usize)> {
        functions(text).unwrap().into_iter().map(|function| (function.name, function.lines)).collect()
    }

    fn expected(list: &[(&str, usize)]) -> Vec<(String, usize)> {
        list.iter().map(|(name, lines)| ((*name).to_owned(), *lines)).collect()
    }

    #[test]
    fn functions_methods_and_those_inside_macros_are_measured() {
        let text = "\
/// Said before.
#[test]
pub fn one() {}

impl A {
    fn two(
        &self,
    ) -> u8 {
        let inner = |a: fn(u8) -> u8| {
            a(1)
        };
        inner(b)
    }
}

proptest! {
    fn three(a in 0..3u8) {
        fn four() {
        }
    }
}
";
        assert_eq!(measured(text), expected(&[("one", 1), ("two", 8), ("three", 4), ("four", 2)]));
    }

    #[test]
    fn a_declaration_has_no_body() {
        let text = "trait A {\n fn a(&self);\n fn b(&self) {\n }\n}\ntype C = fn(u8);\n";
        assert_eq!(measured(text), expected(&[("b", 2)]));
    }

    #[test]
    fn a_constant_in_braces_is_no_body() {
        let text = "fn a() -> L<{ 1 + 1 }> {\n b();\n}\nfn c(d: L<{\n1\n}>) {}\n";
        assert_eq!(measured(text), expected(&[("a", 3), ("c", 3)]));
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_line_more_is_not() {
        let mut verdict = Verdict::default();
        rank(&mut verdict, "functions", vec![(70, "at".to_owned()), (71, "over".to_owned())], 70);
        assert_eq!(verdict.findings, ["over has 71 lines, 70 are the most"]);
        assert!(verdict.notes.iter().any(|note| note.ends_with("at")), "{:?}", verdict.notes);
    }

    #[test]
    fn the_longest_ten_are_shown() {
        let mut verdict = Verdict::default();
        rank(&mut verdict, "files", (1..=20).map(|lines| (lines, format!("f{lines}"))).collect(), 600);
        assert_eq!(verdict.notes.len(), 1 + SHOWN);
        assert!(verdict.notes.concat().contains("f20") && !verdict.notes.concat().contains("f10"));
        assert!(verdict.holds());
    }
}
